#include "transport/address.h"

#include <algorithm>
#include <charconv>

#include "src/base/narrow.h"

namespace skiff::transport {
namespace {

constexpr size_t kHostBytesMax = 253;  // RFC 1035: the longest name that can be asked for

bool drop_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool is_letter_or_digit(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

bool is_host_byte(char byte) { return is_letter_or_digit(byte) || byte == '.' || byte == '-' || byte == '_'; }
bool is_ipv6_byte(char byte) { return is_letter_or_digit(byte) || byte == ':' || byte == '.' || byte == '%'; }

Result<uint16_t> parse_port(std::string_view text) {
  unsigned port = 0;
  const char* end = text.data() + text.size();
  auto [stopped, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stopped != end) return fail(Error::Code::invalid, "the port is not a number");
  if (port > 65535) return fail(Error::Code::invalid, "the port is over 65535");
  return narrow<uint16_t>(port);
}

// "host", "1.2.3.4" or "[::1]"
Result<std::string> parse_host(std::string_view text) {
  const bool is_ipv6 = text.starts_with('[') && text.ends_with(']') && text.size() > 2;
  if (is_ipv6) text = text.substr(1, text.size() - 2);
  if (text.empty()) return fail(Error::Code::invalid, "the host is missing");
  if (text.size() > kHostBytesMax) return fail(Error::Code::invalid, "the host is too long");
  if (!is_ipv6 && text.find(':') != std::string_view::npos) {
    return fail(Error::Code::invalid, "an IPv6 host stands in brackets");
  }
  if (!std::all_of(text.begin(), text.end(), is_ipv6 ? is_ipv6_byte : is_host_byte)) {
    return fail(Error::Code::invalid, "the host has a character that no host has");
  }
  return std::string(text);
}

Result<Address> parse_host_and_port(std::string_view rest) {
  if (!drop_prefix(rest, "http://")) drop_prefix(rest, "tcp://");
  if (rest.find("://") != std::string_view::npos)
    return fail(Error::Code::invalid, "only http:// and tcp:// are known");
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('/') != std::string_view::npos) return fail(Error::Code::invalid, "no path may follow");
  size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || rest.ends_with(']')) return fail(Error::Code::invalid, "the port is missing");
  auto host = parse_host(rest.substr(0, colon));
  if (!host) return tl::unexpected(host.error());
  auto port = parse_port(rest.substr(colon + 1));
  if (!port) return tl::unexpected(port.error());
  return Address{std::move(*host), *port};
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  auto address = parse_host_and_port(text);
  if (address) return address;
  return fail(address.error().code, "address \"" + std::string(text) + "\": " + address.error().what);
}

std::string to_url(const Address& address) { return "http://" + to_text(address); }

std::string to_text(const Address& address) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace skiff::transport
