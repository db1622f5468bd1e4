#include "transport/http/parser.h"

#include <llhttp.h>

#include <utility>

#include "raft/check.h"
#include "transport/http/access.h"

namespace skiff::transport {
namespace {

constexpr std::string_view kExpectContinue = "100-continue";
constexpr const char* kUnknownMethod =
    "this method is not known; those that are known: GET, HEAD, POST, PUT, DELETE, OPTIONS";

// A byte of a chunked body may come with five more: "1\r\nx\r\n". Bytes beyond that are chunk extensions and trailers,
// which the limit of the head bounds.
constexpr size_t kFramingBytesPerByte = 5;

// RFC 9110, 5.6.2
bool is_token_byte(char byte) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  const bool is_digit = byte >= '0' && byte <= '9';
  const bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
  return is_digit || is_letter || kOthers.find(byte) != std::string_view::npos;
}

Method to_method(uint8_t method) {
  switch (method) {
    case HTTP_GET: return Method::get;
    case HTTP_HEAD: return Method::head;
    case HTTP_PUT: return Method::put;
    case HTTP_POST: return Method::post;
    case HTTP_DELETE: return Method::del;
    case HTTP_OPTIONS: return Method::options;
    default: return Method::other;
  }
}

// The position of the first line that begins with a blank. That is an obsolete way to continue the header before
// (RFC 9112, 5.2), and proxies differ in how they read it.
size_t find_folded_line(std::string_view bytes, bool is_after_line) {
  const auto is_blank = [bytes](size_t at) { return at < bytes.size() && (bytes[at] == ' ' || bytes[at] == '\t'); };
  if (is_after_line && is_blank(0)) return 0;
  for (size_t end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n', end + 1)) {
    if (is_blank(end + 1)) return end + 1;
  }
  return bytes.size();
}

// "http://host/path" -> "host", "/path" (RFC 9112, 3.2.2: every server must take it)
struct Target {
  std::optional<std::string_view> host;
  std::string_view path;  // and the query
};
Target split_target(std::string_view target) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t path = std::min(target.find_first_of("/?"), target.size());
    return {target.substr(0, path), path == target.size() ? "/" : target.substr(path)};
  }
  return {std::nullopt, target};
}

}  // namespace

struct HttpParser::Machine {
  llhttp_t llhttp{};

  static HttpParser& owner(llhttp_t* llhttp) { return *static_cast<HttpParser*>(llhttp->data); }
  static const llhttp_settings_t& settings();
};

// llhttp's callbacks, each of which calls one method of the parser. A result other than 0 stops llhttp.
const llhttp_settings_t& HttpParser::Machine::settings() {
  static const llhttp_settings_t settings = [] {
    llhttp_settings_t table{};
    table.on_message_begin = [](llhttp_t* from) {
      owner(from).progress_ = Progress::head;
      return 0;
    };
    table.on_method_complete = [](llhttp_t* from) { return owner(from).method_complete(); };
    table.on_url = [](llhttp_t* from, const char* at, size_t length) { return owner(from).target_piece({at, length}); };
    table.on_url_complete = [](llhttp_t* from) { return owner(from).target_complete(); };
    table.on_header_field = [](llhttp_t* from, const char* at, size_t length) {
      return owner(from).name_piece({at, length});
    };
    table.on_header_value = [](llhttp_t* from, const char* at, size_t length) {
      return owner(from).value_piece({at, length});
    };
    table.on_header_value_complete = [](llhttp_t* from) { return owner(from).value_complete(); };
    table.on_headers_complete = [](llhttp_t* from) { return owner(from).head_complete(); };
    table.on_chunk_header = [](llhttp_t* from) { return owner(from).chunk_begins(); };
    table.on_body = [](llhttp_t* from, const char* at, size_t length) { return owner(from).body_piece({at, length}); };
    table.on_message_complete = [](llhttp_t* from) {
      owner(from).progress_ = Progress::complete;
      return static_cast<int>(HPE_PAUSED);
    };
    return table;
  }();
  return settings;
}

