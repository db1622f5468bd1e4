#include "transport/peers/peer_addresses.h"

#include "tests/support/catch.h"
#include "transport/peers/link_log.h"

namespace skiff::peer_addresses_test {

using transport::Address;
using transport::LinkLog;
using transport::PeerAddresses;

const Address kInLog{"10.0.0.1", 1}, kAnnounced{"10.0.0.2", 2}, kConfigured{"10.0.0.3", 3};

// Loses the dial, and tells where the next one goes.
const Address& next_after_failure(PeerAddresses& addresses) {
  addresses.lost(false);
  return addresses.current();
}

TEST_CASE("the addresses of a peer are dialled in turn, each once in a round") {
  PeerAddresses addresses({.id = 2, .address = kInLog}, kConfigured);
  REQUIRE(addresses.current() == kInLog);
  REQUIRE(addresses.announce(kAnnounced));
  REQUIRE_FALSE(addresses.announce(kAnnounced));

  for (int round = 0; round < 2; ++round) {
    REQUIRE(next_after_failure(addresses) == kAnnounced);
    REQUIRE(next_after_failure(addresses) == kConfigured);
    REQUIRE(next_after_failure(addresses) == kInLog);
  }
  REQUIRE(addresses.announce(kConfigured));
  REQUIRE(addresses.all().size() == 2);
}

TEST_CASE("an address that the peer does not announce any more is left for the one in the log") {
  PeerAddresses addresses({.id = 2, .address = kInLog}, {});
  REQUIRE_FALSE(addresses.dial_announced_next());
  addresses.announce(kAnnounced);
  REQUIRE(addresses.dial_announced_next());
  REQUIRE(addresses.current() == kAnnounced);

  addresses.announce(kInLog);
  REQUIRE(addresses.all().size() == 1);
  addresses.lost(true);
  REQUIRE(addresses.is_at_member_address());
}

TEST_CASE("a connection that breaks is dialled again where it was") {
  PeerAddresses addresses({.id = 2, .address = kInLog}, kConfigured);
  addresses.lost(false);
  addresses.reached();
  addresses.lost(true);
  REQUIRE(addresses.current() == kConfigured);
}

TEST_CASE("once a peer was reached at the address in the log, that of --cluster is not tried any more") {
  PeerAddresses addresses({.id = 2, .address = kInLog}, kConfigured);
  addresses.reached();
  REQUIRE(next_after_failure(addresses) == kInLog);
  REQUIRE(addresses.all().size() == 1);
}

TEST_CASE("a peer has moved if it is where it announces, and the address in the log has failed") {
  PeerAddresses addresses({.id = 2, .address = kInLog}, {});
  addresses.announce(kAnnounced);
  addresses.dial_announced_next();
  REQUIRE_FALSE(addresses.moved_to());
  addresses.lost(false);
  REQUIRE(next_after_failure(addresses) == kAnnounced);
  REQUIRE(addresses.moved_to() == kAnnounced);

  addresses.confirm(kAnnounced);
  REQUIRE(addresses.member().address == kAnnounced);
  REQUIRE_FALSE(addresses.moved_to());
}

TEST_CASE("a peer is gone when dials at all its addresses are refused in a row") {
  PeerAddresses addresses({.id = 2, .address = kInLog}, kConfigured);
  addresses.note_dial(true);
  REQUIRE_FALSE(addresses.are_all_refused());
  addresses.note_dial(false);
  addresses.note_dial(true);
  REQUIRE_FALSE(addresses.are_all_refused());
  addresses.note_dial(true);
  REQUIRE(addresses.are_all_refused());
}

TEST_CASE("a link logs each reason once for each address, and again once it has worked") {
  LinkLog log;
  REQUIRE(log.failed(kInLog, "refused", 0_ms));
  REQUIRE_FALSE(log.failed(kInLog, "refused", 1_ms));
  REQUIRE(log.failed(kAnnounced, "refused", 2_ms));
  REQUIRE(log.failed(kInLog, "timed out", 3_ms));
  REQUIRE(log.error() == "timed out");

  log.connected();
  REQUIRE(log.error().empty());
  REQUIRE(log.failed(kInLog, "timed out", 4_ms));
}

TEST_CASE("a link logs ten lines in ten seconds, and a reason that found no room later") {
  LinkLog log;
  for (int line = 0; line < LinkLog::kLinesMax; ++line) REQUIRE(log.may_log(5_ms));
  REQUIRE_FALSE(log.may_log(6_ms));
  REQUIRE_FALSE(log.failed(kInLog, "refused", 9'999_ms));
  REQUIRE(log.failed(kInLog, "refused", 10_s));
}

}  // namespace skiff::peer_addresses_test
