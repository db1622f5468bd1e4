// Address: host and port, as a flag or a member list writes them.
//
// `http://host:port`, `tcp://host:port` and `host:port` mean the same; an IPv6 host stands in brackets. A trailing
// slash is allowed, a path is not.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/result.h"

namespace skiff::transport {

struct Address {
  std::string host;
  uint16_t port = 0;

  auto operator<=>(const Address&) const = default;
};

// "http://127.0.0.1:9021" -> {"127.0.0.1", 9021}. Errors say what is wrong with which text.
Result<Address> parse_address(std::string_view text);

// 0.0.0.0 and [::], in any spelling. A server that listens there is reached at all addresses of its machine; a client
// cannot dial them.
bool is_unspecified(const std::string& host);
// localhost, 127.0.0.1 and its like, [::1]: reached from the same machine only.
bool is_loopback(const std::string& host);
// Equal ports, and hosts that differ in spelling only; localhost is 127.0.0.1 and [::1]. Other names are not looked up.
bool is_same_place(const Address& one, const Address& other);
// An error if others could not dial this address.
Result<> require_dialable(const Address& address);

// "http://127.0.0.1:9021", with brackets round an IPv6 host: the form that members are shown in.
std::string to_url(const Address& address);
// The same without "http://", for messages.
std::string to_text(const Address& address);

}  // namespace skiff::transport
