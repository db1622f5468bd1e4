#include "transport/loop/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "src/base/narrow.h"
#include "src/base/try.h"

namespace skiff::transport {
namespace {

constexpr size_t kHostBytesMax = 253;  // RFC 1035: the longest name that can be asked for

char lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte; }

bool equals_in_any_case(std::string_view one, std::string_view other) {
  const auto is_same = [](char left, char right) { return lower(left) == lower(right); };
  return std::equal(one.begin(), one.end(), other.begin(), other.end(), is_same);
}

bool drop_prefix(std::string_view& text, std::string_view prefix) {
  if (!equals_in_any_case(text.substr(0, prefix.size()), prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Reads the host as the system's own look-up does: "0" is 0.0.0.0, and an IPv4 address may be mapped into IPv6.
std::optional<in_addr> ipv4_of(const std::string& host) {
  in_addr four{};
  if (::inet_aton(host.c_str(), &four) != 0) return four;
  in6_addr six{};
  if (::inet_pton(AF_INET6, host.c_str(), &six) != 1 || !IN6_IS_ADDR_V4MAPPED(&six)) return std::nullopt;
  std::memcpy(&four, &six.s6_addr[12], sizeof four);
  return four;
}

std::optional<in6_addr> ipv6_of(const std::string& host) {
  in6_addr six{};
  if (::inet_pton(AF_INET6, host.c_str(), &six) != 1) return std::nullopt;
  return six;
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
  if (rest.empty()) return fail(Error::Code::invalid, "the port is missing; is there a comma too many?");
  if (!drop_prefix(rest, "http://")) drop_prefix(rest, "tcp://");
  if (rest.find("://") != std::string_view::npos)
    return fail(Error::Code::invalid, "only http:// and tcp:// are known; there is no TLS");
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('/') != std::string_view::npos) return fail(Error::Code::invalid, "no path may follow");
  size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || rest.ends_with(']')) return fail(Error::Code::invalid, "the port is missing");
  TRY(auto host, parse_host(rest.substr(0, colon)));
  TRY(const uint16_t port, parse_port(rest.substr(colon + 1)));
  return Address{std::move(host), port};
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  auto address = parse_host_and_port(text);
  if (address) return address;
  return fail("address \"" + std::string(text) + "\"", address.error());
}

bool is_unspecified(const std::string& host) {
  if (const auto four = ipv4_of(host)) return four->s_addr == INADDR_ANY;
  const auto six = ipv6_of(host);
  return six && IN6_IS_ADDR_UNSPECIFIED(&*six);
}

bool is_loopback(const std::string& host) {
  if (equals_in_any_case(host, "localhost")) return true;
  if (const auto four = ipv4_of(host)) return ntohl(four->s_addr) >> 24 == IN_LOOPBACKNET;
  const auto six = ipv6_of(host);
  return six && (IN6_IS_ADDR_LOOPBACK(&*six) || (IN6_IS_ADDR_V4MAPPED(&*six) && six->s6_addr[12] == IN_LOOPBACKNET));
}

bool is_same_place(const Address& one, const Address& other) {
  if (one.port != other.port) return false;
  if (equals_in_any_case(one.host, other.host)) return true;
  const auto is_localhost = [](const std::string& host) { return equals_in_any_case(host, "localhost"); };
  const auto is_its_address = [](const std::string& host) { return host == "127.0.0.1" || host == "::1"; };
  return (is_localhost(one.host) && is_its_address(other.host)) ||
         (is_localhost(other.host) && is_its_address(one.host));
}

Result<> require_dialable(const Address& address) {
  if (!is_unspecified(address.host)) return {};
  return fail(Error::Code::invalid, to_text(address) +
                                        " is every address of a machine, and none that others can dial: give the one "
                                        "that they reach it at (to listen on all of them is --peer-listen)");
}

std::string to_url(const Address& address) { return "http://" + to_text(address); }

std::string to_text(const Address& address) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace skiff::transport
