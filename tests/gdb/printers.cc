// Printers: values for packaging/gdb/skiff_gdb.py, and the text that gdb must print for each. `.ci/gdb-printers` stops
// this program in stop_here() and compares. It reads the table below: the name of a field, and its text.
//
//   start      [start]
//   position   [t3 i7]
//   none       nothing
//   hello      hello
//   two_words  9 bytes
//   empty      nothing
//   one        1 byte
//   longest    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
//   longer     33 bytes
//   no_op      [t3 i7 no-op]
//   command    [t3 i7 hello]
//   members    [t3 i7 configuration]
//   follower   t3
//   voter      t3, vote for 2
//   vote       1>2 t3 VoteReply = {granted = true}
//   ask        1>2 t3 PreVoteRequest = {last = [t3 i7], round = 4}
//   now        1>2 t3 TimeoutNow
//   origin     node 2, incarnation 5, write 11
//   error      io: sync wal-12
//   number     value = {value = 12}
//   entry      value = {value = [t3 i7 hello]}
//   done       done
//   failed     error io: sync wal-12
//   damaged    error corrupt: block 3
#include <memory>
#include <string>
#include <utility>

#include "raft/message.h"
#include "raft/types.h"
#include "src/base/result.h"
#include "store/state/command.h"

namespace {

using namespace skiff;
using namespace skiff::raft;

Payload payload(std::string bytes) { return Payload::of(std::move(bytes)); }

Message message(MessageBody body) { return {.from = 1, .to = 2, .term = 3, .body = std::move(body)}; }

struct Values {
  LogPosition start;
  LogPosition position{.term = 3, .index = 7};
  Payload none;
  Payload hello = payload("hello");
  Payload two_words = payload("two words");
  Payload empty = payload("");
  Payload one = payload(" ");
  Payload longest = payload(std::string(32, 'x'));
  Payload longer = payload(std::string(33, 'x'));
  Entry no_op{.position = position, .kind = EntryKind::no_op, .payload = {}};
  Entry command{.position = position, .kind = EntryKind::command, .payload = hello};
  Entry members{.position = position, .kind = EntryKind::configuration, .payload = longer};
  HardState follower{.term = 3};
  HardState voter{.term = 3, .vote = 2};
  Message vote = message(VoteReply{.granted = true});
  Message ask = message(PreVoteRequest{.last = position, .round = 4});
  Message now = message(TimeoutNow{});
  store::Origin origin{.node = 2, .incarnation = 5, .number = 11};
  Error error{.code = Error::Code::io, .what = "sync wal-12"};
  Result<uint64_t> number = 12;
  Result<Entry> entry = command;
  Result<> done;
  Result<> failed = fail(Error::Code::io, "sync wal-12");
  Result<Entry> damaged = fail(Error::Code::corrupt, "block 3");
};

[[gnu::noinline]] void stop_here(const Values& values) { asm volatile("" : : "r"(&values)); }

}  // namespace

int main() { stop_here(Values()); }
