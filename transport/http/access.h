// HttpAccess: which web pages may speak to this server, and by which names it may be reached.
//
// A request that a web page sends to http://localhost:9121 comes from the machine of its reader, and from inside the
// firewall. Two checks precede every request:
//
// - Origin: a browser names the page's origin in every request that could change data, and in every request whose
//   answer the page may read. It must be the origin that the request was sent to, or an allowed one (403). A request
//   without the header comes from no page, or is a GET that changes nothing and whose answer the page cannot see.
// - Host: a page whose own name resolves to 127.0.0.1 (DNS rebinding) has the same origin, and could read all data. Its
//   requests carry that name. So a server that listens on a loopback address answers only to IP addresses, to
//   localhost, and to the configured names (421). HTTP/1.0 without a Host does not come from a browser.
//
// Programs are not affected: curl sends no Origin. The checks are no authentication.   (RFC 6454; RFC 9110, 7.2)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"
#include "transport/http/message.h"

namespace skiff::transport {

struct HttpAccess {
  std::vector<std::string> origins;  // whose pages may send requests, too; "*": all pages
  std::vector<std::string> hosts;    // names that it answers to, too; "*": all names
  bool is_for_this_machine = false;  // it listens on a loopback address
};

class HttpGate {
 public:
  explicit HttpGate(HttpAccess access);

  // The answer to a request that is not allowed, 421 or 403, or nothing.
  std::optional<Response> refuse(const Request& request);
  // The other origin whose pages may read the answer, as Access-Control-Allow-Origin names it ("*": any); empty: none.
  // Requires: the request was not refused.
  std::string reader_of(const Request& request) const;

 private:
  static bool is_own(std::string_view origin, std::string_view host);
  bool is_known_host(std::string_view host) const;
  bool is_allowed(std::string_view origin) const;

  HttpAccess access_;
  bool takes_any_host_;
  bool takes_any_origin_;
  std::string last_host_;  // the last one that was allowed: the next request often has the same
};

// Adds the headers that let a page of that origin read the answer.
void allow_reader(Response& response, std::string reader);

// "http://app.example, https://app.example:8443", or "*". As a browser would write them.
Result<> parse_origins(std::string_view text, std::vector<std::string>& into);
// "skiff.example, db", or "*". Lower-case.
Result<> parse_host_names(std::string_view text, std::vector<std::string>& into);

// Whether it may stand in a Host header: a name or an address, perhaps with a port (RFC 9110, 7.2; RFC 3986, 3.2.2).
bool is_host_and_port(std::string_view text);

}  // namespace skiff::transport
