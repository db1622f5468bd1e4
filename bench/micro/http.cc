// A request from bytes, and an answer to bytes.
#include "bench/micro/micro.h"
#include "raft/check.h"
#include "transport/http/message.h"
#include "transport/http/parser.h"

namespace skiff::micro {
namespace {

Repeat parse(std::string bytes) {
  auto parser = std::make_shared<transport::HttpParser>(transport::HttpLimits{});
  return [bytes = std::move(bytes), parser](uint64_t times) {
    for (uint64_t i = 0; i < times; ++i) {
      CHECK(parser->feed(bytes) == bytes.size());
      CHECK(parser->progress() == transport::HttpParser::Progress::complete);
      keep(parser->take().body.size());
    }
  };
}

Repeat write_head() {
  return [value = raft::Payload::of(std::string(256, 'x'))](uint64_t times) {
    for (uint64_t i = 0; i < times; ++i) {
      keep(transport::head(transport::octets(value), transport::AfterAnswer::keep_open).size());
    }
  };
}

}  // namespace

std::vector<Subject> http_subjects() {
  const std::string host = " HTTP/1.1\r\nHost: 127.0.0.1:9121\r\n";
  const std::string put = "PUT /bench/00000042" + host + "Content-Length: 256\r\n\r\n" + std::string(256, 'x');
  const std::string get = "GET /bench/00000042" + host + "\r\n";
  return {{"http-parse-put", "a PUT of 256 B, bytes to request", [put] { return parse(put); }},
          {"http-parse-get", "a GET, bytes to request", [get] { return parse(get); }},
          {"http-head", "the head of an answer with a value, to bytes", write_head}};
}

}  // namespace skiff::micro
