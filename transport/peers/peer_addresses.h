// PeerAddresses: a peer, and where it is dialled.
//
// It has up to three addresses, which are dialled in turn: the one in the log first, the one that it announces in its
// greetings, and the one that --cluster names for it. It may have moved while this node was away, or all nodes may
// have. Once the peer was reached at the address in the log, that of --cluster is not tried any more. A connection that
// breaks is dialled again at its own address.
//
// Always: an address occurs once in all(), and current() is one of them until the peer announces another.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "transport/loop/address.h"
#include "transport/peers/peer_identity.h"

namespace skiff::transport {

class PeerAddresses {
 public:
  PeerAddresses(PeerMember member, std::optional<Address> configured);

  // The peer, at the address in the log.
  const PeerMember& member() const { return member_; }
  // Of the connection, of the dial, or of the next dial.
  const Address& current() const { return current_; }
  bool is_at_member_address() const { return current_ == member_.address; }
  std::vector<Address> all() const;

  // The peer announces this address. Returns whether that is news.
  bool announce(const Address& address);
  // The next dial goes to the announced address. Returns false if there is none but that in the log.
  bool dial_announced_next();
  // The log has this address now. Requires: the peer is connected there.
  void confirm(const Address& address);
  // The address that the peer announces, and that is the current one, if that in the log has failed since the peer was
  // last reached there.
  std::optional<Address> moved_to() const;

  // The address in the log has failed when it was last dialled.
  bool has_failed() const { return has_failed_; }

  // A dial has ended: refused, because no process listens there, or in any other way.
  void note_dial(bool is_refused) { refusals_ = is_refused ? refusals_ + 1 : 0; }
  // Whether so many dials in a row were refused that each address was among them.
  bool are_all_refused() const { return refusals_ >= all().size(); }
  // The peer has greeted at the current address.
  void reached();
  // The connection has broken, or could not be made.
  void lost(bool was_connected);

 private:
  PeerMember member_;
  std::optional<Address> configured_;  // by --cluster
  std::optional<Address> announced_;   // by the peer itself, if it is another than that in the log
  Address current_;
  bool was_reached_ = false;  // at the address in the log
  bool has_failed_ = false;   // the address in the log, when it was last dialled
  size_t refusals_ = 0;       // in a row
};

}  // namespace skiff::transport
