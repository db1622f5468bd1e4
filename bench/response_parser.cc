#include "bench/response_parser.h"

#include <llhttp.h>

namespace skiff::bench {
namespace {

constexpr size_t kBodyBytesMax = 16 << 20;  // of those that are kept

}  // namespace

struct ResponseParser::Machine {
  llhttp_t parser{};
  llhttp_settings_t settings{};

  static ResponseParser* self(llhttp_t* parser) { return static_cast<ResponseParser*>(parser->data); }
};

ResponseParser::ResponseParser(Take take, Bodies bodies)
    : take_(std::move(take)), bodies_(bodies), machine_(std::make_unique<Machine>()) {
  llhttp_settings_init(&machine_->settings);
  machine_->settings.on_message_complete = [](llhttp_t* parser) { return Machine::self(parser)->message_complete(); };
  if (bodies_ == Bodies::keep) {
    machine_->settings.on_body = [](llhttp_t* parser, const char* bytes, size_t count) {
      std::string& body = Machine::self(parser)->body_;
      if (body.size() + count > kBodyBytesMax) return -1;
      body.append(bytes, count);
      return 0;
    };
  }
  reset();
}

ResponseParser::~ResponseParser() = default;

void ResponseParser::reset() {
  llhttp_init(&machine_->parser, HTTP_RESPONSE, &machine_->settings);
  machine_->parser.data = this;
  body_.clear();
  error_.clear();
}

bool ResponseParser::feed(std::string_view bytes) {
  if (!error_.empty()) return false;
  const llhttp_errno_t code = llhttp_execute(&machine_->parser, bytes.data(), bytes.size());
  if (code == HPE_OK) return true;
  const char* reason = llhttp_get_error_reason(&machine_->parser);
  error_ = reason != nullptr && *reason != '\0' ? reason : llhttp_errno_name(code);
  return false;
}

bool ResponseParser::finish() {
  if (!error_.empty()) return false;
  if (llhttp_finish(&machine_->parser) == HPE_OK) return true;
  error_ = "the connection ended in the middle of an answer";
  return false;
}

int ResponseParser::message_complete() {
  const int status = machine_->parser.status_code;
  if (status >= 200) {
    take_({.status = status, .keeps_alive = llhttp_should_keep_alive(&machine_->parser) != 0, .body = body_});
  }
  body_.clear();
  return 0;
}

}  // namespace skiff::bench