HttpParser::HttpParser(const HttpLimits& limits) : limits_(limits), machine_(std::make_unique<Machine>()) { begin(); }
HttpParser::~HttpParser() = default;

void HttpParser::begin() {
  llhttp_init(&machine_->llhttp, HTTP_REQUEST, &Machine::settings());
  machine_->llhttp.data = this;
  progress_ = Progress::nothing;
  request_ = Request{};
  budget_ = limits_.header_bytes_max;
  has_method_byte_ = is_method_unknown_ = is_after_line_ = has_target_ = has_absolute_target_ = holds_back_ =
      keeps_alive_ = is_1_1_ = false;
  for (std::string* text : {&target_, &expect_, &transfer_encoding_}) text->clear();
  hosts_ = transfer_encodings_ = 0;
  announced_bytes_ = 0;
}

Request HttpParser::take() {
  CHECK(progress_ == Progress::complete);
  Request taken = std::move(request_);
  begin();
  return taken;
}

void HttpParser::abandon() {
  const Request dropped = std::move(request_);  // to assign an empty one would keep the memory of the body
  begin();
}

size_t HttpParser::feed(std::string_view bytes) {
  CHECK(!is_done());
  size_t taken = 0;
  while (taken < bytes.size() && !is_done()) {
    const std::string_view next = bytes.substr(taken, appetite());
    taken += progress_ == Progress::body ? feed_body(next) : feed_head(next);
  }
  return taken;
}

bool HttpParser::is_head() const {
  return progress_ != Progress::nothing && !is_method_unknown_ && machine_->llhttp.method == HTTP_HEAD;
}

// The number of bytes that can still be within the limits. Never parsing more at once has a request over a limit
// refused at the same byte, and for the same reason, however the bytes were cut.
size_t HttpParser::appetite() const {
  if (progress_ == Progress::body || has_target_) return budget_;
  CHECK(target_.size() <= limits_.target_bytes_max);
  return std::min(budget_, limits_.target_bytes_max + 1 - target_.size());
}

size_t HttpParser::feed_head(std::string_view bytes) {
  if (is_method_unknown_) return read_unknown_method(bytes);
  bytes = bytes.substr(0, find_folded_line(bytes, is_after_line_));
  if (bytes.empty()) {
    refuse(400, "malformed request: a line of the head begins with a blank");
    return 0;
  }
  is_after_line_ = bytes.ends_with('\n');
  const size_t taken = run(bytes);
  if (is_done()) return taken;
  if (!has_target_ && !has_method_byte_) {
    has_method_byte_ = bytes.substr(0, taken).find_first_not_of("\r\n") != std::string_view::npos;
  }
  if (progress_ == Progress::body) {
    budget_ = limits_.header_bytes_max;
    run("");  // without a body the request is complete here, and no byte is needed to say so
    return taken;
  }
  CHECK(taken <= budget_);
  budget_ -= taken;
  if (budget_ == 0) {
    refuse(431, "the request line and headers are over " + std::to_string(limits_.header_bytes_max) + " bytes");
  }
  return taken;
}

size_t HttpParser::feed_body(std::string_view bytes) {
  holds_back_ = false;
  const size_t body_before = request_.body.size();
  const size_t taken = run(bytes);
  const size_t of_body = request_.body.size() - body_before;
  CHECK(of_body <= taken);
  budget_ += kFramingBytesPerByte * of_body;
  CHECK(taken - of_body <= budget_);
  budget_ -= taken - of_body;
  if (budget_ == 0 && !is_done()) refuse(431, "too much comes between the chunks of the body, or behind them");
  return taken;
}

// llhttp has stopped at a byte that continues no method it knows. The bytes are a method all the same if they are a
// token with a blank behind it.   (RFC 9110, 9.1)
size_t HttpParser::read_unknown_method(std::string_view bytes) {
  const auto* stop = std::find_if_not(bytes.begin(), bytes.end(), is_token_byte);
  const size_t taken = static_cast<size_t>(stop - bytes.begin());
  has_method_byte_ = has_method_byte_ || taken > 0;
  budget_ -= taken;
  if (budget_ == 0 || (has_method_byte_ && stop != bytes.end() && *stop == ' ')) {
    refuse(501, kUnknownMethod);
  } else if (stop != bytes.end()) {
    refuse(400, "malformed request: it must begin with a method");
  }
  return taken;
}

