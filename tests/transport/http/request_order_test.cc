#include "transport/http/request_order.h"

#include <string>
#include <utility>

#include "tests/support/catch.h"
#include "transport/http/exchanges.h"

namespace skiff::request_order_test {

using transport::Exchange;
using transport::Exchanges;
using transport::Ordering;
using transport::RequestOrder;

TEST_CASE("only safe requests and only writes run side by side, each with its own kind") {
  for (const Ordering running : {Ordering::safe, Ordering::write, Ordering::alone}) {
    for (const Ordering next : {Ordering::safe, Ordering::write, Ordering::alone}) {
      INFO("running " << static_cast<int>(running) << ", next " << static_cast<int>(next));
      RequestOrder order;
      REQUIRE(order.may_join(next));
      order.begin(running);
      REQUIRE(order.may_join(next) == (running == next && running != Ordering::alone));
      order.end();
      REQUIRE(order.may_join(next));
    }
  }
}

TEST_CASE("a request that waits is ready when all before it have ended") {
  RequestOrder order;
  order.begin(Ordering::write);
  order.begin(Ordering::write);
  order.ends_later();
  REQUIRE_FALSE(order.has_waiting());
  order.wait({.request = {.path = "/k"}, .ordering = Ordering::safe, .number = 3, .body_bytes = 7});
  REQUIRE(order.waiting_body_bytes() == 7);

  for (int ends = 0; ends < 3; ++ends) {
    REQUIRE(order.has_waiting());
    REQUIRE_FALSE(order.is_ready());
    order.end();
  }
  REQUIRE(order.is_ready());
  const RequestOrder::Waiting next = order.take_ready();
  REQUIRE(next.request.path == "/k");
  REQUIRE(next.number == 3);
  REQUIRE_FALSE(order.has_waiting());
  REQUIRE(order.waiting_body_bytes() == 0);
}

TEST_CASE("exchanges leave in the order of their numbers, whichever is answered first") {
  Exchanges exchanges;
  for (const char* reader : {"one", "two", "three"}) {
    const uint64_t number = exchanges.next_number();
    exchanges.add({.reader = reader});
    REQUIRE(exchanges.at(number).reader == reader);
  }
  exchanges.at(2).is_answered = true;
  REQUIRE_FALSE(exchanges.front().is_answered);

  exchanges.at(1).is_answered = true;
  exchanges.pop_front();
  REQUIRE_FALSE(exchanges.has(1));
  REQUIRE(exchanges.is_first(2));
  REQUIRE(exchanges.front().reader == "two");
  REQUIRE_FALSE(exchanges.is_streaming());
  exchanges.front().has_begun = true;
  REQUIRE(exchanges.is_streaming());
  REQUIRE(exchanges.next_number() == 4);
  REQUIRE_FALSE(exchanges.has(4));
}

}  // namespace skiff::request_order_test
