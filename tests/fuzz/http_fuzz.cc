// Foreign bytes for the HTTP parser: whatever comes, it must neither break nor depend on how the bytes were cut.
//
// The first byte seeds the cuts, the rest is the stream.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "raft/check.h"
#include "transport/http/parser.h"

namespace {

using skiff::transport::HeaderField;
using skiff::transport::HttpLimits;
using skiff::transport::HttpParser;
using skiff::transport::Request;

HttpLimits small_limits() {
  HttpLimits limits;
  limits.header_bytes_max = 200;
  limits.target_bytes_max = 60;
  limits.key_bytes_max = 20;
  limits.body_bytes_max = 40;
  return limits;
}

std::string describe(const Request& request) {
  std::string text = std::to_string(static_cast<int>(request.method)) + request.path + "?" + request.query;
  for (const HeaderField& header : request.headers) {
    CHECK(!header.name.empty());
    CHECK(request.header(header.name).has_value());
    text.append("\n").append(header.name).append(":").append(header.value);
  }
  return text + "\n\n" + request.body + "\n";
}

// Everything there is to know about what the bytes came to, fed uncut, or in pieces that follow from a seed.
std::string outcome(std::string_view bytes, std::optional<uint32_t> seed) {
  const HttpLimits limits = small_limits();
  HttpParser parser(limits);
  std::string text;
  while (!bytes.empty() && parser.progress() != HttpParser::Progress::refused) {
    if (seed) seed = *seed * 1103515245 + 12345;
    const size_t piece = seed ? std::min<size_t>(bytes.size(), 1 + (*seed >> 16) % 7) : bytes.size();
    const size_t taken = parser.feed(bytes.substr(0, piece));
    CHECK(taken <= piece);
    CHECK(taken == piece || parser.progress() >= HttpParser::Progress::complete);
    bytes.remove_prefix(taken);
    if (parser.progress() != HttpParser::Progress::complete) continue;
    const Request request = parser.take();
    CHECK(request.path.size() <= limits.key_bytes_max);
    CHECK(request.path == "*" || request.path.starts_with('/'));
    CHECK(request.body.size() <= limits.body_bytes_max);
    text += describe(request);
  }
  text += std::to_string(static_cast<int>(parser.progress()));
  if (parser.progress() == HttpParser::Progress::refused) {
    text += std::to_string(parser.refusal().status) + parser.refusal().why;
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  CHECK(outcome(bytes, std::nullopt) == outcome(bytes, data[0]));
  return 0;
}
