// An API and the node behind it, which keeps what it is asked.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/api/api.h"

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
  bool order(const Ticket&, AdminRequest order) override {
    if (is_full) return false;
    orders.push_back(std::move(order));
    return true;
  }
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
  std::vector<AdminRequest> orders;
  store::Kv map;
  NodeReport node;
};

inline std::optional<Response> take(Host& host, Method method, std::string path, std::string query = "",
                                    transport::Headers headers = {}, std::string body = "") {
  return Api(host).take({.connection = 7, .request = 9}, {.method = method,
                                                          .path = std::move(path),
                                                          .query = std::move(query),
                                                          .headers = std::move(headers),
                                                          .body = std::move(body)});
}

inline std::string header(const Response& response, std::string_view name) {
  for (const transport::Header& header : response.headers) {
    if (header.name == name) return header.value;
  }
  return "";
}

}  // namespace skiff::api_world