// Gives bytes to llhttp and returns how many it parsed: all of them, unless it stopped.
size_t HttpParser::run(std::string_view bytes) {
  llhttp_t* llhttp = &machine_->llhttp;
  const llhttp_errno_t code = llhttp_execute(llhttp, bytes.data(), bytes.size());
  if (code == HPE_OK) return bytes.size();
  const char* stop = llhttp_get_error_pos(llhttp);
  stopped(code);
  return stop == nullptr ? 0 : static_cast<size_t>(stop - bytes.data());
}

void HttpParser::stopped(int code) {
  llhttp_t* llhttp = &machine_->llhttp;
  if (is_done()) return;
  if (code == HPE_PAUSED) return llhttp_resume(llhttp);  // head_complete() asked for that
  if (code == HPE_INVALID_METHOD) {
    is_method_unknown_ = true;
    return;
  }
  if (code == HPE_INVALID_VERSION || code == HPE_PAUSED_H2_UPGRADE) {
    refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  } else {
    refuse(400, std::string("malformed request: ") + llhttp_get_error_reason(llhttp));
  }
}

int HttpParser::refuse(int status, std::string why) {
  CHECK(!is_done());
  CHECK(status >= 400);
  progress_ = Progress::refused;
  refusal_ = {status, std::move(why)};
  return -1;
}

// llhttp knows the methods of RTSP, too, whose numbers follow that of PRI.
int HttpParser::method_complete() {
  if (machine_->llhttp.method <= HTTP_PRI) return 0;
  return refuse(501, kUnknownMethod);
}

int HttpParser::target_piece(std::string_view piece) {
  target_ += piece;
  if (target_.size() <= limits_.target_bytes_max) return 0;
  return refuse(414, "the request target is over " + std::to_string(limits_.target_bytes_max) + " bytes");
}

int HttpParser::target_complete() {
  has_target_ = true;
  const auto [host, target] = split_target(target_);
  const size_t path_end = std::min(target.find('?'), target.size());
  if (target.find('#') != std::string_view::npos) return refuse(400, "a request target has no fragment; '#' is %23");
  auto path = percent_decode(target.substr(0, path_end));
  if (!path) return refuse(400, path.error().what);
  if (path->empty()) *path = "/";
  if (path->front() != '/' && *path != "*") return refuse(400, "the request target is no path: it must begin with '/'");
  if (path->size() > limits_.key_bytes_max) {
    return refuse(414, "the key is over " + std::to_string(limits_.key_bytes_max) + " bytes");
  }
  has_absolute_target_ = host.has_value();
  if (host) request_.host = *host;
  request_.path = std::move(*path);
  request_.query = target.substr(std::min(path_end + 1, target.size()));
  return 0;
}

// After the head, the names and values are those of trailers, which are checked and dropped.
int HttpParser::name_piece(std::string_view piece) {
  if (progress_ != Progress::body) request_.headers.add_to_name(piece);
  return 0;
}

int HttpParser::value_piece(std::string_view piece) {
  if (progress_ != Progress::body) request_.headers.add_to_value(piece);
  return 0;
}

int HttpParser::value_complete() {
  if (progress_ == Progress::body) return 0;
  const HeaderField header = request_.headers.end_field();
  if (header.name.empty()) return refuse(400, "malformed request: a header has no name");
  if (header.name == "host") {
    ++hosts_;
    if (!has_absolute_target_) request_.host = header.value;
  } else if (header.name == "expect") {
    const bool has_strange_expect = !expect_.empty() && !equals_ignoring_case(expect_, kExpectContinue);
    if (!has_strange_expect) expect_ = header.value;
  } else if (header.name == "transfer-encoding") {
    ++transfer_encodings_;
    transfer_encoding_ = header.value;
  }
  return 0;
}

