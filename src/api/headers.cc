#include "src/api/headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "src/api/words.h"

namespace skiff {
namespace {

using transport::HeaderField;
using transport::Method;
using transport::Response;

constexpr std::string_view kOtherMethod[] = {"x-http-method-override", "x-http-method", "x-method-override"};

// "if" alone is WebDAV's (RFC 4918, 10.4).
bool is_condition(std::string_view name) { return name == "if" || name.starts_with("if-"); }
bool is_about_tag(std::string_view name) { return name == "if-match" || name == "if-none-match"; }

// A list of codings (RFC 9110, 8.4); identity is none, and so is an empty list.
bool is_encoded(std::string_view codings) {
  while (!codings.empty()) {
    const std::string_view coding = codings.substr(0, codings.find(','));
    codings.remove_prefix(std::min(codings.size(), coding.size() + 1));
    const std::string_view name = transport::trim(coding);
    if (!name.empty() && !transport::equals_ignoring_case(name, "identity")) return true;
  }
  return false;
}

Response not_implemented(std::string_view name, std::string_view why) {
  return say(501, fmt::format("nothing was done: {} is not implemented in this version, {}", name, why));
}

Response no_encoding() {
  Response response = say(415,
                          "nothing was done: a value is given back as it came, without its Content-Encoding; "
                          "send it decoded, or as it is and without that header");
  response.headers.push_back({"Accept-Encoding", "identity"});  // RFC 9110, 15.5.16
  return response;
}

Response no_tag(std::string_view name) {
  return say(400, fmt::format("nothing was done: {} is about the tag of a key, and this is none", name));
}

std::optional<Response> refuse_in_write(const HeaderField& header, bool is_key) {
  const std::string_view name = header.name;
  if (is_about_tag(name)) return is_key ? std::nullopt : std::optional(no_tag(name));
  if (is_condition(name)) return not_implemented(name, "and a condition is never skipped on a write");
  if (name == "idempotency-key") return not_implemented(name, "and a repetition would be done again");
  if (name == "content-range") {
    return say(400,
               "nothing was done: with Content-Range the body is a part of a value; only whole values are written");
  }
  if (name == "content-encoding" && is_encoded(header.value)) return no_encoding();
  if (std::find(std::begin(kOtherMethod), std::end(kOtherMethod), name) != std::end(kOtherMethod)) {
    return not_implemented(name, "and the method is the one in the request line");
  }
  return std::nullopt;
}

}  // namespace

bool is_read(Method method) { return method == Method::get || method == Method::head; }

std::optional<Response> refuse_headers(const transport::Request& request, bool is_key) {
  for (const HeaderField& header : request.headers) {
    if (!is_read(request.method)) {
      if (auto refusal = refuse_in_write(header, is_key)) return refusal;
    } else if (header.name == "if-match" && !is_key) {
      return no_tag(header.name);
    }
  }
  return std::nullopt;
}

}  // namespace skiff
