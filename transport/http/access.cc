#include "transport/http/access.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

namespace skiff::transport {
namespace {

constexpr size_t kShownBytesMax = 200;  // of what a client sent, in an answer

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
bool is_letter(char byte) { return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'); }

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& byte : lowered) {
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
  }
  return lowered;
}

std::string shown(std::string_view text) { return "\"" + std::string(text.substr(0, kShownBytesMax)) + "\""; }

// "[::1]:80" -> "[::1]", ":80"
std::pair<std::string_view, std::string_view> split_port(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.find(']', colon) != std::string_view::npos) return {text, {}};
  return {text.substr(0, colon), text.substr(colon)};
}

bool is_ipv4(std::string_view host) {
  std::array<unsigned char, sizeof(in_addr)> address{};
  return inet_pton(AF_INET, std::string(host).c_str(), address.data()) == 1;
}

bool is_ipv6(std::string_view host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET6, std::string(host.substr(0, host.find('%'))).c_str(), address.data()) == 1;
}

bool is_in_brackets(std::string_view host) { return host.size() > 2 && host.front() == '[' && host.back() == ']'; }

// RFC 3986: unreserved, percent-encoded, sub-delims.
bool is_name_byte(char byte) {
  constexpr std::string_view kOthers = "-._~%!$&'()*+,;=";
  return is_letter(byte) || is_digit(byte) || kOthers.find(byte) != std::string_view::npos;
}

bool is_listed(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string_view without_last_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

// The part of an origin after "http://", or the value of a Host header, in one spelling for all that mean the same.
std::string normal_host(std::string_view text, std::string_view default_port) {
  const auto [host, port] = split_port(text);
  return lower(host) + std::string(port == ":" || port == default_port ? std::string_view() : port);
}

// Scheme, "://", host, perhaps a port, and nothing behind it.
bool is_origin(std::string_view text) {
  const size_t end = text.find("://");
  if (end == std::string_view::npos || end == 0 || !is_letter(text.front())) return false;
  const auto is_scheme_byte = [](char byte) {
    return is_letter(byte) || is_digit(byte) || byte == '+' || byte == '-' || byte == '.';
  };
  const std::string_view scheme = text.substr(0, end), rest = text.substr(end + 3);
  return std::all_of(scheme.begin(), scheme.end(), is_scheme_byte) && is_host_and_port(rest);
}

std::string normal_origin(std::string_view text) {
  const size_t end = text.find("://") + 3;
  const std::string scheme = lower(text.substr(0, end));
  return scheme + normal_host(text.substr(end), scheme == "https://" ? ":443" : ":80");
}

bool is_host_name(std::string_view text) {
  const auto is_plain = [](char byte) {
    return is_letter(byte) || is_digit(byte) || byte == '.' || byte == '-' || byte == '_';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_plain);
}

template <class Take>
Result<> for_each_name(std::string_view text, Take take) {
  while (true) {
    const size_t comma = std::min(text.find(','), text.size());
    if (Result<> taken = take(trim(text.substr(0, comma))); !taken) return taken;
    if (comma == text.size()) return {};
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

HttpGate::HttpGate(HttpAccess access)
    : access_(std::move(access)),
      takes_any_host_(is_listed(access_.hosts, "*") || (!access_.is_for_this_machine && access_.hosts.empty())),
      takes_any_origin_(is_listed(access_.origins, "*")) {}

std::optional<Response> HttpGate::refuse(const Request& request) {
  if (!takes_any_host_ && !request.host.empty() && request.host != last_host_) {
    if (!is_known_host(request.host)) {
      return text(421, "this node does not answer to " + shown(request.host) +
                           ": --host-whitelist names what it answers to, beside IP addresses and localhost\n");
    }
    last_host_ = request.host;
  }
  if (takes_any_origin_) return std::nullopt;
  for (const HeaderField header : request.headers) {
    if (header.name != "origin" || is_own(header.value, request.host) || is_allowed(header.value)) continue;
    return text(403, "a page of " + shown(header.value) + " may not speak to this node, which is http://" +
                         request.host.substr(0, kShownBytesMax) + " here: --cors-origin names the pages that may\n");
  }
  return std::nullopt;
}

std::string HttpGate::reader_of(const Request& request) const {
  const FoundValue origin = request.header("origin");
  if (!origin || is_own(*origin, request.host)) return {};
  return takes_any_origin_ ? "*" : std::string(*origin);
}

bool HttpGate::is_known_host(std::string_view text) const {
  const std::string_view host = split_port(text).first;
  if (is_in_brackets(host)) return is_ipv6(host.substr(1, host.size() - 2));
  const std::string name = lower(without_last_dot(host));
  return name == "localhost" || is_ipv4(name) || is_listed(access_.hosts, name);
}

// A browser writes an origin in one way only: lower-case, and without the default port.
bool HttpGate::is_own(std::string_view origin, std::string_view host) {
  constexpr std::string_view kScheme = "http://";
  return origin.starts_with(kScheme) && !host.empty() &&
         normal_host(origin.substr(kScheme.size()), ":80") == normal_host(host, ":80");
}

bool HttpGate::is_allowed(std::string_view origin) const { return is_listed(access_.origins, origin); }

void allow_reader(Response& response, std::string reader) {
  if (reader != "*") response.headers.push_back({"Vary", "Origin"});
  response.headers.push_back({"Access-Control-Allow-Origin", std::move(reader)});
}

Result<> parse_origins(std::string_view text, std::vector<std::string>& into) {
  into.clear();
  return for_each_name(text, [&](std::string_view origin) -> Result<> {
    if (origin != "*" && !is_origin(origin)) {
      return fail(Error::Code::invalid, shown(origin) +
                                            " is no origin, like http://app.example or https://app.example:8443 (no "
                                            "path, no slash behind it), nor * for all");
    }
    into.push_back(origin == "*" ? "*" : normal_origin(origin));
    return {};
  });
}

Result<> parse_host_names(std::string_view text, std::vector<std::string>& into) {
  into.clear();
  return for_each_name(text, [&](std::string_view name) -> Result<> {
    if (name != "*" && !is_host_name(name)) {
      return fail(Error::Code::invalid,
                  shown(name) + " is no host's name, like skiff.example (no port, no http://), nor * for all");
    }
    into.push_back(lower(without_last_dot(name)));
    return {};
  });
}

bool is_host_and_port(std::string_view text) {
  const auto [host, port] = split_port(text);
  if (!port.empty() && !std::all_of(port.begin() + 1, port.end(), is_digit)) return false;
  if (is_in_brackets(host)) return is_ipv6(host.substr(1, host.size() - 2));
  return !host.empty() && std::all_of(host.begin(), host.end(), is_name_byte);
}

}  // namespace skiff::transport
