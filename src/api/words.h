// The texts of answers that several handlers give.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "store/state/kv_key.h"
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

// The revision of the store, and of the key, as the answer found or left them. 0: no such header.
inline constexpr transport::NumberHeader kRevisionHeaders[] = {
    {"Skiff-Revision: ", "\r\n"}, {"ETag: \"", "\"\r\n"},    {"Skiff-Create-Revision: ", "\r\n"},
    {"Skiff-Version: ", "\r\n"},  {"Skiff-Lease: ", "\r\n"},
};

inline transport::Response with_revisions(transport::Response response, store::Revision of_store,
                                          store::Revision of_key, const store::VersionFacts& facts = {}) {
  response.numbers = {.names = kRevisionHeaders,
                      .numbers = {of_store, of_key, facts.create_revision, facts.number, facts.lease}};
  return response;
}

inline transport::Response condition_failed(store::Revision of_store, store::Revision of_key) {
  const std::string is = of_key == 0 ? "the key is not there" : fmt::format("the key's tag is \"{}\"", of_key);
  return with_revisions(say(412, "nothing was done: the condition does not hold; " + is), of_store, of_key);
}

}  // namespace skiff
