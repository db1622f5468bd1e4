// An API and the node behind it, which keeps what it is asked.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "src/api/api.h"
#include "tests/support/catch.h"

namespace skiff::api_world {

using transport::Method;
using transport::Response;

struct NoBody : transport::BodySource {
  std::optional<Piece> next() override { return std::nullopt; }
};

struct Host : ApiHost {
  bool propose(Request request) override {
    if (is_full) return false;
    proposed.push_back(std::move(request));
    return true;
  }
  bool ask_admin(const Ticket&, AdminRequest request) override {
    if (is_full) return false;
    orders.push_back(std::move(request));
    return true;
  }
  void respond(const Ticket& ticket, Response&& response) override {
    REQUIRE(responses.emplace(ticket, std::move(response)).second);
  }
  void took_effect(const Ticket& ticket) override { effects.push_back(ticket); }
  const store::Kv& kv() const override { return map; }
  NodeReport report() const override { return node; }
  Result<std::unique_ptr<transport::BodySource>> backup() override {
    if (is_full) return fail(Error::Code::unavailable, "other backups are being taken");
    ++backups;
    return std::make_unique<NoBody>();
  }

  bool is_full = false;
  int backups = 0;
  std::vector<Request> proposed;
  std::map<Ticket, Response> responses;
  std::vector<Ticket> effects;
  std::vector<AdminRequest> orders;
  store::Kv map;
  NodeReport node;
  Api api{{}, *this};
};

// Nothing if the request went to the replica: a test of an answer at once fails there with REQUIRE(response).
inline std::optional<Response> take(Host& host, Method method, std::string path, std::string query = "",
                                    transport::Headers headers = {}, std::string body = "") {
  const Ticket ticket{.connection = 7, .request = 9 + host.proposed.size()};
  return host.api.take(ticket, {.method = method,
                                .path = std::move(path),
                                .query = std::move(query),
                                .headers = std::move(headers),
                                .body = std::move(body)});
}

inline Ticket ticket_of(const Request& request) {
  return std::visit([](const auto& one) { return one.ticket; }, request);
}

// The client's response when the last request of the host ends like that.
inline Response end(Host& host, Answer answer) {
  const Ticket ticket = ticket_of(host.proposed.back());
  host.api.answered(ticket, std::move(answer));
  return std::move(host.responses.at(ticket));
}

// Takes a request that must go to the replica, and ends it like that.
inline Response ended(Host& host, Method method, std::string path, Answer answer = {}) {
  const size_t before = host.proposed.size();
  REQUIRE_FALSE(take(host, method, std::move(path)));
  REQUIRE(host.proposed.size() == before + 1);
  return end(host, std::move(answer));
}

inline std::string header(const Response& response, std::string_view name) {
  for (const transport::Header& header : response.headers) {
    if (header.name == name) return header.value;
  }
  return "";
}

}  // namespace skiff::api_world
