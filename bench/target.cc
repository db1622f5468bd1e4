#include "bench/target.h"

#include <charconv>
#include <iterator>

#include "raft/random.h"

namespace skiff::bench {
namespace {

constexpr std::string_view kNames[] = {"skiff", "etcd-v2", "etcd-v3", "raw"};
constexpr size_t kKeyDigits = 8;  // so that keys have one length, as long as there are not too many

void append_number(std::string& out, uint64_t number, size_t digits_min) {
  char digits[20];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
  const auto count = static_cast<size_t>(end - digits);
  if (count < digits_min) out.append(digits_min - count, '0');
  out.append(digits, count);
}

// Letters, which every protocol takes as they are, in no order that a disk could compress.
std::string letters(size_t count) {
  raft::Random random(1);
  std::string text(count, 'a');
  for (char& letter : text) letter = static_cast<char>('a' + random.below(26));
  return text;
}

// A multiple of three bytes encodes to whole groups, so that a shorter value's text is a prefix of a longer one's.
size_t whole_groups(uint64_t bytes) { return static_cast<size_t>((bytes + 2) / 3 * 3); }

}  // namespace

Result<Target> parse_target(std::string_view text) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == text) return static_cast<Target>(i);
  }
  return fail(Error::Code::invalid, "\"" + std::string(text) + "\" is no target (skiff, etcd-v2, etcd-v3, raw)");
}

std::string_view name_of(Target target) { return kNames[static_cast<size_t>(target)]; }

std::string base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i) {
      group = group << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    }
    for (size_t i = 0; i < 4; ++i) text += at + i > bytes.size() ? '=' : kDigits[group >> (18 - 6 * i) & 63];
  }
  return text;
}

End end_of(Kind kind, int status) {
  if (status >= 200 && status < 300) return End::done;
  if (status == 404 && kind == Kind::get) return End::missing;
  if (status == 503) return End::refused;
  if (status == 504) return End::unknown;
  return End::rejected;
}

RequestWriter::RequestWriter(const Plan& plan)
    : target_(plan.target),
      stale_reads_(plan.stale_reads),
      prefix_(plan.prefix),
      value_(letters(whole_groups(plan.value_bytes_max))),
      value_base64_(base64(value_)) {}

void RequestWriter::write(std::string& out, const Operation& operation, std::string_view host) {
  key_ = prefix_;
  append_number(key_, operation.key, kKeyDigits);
  path_.clear();
  body_.clear();
  operation.kind == Kind::put ? write_put(out, operation, host) : write_get(out, host);
}

void RequestWriter::write_put(std::string& out, const Operation& operation, std::string_view host) {
  const std::string_view value = std::string_view(value_).substr(0, static_cast<size_t>(operation.value_bytes));
  switch (target_) {
    case Target::skiff:
    case Target::raw:
      path_ = key_;
      write_http(out, "PUT", host, {}, value.size());
      out += value;
      return;
    case Target::etcd_v2:
      path_.append("/v2/keys").append(key_);
      body_.append("value=").append(value);
      write_http(out, "PUT", host, "application/x-www-form-urlencoded", body_.size());
      break;
    case Target::etcd_v3:
      path_ = "/v3/kv/put";
      body_.append("{\"key\":\"").append(base64(key_)).append("\",\"value\":\"");
      if (value.size() % 3 == 0) {
        body_.append(value_base64_, 0, value.size() / 3 * 4);
      } else {
        body_ += base64(value);
      }
      body_ += "\"}";
      write_http(out, "POST", host, "application/json", body_.size());
      break;
  }
  out += body_;
}

void RequestWriter::write_get(std::string& out, std::string_view host) {
  switch (target_) {
    case Target::raw: path_ = key_; break;
    case Target::skiff: path_.append(key_).append(stale_reads_ ? "?consistency=stale" : ""); break;
    case Target::etcd_v2: path_.append("/v2/keys").append(key_).append(stale_reads_ ? "" : "?quorum=true"); break;
    case Target::etcd_v3:
      path_ = "/v3/kv/range";
      body_.append("{\"key\":\"").append(base64(key_)).append(stale_reads_ ? "\",\"serializable\":true}" : "\"}");
      write_http(out, "POST", host, "application/json", body_.size());
      out += body_;
      return;
  }
  write_http(out, "GET", host, {}, 0);
}

void RequestWriter::write_http(std::string& out, std::string_view method, std::string_view host,
                               std::string_view content_type, size_t body_bytes) {
  out.append(method).append(" ").append(path_).append(" HTTP/1.1\r\nHost: ").append(host).append("\r\n");
  if (!content_type.empty()) out.append("Content-Type: ").append(content_type).append("\r\n");
  if (method != "GET") {
    out += "Content-Length: ";
    append_number(out, body_bytes, 1);
    out += "\r\n";
  }
  out += "\r\n";
}

}  // namespace skiff::bench
