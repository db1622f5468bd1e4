// Client: one connection to one node, with several requests in flight on it.
//
// dial() ends in ready(), send() puts requests in a buffer, flush() writes it, and answers come back in the order of
// the requests.
//
// When it cannot connect, the connection breaks, or the answer is not HTTP, lost() is called once, after every request
// in flight has ended as `broken`. The owner decides when to dial again.
//
// Always: a request that was sent ends exactly once. No callback comes from within dial(), send() or flush().
#pragma once

#include <uv.h>

#include <functional>
#include <string>
#include <vector>

#include "bench/operation.h"
#include "bench/response_parser.h"
#include "raft/time.h"
#include "transport/loop/loop.h"

namespace skiff::bench {

// The address of a node, looked up.
struct Node {
  sockaddr_storage address{};
  std::string name;  // "127.0.0.1:9121"
};

class Client {
 public:
  class Owner {
   public:
    virtual void ready(Client& client) = 0;
    virtual void ended(Client& client, const Operation& operation, End end, raft::Time now) = 0;
    virtual void read_done(Client& client) = 0;  // the bytes of one read have been parsed
    virtual void lost(Client& client, const std::string& why) = 0;

   protected:
    ~Owner() = default;
  };
  using Clock = std::function<raft::Time()>;

  Client(transport::Loop& loop, Owner& owner, const Clock& clock, size_t depth);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Requires: not connected. `node` lives as long as the client.
  void dial(const Node& node);
  bool is_ready() const { return is_ready_; }
  bool is_dialling() const { return handle_ != nullptr && !is_ready_; }
  raft::Time dialled() const { return dialled_; }
  const Node& node() const { return *node_; }

  // Where to append the bytes of the operation that is passed. Requires: is_ready(), in_flight() < depth.
  std::string& send(const Operation& operation);
  void flush();

  size_t in_flight() const { return flight_count_; }
  size_t depth() const { return flight_.size(); }
  // Requires: in_flight() > 0.
  const Operation& oldest() const { return flight_[flight_first_]; }
  // Ends all requests in flight, and the connection. Calls lost().
  void give_up(End end, const std::string& why);

 private:
  struct WriteRequest;

  static void connect_done(uv_connect_t* request, int status);
  static void allocate(uv_handle_t* handle, size_t suggested, uv_buf_t* buffer);
  static void read_some(uv_stream_t* handle, ssize_t count, const uv_buf_t* buffer);
  static void write_done(uv_write_t* request, int status);

  void failed_later(int code);
  void received(std::string_view bytes);
  void answered(const Answer& answer);
  uv_stream_t* stream() const { return reinterpret_cast<uv_stream_t*>(handle_.get()); }

  transport::Loop& loop_;
  Owner& owner_;
  const Clock& clock_;
  const Node* node_ = nullptr;
  transport::Owned<uv_tcp_t> handle_;
  raft::Time dialled_;
  bool is_ready_ = false;
  bool is_last_answer_ = false;  // the server closes the connection after it
  ResponseParser parser_;
  raft::Time read_;                // when the bytes that are being parsed came
  std::string out_;                // not yet handed to the kernel
  std::vector<Operation> flight_;  // a ring, as long as the pipeline is deep
  size_t flight_first_ = 0;
  size_t flight_count_ = 0;
  int failure_ = 0;           // libuv's code for failed_later()
  transport::Timer failing_;  // a failure is reported from the loop, not from within send()
};

}  // namespace skiff::bench
