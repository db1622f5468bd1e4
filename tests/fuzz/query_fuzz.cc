// Foreign bytes for the parser of queries: parsing never fails on anything but its documented errors, and the decoded
// parameters, written again with every byte escaped, parse to the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "raft/check.h"
#include "transport/http/query.h"

namespace {

using skiff::Result;
using skiff::transport::Query;

std::string escape(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string escaped;
  for (char byte : text) {
    const auto value = static_cast<unsigned char>(byte);
    escaped += '%';
    escaped += kDigits[value / 16];
    escaped += kDigits[value % 16];
  }
  return escaped;
}

std::string write(const Query& query) {
  std::string text;
  for (const Query::Parameter& parameter : query.parameters()) {
    if (!text.empty()) text += '&';
    text += escape(parameter.name) + "=" + escape(parameter.value);
  }
  return text;
}

void check_lookups(const Query& query) {
  bool is_unique = true;
  for (const Query::Parameter& parameter : query.parameters()) {
    const auto found = query.find(parameter.name);
    CHECK(found.has_value());
    CHECK(found.is_repeated() || *found == parameter.value);
    is_unique = is_unique && !found.is_repeated();
  }
  CHECK(query.require_unique().has_value() == is_unique);
  CHECK(query.require_known({}).has_value() == query.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Result<Query> query = Query::parse({reinterpret_cast<const char*>(data), size});
  if (!query) {
    CHECK(!query.error().what.empty());
    return 0;
  }
  CHECK(query->parameters().size() <= Query::kParametersMax);
  check_lookups(*query);
  const Result<Query> again = Query::parse(write(*query));
  CHECK(again.has_value());
  CHECK(write(*again) == write(*query));
  return 0;
}
