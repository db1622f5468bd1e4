// Where every request of a replica ends: its answer.
#include <utility>

#include "src/replica/replica.h"

namespace skiff {

void Replica::answer(const WaitingWrite& write, Answer::Kind kind, const char* reason) {
  if (!write.wants_answer) return environment_.ended(write.ticket);
  environment_.answer(write.ticket, {.kind = kind, .asked = write.kind, .value = {}, .reason = reason});
}

void Replica::answer(const WaitingRead& read, Answer::Kind kind, const char* reason) {
  Answer answer{.kind = kind, .asked = read.kind, .value = {}, .reason = reason};
  if (kind == Answer::Kind::done && read.kind == Request::Kind::get) answer.value = kv_.get(read.key);
  environment_.answer(read.ticket, std::move(answer));
}

void Replica::refuse(const Request& request, const char* reason) {
  if (!request.wants_answer) return environment_.ended(request.ticket);
  environment_.answer(request.ticket,
                      {.kind = Answer::Kind::refused, .asked = request.kind, .value = {}, .reason = reason});
}

}  // namespace skiff
