// Query: the parameters of a request's query, percent-decoded.
//
// Parameters are separated by '&'. The first '=' separates the name of a parameter from its value; a parameter without
// it has an empty value. An empty parameter, as in "a&&b", is skipped. Name and value are decoded after they are
// separated, so an escaped '&' or '=' belongs to them (RFC 3986, 2.2). '+' stays a plus sign: a query is no HTML form.
// A value may hold any byte, if it is escaped, because a key may.
//
// Errors, each a sentence for the client: '%' without two hexadecimal digits; a control character or blank that is not
// escaped; a parameter without a name, or with NUL in it; more than kParametersMax parameters.
//
// A name that comes more than once is kept each time: find() tells how often, require_unique() refuses it.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"
#include "transport/http/found_value.h"

namespace skiff::transport {

class Query {
 public:
  static constexpr size_t kParametersMax = 64;

  struct Parameter {
    std::string name;
    std::string value;
  };

  // `text` is what stands behind the '?' of the target.
  static Result<Query> parse(std::string_view text);

  // The values of the parameters with exactly that name.
  FoundValue find(std::string_view name) const;
  // An error that names the first parameter whose name is not one of these, and lists those.
  Result<> require_known(std::initializer_list<std::string_view> names) const;
  // An error that names the first parameter that comes again.
  Result<> require_unique() const;

  const std::vector<Parameter>& parameters() const { return parameters_; }
  bool empty() const { return parameters_.empty(); }

 private:
  Result<> add(std::string_view text);

  std::vector<Parameter> parameters_;  // in the order in which they came
};

}  // namespace skiff::transport
