// The route table: which paths are the store's own, and which methods each of them takes.
//
// Every other path is a key. A path that is reserved for something which this version does not have is in the table,
// too: no key can come to stand there, and be out of reach later.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "transport/http/message.h"

namespace skiff {

// A set of methods. OPTIONS belongs to every path and is in none of them.
class Methods {
 public:
  constexpr Methods(std::initializer_list<transport::Method> methods) {
    for (transport::Method method : methods) bits_ |= bit(method);
  }

  bool has(transport::Method method) const { return (bits_ & bit(method)) != 0; }
  // "GET, HEAD, OPTIONS": what an Allow header says.
  std::string allow() const;

 private:
  static constexpr unsigned bit(transport::Method method) { return 1u << static_cast<unsigned>(method); }

  unsigned bits_ = 0;
};

struct Route {
  enum class Place { key, members, member, health, livez, status, version, snapshot, later };

  std::string_view path;
  bool is_prefix;
  Place place;
  Methods methods;
};

const Route& route_of(std::string_view path);

// What the server as a whole takes: the answer to OPTIONS *.
Methods all_methods();

}  // namespace skiff
