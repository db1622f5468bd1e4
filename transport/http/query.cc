#include "transport/http/query.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "src/base/try.h"
#include "transport/http/message.h"

namespace skiff::transport {
namespace {

constexpr size_t kShownNameBytesMax = 100;  // of a name that a client sent, in an error

bool must_be_escaped(char byte) { return static_cast<unsigned char>(byte) <= ' ' || byte == '\x7f'; }

// In quotes; bytes that are not printable ASCII become '?'.
std::string shown_name(std::string_view name) {
  std::string text = "\"";
  for (char byte : name.substr(0, kShownNameBytesMax)) text += byte >= ' ' && byte <= '~' ? byte : '?';
  return text + (name.size() > kShownNameBytesMax ? "...\"" : "\"");
}

std::string joined(std::initializer_list<std::string_view> names) {
  std::string text;
  for (std::string_view name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

}  // namespace

Result<Query> Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::string_view parameter = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), parameter.size() + 1));
    if (parameter.empty()) continue;
    if (Result<> added = query.add(parameter); !added) return fail(added.error().code, added.error().what);
  }
  CHECK(query.parameters_.size() <= kParametersMax);
  return query;
}

Result<> Query::add(std::string_view text) {
  if (parameters_.size() == kParametersMax) {
    return fail(Error::Code::invalid, "the query has more than " + std::to_string(kParametersMax) + " parameters");
  }
  if (std::any_of(text.begin(), text.end(), must_be_escaped)) {
    return fail(Error::Code::invalid, "a blank or control character in the query must be escaped, like %20");
  }
  const size_t name_end = std::min(text.find('='), text.size());
  Parameter parameter;
  TRY(parameter.name, percent_decode(text.substr(0, name_end)));
  TRY(parameter.value, percent_decode(text.substr(std::min(name_end + 1, text.size()))));
  if (parameter.name.empty()) return fail(Error::Code::invalid, "a parameter of the query has no name");
  if (parameter.name.find('\0') != std::string::npos) {
    return fail(Error::Code::invalid, "the name of a query parameter holds a NUL byte");
  }
  parameters_.push_back(std::move(parameter));
  return {};
}

FoundValue Query::find(std::string_view name) const {
  FoundValue found;
  for (const Parameter& parameter : parameters_) {
    if (parameter.name != name) continue;
    if (found.count == 0) found.first = parameter.value;
    ++found.count;
  }
  return found;
}

Result<> Query::require_known(std::initializer_list<std::string_view> names) const {
  for (const Parameter& parameter : parameters_) {
    if (std::find(names.begin(), names.end(), parameter.name) != names.end()) continue;
    if (names.size() == 0) return fail(Error::Code::invalid, "no query is known here");
    return fail(Error::Code::invalid, "unknown query " + shown_name(parameter.name) + "; known: " + joined(names));
  }
  return {};
}

Result<> Query::require_unique() const {
  for (const Parameter& parameter : parameters_) {
    if (!find(parameter.name).is_repeated()) continue;
    return fail(Error::Code::invalid, shown_name(parameter.name) + " is given more than once in the query");
  }
  return {};
}

}  // namespace skiff::transport
