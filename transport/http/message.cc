#include "transport/http/message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "raft/check.h"

namespace skiff::transport {
namespace {

int hex_digit(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

// Responses of other statuses have neither a body nor a length (RFC 9110, 8.6).
bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

Response owning(int status, std::string_view content_type, std::string_view body) {
  const auto kept = raft::Payload::of(body);
  return {.status = status, .content_type = content_type, .body = *kept, .keep = kept, .headers = {}};
}

void add_numbers(std::string& text, const NumberHeaders& headers) {
  CHECK(headers.names.size() <= NumberHeaders::kMax);
  std::array<char, 20> digits;
  for (size_t at = 0; at < headers.names.size(); ++at) {
    if (headers.numbers[at] == 0) continue;
    const char* end = std::to_chars(digits.begin(), digits.end(), headers.numbers[at]).ptr;
    text.append(headers.names[at].before)
        .append(digits.data(), static_cast<size_t>(end - digits.data()))
        .append(headers.names[at].after);
  }
}

}  // namespace

Response octets(raft::Payload value) {
  Response response;
  if (value) response.body = *value;
  response.keep = std::move(value);
  return response;
}

Response text(int status, std::string body) { return owning(status, kText, body); }
Response json(int status, std::string body) { return owning(status, kJson, body); }
Response no_body(int status) {
  return {.status = status, .content_type = kText, .body = {}, .keep = {}, .headers = {}};
}

Response unavailable(std::string why) {
  Response response = text(503, std::move(why));
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

std::string head(const Response& response, AfterAnswer after, Framing framing, std::string_view date_line) {
  CHECK(response.status >= 200 && response.status <= 599);
  CHECK(response.source == nullptr || response.body.empty());
  std::string text;
  text.reserve(384 + (response.body.size() <= kCopiedBytesMax ? response.body.size() : 0));
  text += "HTTP/1.1 ";
  text += std::to_string(response.status);
  text += ' ';
  text += reason_phrase(response.status);
  text += "\r\n";
  text += date_line;
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  if (response.source != nullptr) {
    add("Content-Type", response.content_type);
    if (framing == Framing::chunked) add("Transfer-Encoding", "chunked");
  } else if (may_have_body(response.status)) {
    if (!response.body.empty() || response.status == 200) add("Content-Type", response.content_type);
    add("Content-Length", std::to_string(response.body.size()));
  }
  add("X-Content-Type-Options", "nosniff");
  if (response.caching == Caching::no_cache) add("Cache-Control", "no-cache");
  if (response.caching == Caching::no_store) add("Cache-Control", "no-store");
  for (const Header& header : response.headers) add(header.name, header.value);
  add_numbers(text, response.numbers);
  if (after == AfterAnswer::close) add("Connection", "close");
  text += "\r\n";
  return text;
}

std::string chunk_head(size_t bytes) {
  CHECK(bytes > 0);  // a chunk of no bytes would end the body
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (; bytes > 0; bytes /= 16) text.insert(text.begin(), kDigits[bytes % 16]);
  return text + "\r\n";
}

std::string_view reason_phrase(int status) {
  static constexpr std::pair<int, std::string_view> kPhrases[] = {
      // static: not made anew for each answer
      {200, "OK"},
      {202, "Accepted"},
      {204, "No Content"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  };
  for (const auto& [code, phrase] : kPhrases) {
    if (code == status) return phrase;
  }
  return "Unknown";
}

Result<std::string> percent_decode(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  while (true) {
    const size_t escape = std::min(text.find('%'), text.size());
    bytes += text.substr(0, escape);
    if (escape == text.size()) return bytes;
    const int high = escape + 2 < text.size() ? hex_digit(text[escape + 1]) : -1;
    const int low = escape + 2 < text.size() ? hex_digit(text[escape + 2]) : -1;
    if (high < 0 || low < 0) {
      return fail(Error::Code::invalid,
                  "a '%' must be followed by two hexadecimal digits; a percent sign itself is %25");
    }
    bytes += static_cast<char>(high * 16 + low);
    text.remove_prefix(escape + 3);
  }
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  const auto to_lower = [](char byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
  };
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [&](char a, char b) { return to_lower(a) == b; });
}

}  // namespace skiff::transport
