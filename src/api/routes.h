// The route table: which paths are the store's own, and what answers each method of each of them.
//
// One row is one handler: the methods and the pattern that it serves, the permission to call it, and its largest body.
// Rows with the same pattern stand next to each other and share an Allow header. The first pattern that fits a path
// decides; the last one fits every path, which is then a key.
//
// A pattern is a path, with at most one '*' in it, which stands for any bytes, also for none and for slashes.
//
// A row without a handler reserves its pattern for a later version: no key can come to stand there, and be out of reach
// then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "src/base/ticket.h"
#include "transport/http/message.h"

namespace skiff {

class Api;

// A set of methods. OPTIONS belongs to every path and is in none of them.
class Methods {
 public:
  constexpr Methods() = default;
  constexpr Methods(std::initializer_list<transport::Method> methods) {
    for (transport::Method method : methods) bits_ |= bit(method);
  }

  constexpr bool has(transport::Method method) const { return (bits_ & bit(method)) != 0; }
  constexpr bool overlaps(Methods other) const { return (bits_ & other.bits_) != 0; }
  constexpr void add(Methods other) { bits_ |= other.bits_; }
  // "GET, HEAD, OPTIONS": what an Allow header says.
  std::string allow() const;

 private:
  static constexpr unsigned bit(transport::Method method) { return 1u << static_cast<unsigned>(method); }

  unsigned bits_ = 0;
};

// The permission that a client needs. It is not enforced yet, because there are no users in this version.
enum class Permission : uint8_t {
  none,     // it tells nothing about the data or the cluster
  read,     // of the key in the path
  write,    // of the key in the path
  inspect,  // how the cluster is made up and how it fares; no keys and no values
  admin,    // changes the cluster, or reads all of the data
};

struct Route {
  // The response, or nothing if it comes later, by ApiHost::respond().
  using Handler = std::optional<transport::Response> (Api::*)(const Ticket& ticket, transport::Request&& request);

  constexpr Route(Methods its_methods, std::string_view its_pattern, Handler its_handler, Permission needs,
                  size_t its_body_max)
      : methods(its_methods),
        pattern(its_pattern),
        prefix(its_pattern.substr(0, its_pattern.find('*'))),
        suffix(its_pattern.substr(prefix.size() + (prefix.size() < its_pattern.size() ? 1 : 0))),
        handler(its_handler),
        permission(needs),
        body_max(its_body_max) {}

  constexpr bool fits(std::string_view path) const {
    if (prefix.size() == pattern.size()) return path == pattern;
    return path.size() >= prefix.size() + suffix.size() && path.starts_with(prefix) && path.ends_with(suffix);
  }

  Methods methods;
  std::string_view pattern;
  std::string_view prefix;  // of the pattern, before its '*'
  std::string_view suffix;  // behind it
  Handler handler;          // null: reserved
  Permission permission;
  size_t body_max;  // bytes; --value-bytes-max may allow less
};

// All rows, to look at.
std::span<const Route> all_routes();
// The rows with the first pattern that fits. Never empty.
std::span<const Route> routes_of(std::string_view path);
Methods methods_of(std::span<const Route> routes);

}  // namespace skiff
