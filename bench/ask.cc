#include "bench/ask.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "bench/response_parser.h"

namespace skiff::bench {
namespace {

// Closes itself.
struct Socket {
  int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  Socket() = default;
  ~Socket() { ::close(descriptor); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
};

bool connect(const Socket& socket, uint16_t port, int timeout_ms) {
  timeval timeout{};
  timeout.tv_sec = timeout_ms / 1000;
  timeout.tv_usec = timeout_ms % 1000 * 1000;
  ::setsockopt(socket.descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(socket.descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::connect(socket.descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

tl::unexpected<Error> error(const char* act) {
  return fail(Error::Code::unavailable, std::string(act) + ": " + std::strerror(errno));
}

}  // namespace

Result<Reply> ask(uint16_t port, const std::string& method, const std::string& path, const std::string& body,
                  int timeout_ms) {
  const Socket socket;
  if (!connect(socket, port, timeout_ms)) return error("connect");
  const std::string request = method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" +
                              "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  if (::send(socket.descriptor, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    return error("send");
  }
  std::optional<Reply> reply;
  ResponseParser parser(
      [&](const Answer& answer) {
        reply = Reply{answer.status, std::string(answer.body)};
      },
      ResponseParser::Bodies::keep);
  std::array<char, 16 * 1024> buffer;
  while (!reply) {
    const ssize_t count = ::recv(socket.descriptor, buffer.data(), buffer.size(), 0);
    if (count < 0) return error("receive");
    const bool is_http = count == 0 ? parser.finish() : parser.feed({buffer.data(), static_cast<size_t>(count)});
    if (!is_http) return fail(Error::Code::corrupt, parser.error());
    if (count == 0 && !reply) return fail(Error::Code::unavailable, "no answer");
  }
  return *reply;
}

}  // namespace skiff::bench
