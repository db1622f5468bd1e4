#include "tests/cluster/support/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "raft/check.h"
#include "tests/cluster/support/process.h"

namespace skiff::cluster_test {

HttpClient::HttpClient(const std::string& node, uint16_t port, int timeout_ms) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(socket_ >= 0);
  const timeval patience = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  CHECK(inet_pton(AF_INET, node.c_str(), &address.sin_addr) == 1);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) close();
}

HttpClient::~HttpClient() { close(); }

HttpClient::HttpClient(HttpClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)) {}

HttpClient& HttpClient::operator=(HttpClient&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(received_, other.received_);
  return *this;
}

std::optional<HttpReply> HttpClient::ask(std::string_view method, std::string_view path, std::string_view body) {
  if (!send(method, path, body)) return std::nullopt;
  return receive(method != "HEAD");
}

bool HttpClient::send(std::string_view method, std::string_view path, std::string_view body) {
  std::string request = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n";
  if (method != "GET" && method != "HEAD") request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  request += "\r\n";
  request += body;
  return send_bytes(request);
}

bool HttpClient::send_bytes(std::string_view bytes) {
  while (is_connected() && !bytes.empty()) {
    ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      close();
      return false;
    }
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return is_connected();
}

std::optional<HttpReply> HttpClient::receive(bool has_body) {
  size_t end = std::string::npos;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more()) return std::nullopt;
  }
  HttpReply reply;
  reply.headers = received_.substr(0, end + 2);
  received_.erase(0, end + 4);
  if (!reply.headers.starts_with("HTTP/1.1 ")) return std::nullopt;
  reply.code = std::atoi(reply.headers.c_str() + 9);
  if (reply.code == 100) return receive(has_body);
  std::string lower = reply.headers;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char letter) { return std::tolower(letter); });
  size_t length_at = lower.find("\r\ncontent-length:");
  if (!has_body || length_at == std::string::npos) return reply;
  const size_t length = std::strtoul(lower.c_str() + length_at + 17, nullptr, 10);
  while (received_.size() < length) {
    if (!read_more()) return std::nullopt;
  }
  reply.body = received_.substr(0, length);
  received_.erase(0, length);
  return reply;
}

bool HttpClient::is_closed_within_ms(int timeout_ms) {
  const long end = now_ms() + timeout_ms;
  while (is_connected()) {
    pollfd ready = {socket_, POLLIN, 0};
    const long left = end - now_ms();
    if (left <= 0 || poll(&ready, 1, static_cast<int>(left)) == 0) return false;
    read_more();
  }
  return true;
}

bool HttpClient::read_more() {
  char bytes[16'384];
  ssize_t count = is_connected() ? recv(socket_, bytes, sizeof bytes, 0) : 0;
  if (count <= 0) {
    close();
    return false;
  }
  received_.append(bytes, static_cast<size_t>(count));
  return true;
}

void HttpClient::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

}  // namespace skiff::cluster_test