// Pauses after the head, so that its size is known. A request for an upgrade is answered like any other: llhttp would
// stop after it, and the parser begins anew there anyway.
int HttpParser::head_complete() {
  const llhttp_t& llhttp = machine_->llhttp;
  if (int refused = refuse_head(); refused != 0) return refused;
  if (int refused = refuse_framing(); refused != 0) return refused;
  CHECK(has_target_);
  CHECK(!request_.path.empty());
  is_1_1_ = llhttp.http_minor == 1;
  request_.method = to_method(llhttp.method);
  keeps_alive_ = is_1_1_ && llhttp_should_keep_alive(&llhttp) != 0;
  holds_back_ = is_1_1_ && !expect_.empty() && (announced_bytes_ > 0 || transfer_encodings_ > 0);
  request_.body.reserve(announced_bytes_);
  progress_ = Progress::body;
  return HPE_PAUSED;
}

int HttpParser::refuse_head() {
  const llhttp_t& llhttp = machine_->llhttp;
  if (llhttp.http_major != 1 || llhttp.http_minor > 1) return refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  if (llhttp.method == HTTP_CONNECT) return refuse(400, "this is no proxy: CONNECT is not for it");
  if (request_.path == "*" && llhttp.method != HTTP_OPTIONS) return refuse(400, "only OPTIONS can ask about \"*\"");
  if (hosts_ == 0 && llhttp.http_minor == 1) return refuse(400, "an HTTP/1.1 request must have a Host header");
  if (hosts_ > 1) return refuse(400, "there is more than one Host header");
  const bool must_have_host = hosts_ > 0 || has_absolute_target_;
  if (must_have_host && (request_.host.empty() || request_.host != good_host_)) {
    if (!is_host_and_port(request_.host)) {
      return refuse(400, "the Host is neither a name nor an address, with or without a port");
    }
    good_host_ = request_.host;
  }
  if (!expect_.empty() && !equals_ignoring_case(expect_, kExpectContinue)) {
    return refuse(417, "only 100-continue can be expected here");
  }
  return 0;
}

// A request whose end is ambiguous is refused: a proxy may see another end (request smuggling; RFC 9112, 6.3 and 11.2).
int HttpParser::refuse_framing() {
  const llhttp_t& llhttp = machine_->llhttp;
  const bool has_length = (llhttp.flags & F_CONTENT_LENGTH) != 0;
  if (transfer_encodings_ > 0) {
    if (has_length) return refuse(400, "both Content-Length and Transfer-Encoding are given");
    if (llhttp.http_minor == 0) return refuse(400, "HTTP/1.0 has no Transfer-Encoding");
    if (transfer_encodings_ > 1) return refuse(400, "there is more than one Transfer-Encoding");
    if (!equals_ignoring_case(transfer_encoding_, "chunked")) {
      return refuse(501, "of the transfer encodings only chunked is known here");
    }
    return 0;
  }
  if (has_length && llhttp.content_length > limits_.body_bytes_max) {
    return refuse(413, "the body is over " + std::to_string(limits_.body_bytes_max) + " bytes");
  }
  announced_bytes_ = has_length ? static_cast<size_t>(llhttp.content_length) : 0;
  return 0;
}

// llhttp has read the length of the chunk, so a chunk that is too long is refused before it comes.
int HttpParser::chunk_begins() {
  CHECK(request_.body.size() <= limits_.body_bytes_max);
  const uint64_t room = limits_.body_bytes_max - request_.body.size();
  if (machine_->llhttp.content_length <= room) return 0;
  return refuse(413, "the body is over " + std::to_string(limits_.body_bytes_max) + " bytes");
}

int HttpParser::body_piece(std::string_view piece) {
  CHECK(piece.size() <= limits_.body_bytes_max - request_.body.size());
  request_.body += piece;
  return 0;
}

}  // namespace skiff::transport
