// Stream: bytes both ways over one TCP connection, with a bounded outbox.
//
// The owner calls start() with its callbacks; received() brings the bytes that arrive, write() takes the bytes to send.
// Writes are gathered and leave in one system call just before the loop waits again (Loop::flush_later).
//
// When the other side closes or the connection breaks, closed() is called once, with the reason, and no other callback
// after it. Destroying the Stream closes the connection without calling back; any callback may do so, its own
// included. Bytes still in the outbox when the Stream is destroyed are lost; close_after_writing() sends them first.
//
// write() never refuses. outbox_bytes() says how much has not left yet, and the owner stops reading, drops or closes
// when that is more than its limit.
#pragma once

#include <uv.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "raft/payload.h"
#include "raft/time.h"
#include "transport/loop/loop.h"

namespace skiff::transport {

class Stream final : private Loop::Flushable {
 public:
  struct Events {
    std::function<void(std::string_view)> received;
    std::function<void(const std::string& why)> closed;  // "end of stream", "read: connection reset by peer"
    std::function<void()> drained;                       // the outbox has become empty; may be null
    // The other side will send no more, but may still take bytes; the owner decides when to close. May be null: then
    // closed("end of stream") comes instead.
    std::function<void()> ended;
  };

  // An open connection, accepted or dialled. TCP_NODELAY is on.
  Stream(Loop& loop, Owned<uv_tcp_t> handle);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void start(Events events);  // a second call hands the stream to another owner, also in a callback
  void write(std::string bytes);
  void write_shared(std::string_view bytes,
                    raft::Payload owner);  // `owner` keeps `bytes` until they left
  // Ends reading, sends the outbox, then closes and calls closed("closed here"). A peer that takes no bytes can delay
  // this for ever: the owner keeps a deadline.
  void close_after_writing();
  // Sends the outbox, then the end of our half. Reading goes on: closing while the peer still sends would reset the
  // connection, and the peer might lose the last bytes that it was sent.
  void finish_writing();
  void pause_reading();
  void resume_reading();

  size_t outbox_bytes() const;
  bool has_unread_input() const;                  // bytes have arrived that were not read yet; costs a system call
  std::string remote() const { return remote_; }  // "127.0.0.1:40312"

  // How long unacknowledged bytes may stay on the wire before the kernel gives the connection up, and keep-alive
  // probes on an idle one.
  void set_peer_timeout(raft::Time timeout);

 private:
  // Bytes to be written: our own, or a view of shared ones together with their owner.
  struct Chunk {
    std::string own;
    std::string_view shared;
    raft::Payload owner;

    std::string_view bytes() const { return owner ? shared : own; }
  };
  struct WriteRequest;
  enum class Ending { not_yet, finish, close };

  static void allocate(uv_handle_t* handle, size_t suggested, uv_buf_t* buffer);
  static void read_done(uv_stream_t* handle, ssize_t count, const uv_buf_t* buffer);
  static void write_done(uv_write_t* request, int status);

  void read_ended();
  void want_flush();
  void flush() override;
  int write_now();
  int write_rest();
  void outbox_is_empty();
  void close(const std::string& why);
  uv_stream_t* tcp() const { return reinterpret_cast<uv_stream_t*>(handle_.get()); }

  Loop& loop_;
  Owned<uv_tcp_t> handle_;  // null once closed() has been called
  Events events_;
  std::string remote_;
  std::vector<Chunk> outbox_;      // not yet given to the kernel or to libuv
  size_t outbox_bytes_ = 0;        // of outbox_
  size_t front_written_ = 0;       // of the first chunk of outbox_, bytes that have left
  bool is_write_pending_ = false;  // libuv has the bytes before outbox_
  bool wants_flush_ = false;
  Ending ending_ = Ending::not_yet;
  bool has_finished_ = false;  // our half
  bool has_ended_ = false;     // theirs
};

}  // namespace skiff::transport
