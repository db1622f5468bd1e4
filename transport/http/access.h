// HttpAccess: which web pages may speak to this server, and by which names it may be reached.
//
// A browser lends every page its place in the network: what a page sends to http://localhost:9121 comes from the
// reader's own machine, and from inside its firewall. Two checks stand in front of every request:
//
// - Origin: a browser names the page's origin with every request that could change something, and with every one whose
//   answer the page may read. It must be this server's own, which is what the request was sent to, or one that is
//   allowed. (403)  A request without it is no page's, or a GET that changes nothing and whose answer the page cannot
//   see.
// - Host: a page whose own name is made to lead to 127.0.0.1 (DNS rebinding) is of the same origin, and would read
//   everything. Its requests carry that name. So a server that is meant for this machine alone answers only to an IP
//   address, to localhost, and to the names it was told. (421)  HTTP/1.0 without a Host is no browser.
//
// Programs are not held up by this: curl sends no Origin. It is no authentication either.   (RFC 6454; RFC 9110, 7.2)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"
#include "transport/http/message.h"

namespace skiff::transport {

struct HttpAccess {
  std::vector<std::string> origins;  // pages of these may speak to it, too; "*": all pages
  std::vector<std::string> hosts;    // it answers to these names, too; "*": to all
  bool is_for_this_machine = false;  // it listens on a loopback address
};

class HttpGate {
 public:
  explicit HttpGate(HttpAccess access);

  // The answer to a request that may not come in: 421 or 403, and nothing was done; or nothing.
  std::optional<Response> refuse(const Request& request);
  // The page of another origin that may read the answer, as an answer names it ("*": any); empty: there is none.
  // Requires: the request was not refused.
  std::string reader_of(const Request& request) const;

 private:
  static bool is_own(std::string_view origin, std::string_view host);
  bool is_known_host(std::string_view host) const;
  bool is_allowed(std::string_view origin) const;

  HttpAccess access_;
  bool takes_any_host_;
  bool takes_any_origin_;
  std::string last_host_;  // that was let in: a client's next request has the same
};

// So that a page of that origin may read the answer.
void allow_reader(Response& response, std::string reader);

// "http://app.example, https://app.example:8443", or "*". As a browser would write them.
Result<> parse_origins(std::string_view text, std::vector<std::string>& into);
// "skiff.example, db", or "*". Lower-case.
Result<> parse_host_names(std::string_view text, std::vector<std::string>& into);

// Whether it may stand in a Host header: a name or an address, perhaps with a port (RFC 9110, 7.2; RFC 3986, 3.2.2).
bool is_host_and_port(std::string_view text);

}  // namespace skiff::transport
