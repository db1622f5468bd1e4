// The setting of tests with sockets of their own on a loop: a port, and a way to wait for an event.
#pragma once

#include "tests/support/catch.h"
#include "transport/loop/address.h"
#include "transport/loop/loop.h"

namespace skiff::loop_world {

inline const transport::Address kAnyPort{"127.0.0.1", 0};

template <class Condition>
void run_until(transport::Loop& loop, Condition condition) {
  while (!condition()) {
    const bool is_alive = loop.run_once();
    REQUIRE((is_alive || condition()));
  }
}

}  // namespace skiff::loop_world
