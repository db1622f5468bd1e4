#include "src/config/options_fit.h"

#include <algorithm>

#include "raft/check.h"
#include "src/config/option.h"
#include "src/config/units.h"

namespace skiff {

using transport::Address;

namespace {

// Of two that listen at the same port. Names are not looked up: if they lead there, the second is told by the system.
bool do_overlap(const std::string& one, const std::string& other) {
  const bool are_of_a_kind = (one.find(':') == std::string::npos) == (other.find(':') == std::string::npos);
  for (const std::string& host : {one, other}) {
    if (transport::is_unspecified(host) && (are_of_a_kind || host.find(':') != std::string::npos)) return true;
  }
  return transport::is_same_place({one, 0}, {other, 0});
}

// Whether only this node can be there.
bool is_own_place(const Options& options, const Address& address) {
  CHECK(options.peer_listen.has_value());
  const Address& own = *options.peer_listen;
  if (transport::is_same_place(address, own)) return true;
  const bool is_own_entry = options.id <= options.cluster.size() && options.cluster[options.id - 1] == address;
  return is_own_entry && address.port == own.port && transport::is_unspecified(own.host);
}

}  // namespace

std::vector<Address> others_of(const Options& options) {
  std::vector<Address> others = options.cluster;
  if (!options.peer_listen && options.id <= others.size()) {
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(options.id - 1));
  }
  if (options.peer_listen) {
    std::erase_if(others, [&](const Address& address) { return is_own_place(options, address); });
  }
  return others;
}

Result<> require_own_ports(const Options& options) {
  CHECK(options.id >= 1);
  const bool has_entry = options.id <= options.cluster.size();
  if (!options.peer_listen && !has_entry) return {};
  const Address& own = options.peer_listen ? *options.peer_listen : options.cluster[options.id - 1];
  if (own.port != options.port || !do_overlap(own.host, options.listen)) return {};
  return wrong("--port", std::to_string(options.port) + " is where this node waits for the other members (" +
                             transport::to_url(own) + "), and clients need another port: " +
                             (options.peer_listen ? "--peer-listen is" : "--cluster names the addresses") +
                             " for the members alone");
}

Result<> require_fit(const Options& options) {
  CHECK(options.id >= 1);
  CHECK(!options.cluster.empty());
  CHECK(options.heartbeat > 0_s);
  const bool has_entry = options.id <= options.cluster.size();
  if (!has_entry && !options.peer_listen) {
    return wrong("--id", std::to_string(options.id) + " has no entry in --cluster, which names " +
                             std::to_string(options.cluster.size()));
  }
  if (options.join && others_of(options).empty()) {
    return wrong("--join", "--cluster must name members that are there");
  }
  if (options.election_timeout < limits::kHeartbeatsPerElectionTimeoutMin * options.heartbeat) {
    return wrong("--election-timeout", show_duration(options.election_timeout) + " is less than " +
                                           std::to_string(limits::kHeartbeatsPerElectionTimeoutMin) +
                                           " times --heartbeat, which is " + show_duration(options.heartbeat));
  }
  return {};
}

// Loopback addresses beside others: a part of the cluster would be out of the others' reach. And one machine under two
// names: the cluster's name is a hash of these addresses as they are written, so nodes that were given different ones
// do not accept each other.
std::vector<std::string> doubts(const Options& options) {
  const auto find = [&](auto is_it) { return std::find_if(options.cluster.begin(), options.cluster.end(), is_it); };
  const auto end = options.cluster.end();
  const auto here = find([](const Address& address) { return transport::is_loopback(address.host); });
  const auto elsewhere = find([](const Address& address) { return !transport::is_loopback(address.host); });
  const auto differs = find([&](const Address& address) {
    return here != end && transport::is_loopback(address.host) && address.host != here->host;
  });
  std::vector<std::string> lines;
  if (here != end && elsewhere != end) {
    lines.push_back("--cluster has " + transport::to_url(*here) + ", which is each machine itself, beside " +
                    transport::to_url(*elsewhere) + ": give addresses that all members reach");
  }
  if (differs != end) {
    lines.push_back("--cluster has " + transport::to_url(*here) + " beside " + transport::to_url(*differs) +
                    ": use one of the names, and at every node the same letters");
  }
  return lines;
}

}  // namespace skiff
