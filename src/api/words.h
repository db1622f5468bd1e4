// The texts of answers that several handlers give.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "transport/http/message.h"

namespace skiff {

// A line of text for people.
inline transport::Response say(int status, std::string line) { return transport::text(status, std::move(line) + "\n"); }

inline transport::Response not_allowed(std::string allow) {
  transport::Response response = say(405, "there is no such method here; allowed: " + allow);
  response.headers.push_back({"Allow", std::move(allow)});
  return response;
}

inline transport::Response refused(std::string_view reason) {
  return transport::unavailable(fmt::format("nothing was done: {}\n", reason));
}

}  // namespace skiff
