// An HTTP server that keeps what it is asked, and clients for it, all on one loop and on real sockets.
#pragma once

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "transport/http/server.h"
#include "transport/loop/dial.h"

namespace skiff::http_world {

using namespace transport;

// A client like curl: sends the given bytes and keeps all that it receives.
struct Client {
  std::optional<Dial> dial;
  std::unique_ptr<Stream> stream;
  std::string heard;
  bool is_closed = false;
  bool was_reset = false;

  void connect(Loop& loop, uint16_t port) {
    dial.emplace(loop, Address{"127.0.0.1", port}, [this](std::unique_ptr<Stream> connected, Dial::Failure) {
      stream = std::move(connected);
      REQUIRE(stream);
      stream->start({.received = [this](std::string_view bytes) { heard += bytes; },
                     .closed =
                         [this](const std::string& why) {
                           is_closed = true;
                           was_reset = why != "end of stream";
                         },
                     .drained = nullptr,
                     .ended = nullptr});
    });
  }
  size_t count(std::string_view words) const {
    size_t times = 0;
    for (size_t at = heard.find(words); at != std::string::npos; at = heard.find(words, at + 1)) ++times;
    return times;
  }
};

// A server that keeps what it is asked, and clients, on one loop.
struct World {
  struct Asked {
    Ticket ticket;
    Request request;
  };

  explicit World(const HttpLimits& limits = {}, HttpServer::Clock clock = nullptr, HttpAccess access = {}) {
    const auto take = [this](Ticket ticket, Request&& request) {
      asked.push_back({ticket, std::move(request)});
      if (handler) handler(asked.back());
    };
    server = HttpServer::open(loop, {"127.0.0.1", 0}, limits, take, std::move(clock), std::move(access)).value();
  }
  ~World() {
    clients.clear();
    server.reset();
    loop.run();
  }

  Client& connect() {
    Client& client = clients.emplace_back();
    client.connect(loop, server->port());
    until([&] { return client.stream != nullptr; });
    return client;
  }
  Client& say(const std::string& bytes) {
    Client& client = connect();
    client.stream->write(bytes);
    return client;
  }
  void answer(size_t which, const std::string& words) { server->answer(asked.at(which).ticket, text(200, words)); }
  // Answers everything at once, with the path and the body it came with.
  void echo() {
    handler = [this](Asked& one) { server->answer(one.ticket, text(200, one.request.path + one.request.body)); };
  }
  template <class Condition>
  void until(Condition condition) {
    while (!condition()) {
      const bool is_alive = loop.run_once();
      REQUIRE((is_alive || condition()));
    }
  }

  Loop loop;
  std::vector<Asked> asked;
  std::function<void(Asked&)> handler;
  std::unique_ptr<HttpServer> server;
  std::list<Client> clients;
};

inline std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: h\r\n" + more + "\r\n";
}
inline std::string put(const std::string& path, const std::string& body, const std::string& more = "") {
  return "PUT " + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more +
         "\r\n" + body;
}

}  // namespace skiff::http_world
