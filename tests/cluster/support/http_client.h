// HttpClient: one keep-alive connection to a node, blocking. For load, and for requests that curl would not send.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skiff::cluster_test {

struct HttpReply {
  int code = 0;
  std::string headers;  // with the status line, lines end in \r\n
  std::string body;
};

class HttpClient {
 public:
  // Not connected if no process listens there, or the connection takes longer than that.
  HttpClient(const std::string& address, uint16_t port, int timeout_ms = 20'000);
  explicit HttpClient(uint16_t port, int timeout_ms = 20'000) : HttpClient("127.0.0.1", port, timeout_ms) {}
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  HttpClient(HttpClient&& other) noexcept;
  HttpClient& operator=(HttpClient&& other) noexcept;

  bool is_connected() const { return socket_ >= 0; }
  // Nothing if the connection broke or no answer came in time; then the connection is closed.
  std::optional<HttpReply> ask(std::string_view method, std::string_view path, std::string_view body = "");
  // The two halves of ask(), and bytes as they are.
  bool send(std::string_view method, std::string_view path, std::string_view body = "");
  bool send_bytes(std::string_view bytes);
  std::optional<HttpReply> receive(bool has_body = true);
  // Waits for the other side to close, and drops all bytes that it sends before that.
  bool is_closed_within_ms(int timeout_ms);

 private:
  bool read_more();
  void close();

  int socket_ = -1;
  std::string received_;
};

}  // namespace skiff::cluster_test
