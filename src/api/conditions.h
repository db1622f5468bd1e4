// Conditions: If-Match and If-None-Match of a request (RFC 9110, 13.1.1 and 13.1.2), as conditions of the store.
//
// A key has one strong tag: the revision that last wrote it, in quotes. If-Match compares strongly, so a weak tag in it
// matches nothing; If-None-Match compares weakly (8.8.3.2). A tag that is well-formed and no revision is the tag of
// something else, and matches nothing. Several headers of one name are one list. Both headers must hold.
//
// Failures: a list that is empty or malformed, has a star beside tags, or has more than 100 tags.
#pragma once

#include <memory>

#include "src/base/result.h"
#include "store/state/condition.h"
#include "transport/http/headers.h"

namespace skiff {

struct Conditions {
  store::Condition match;       // If-Match: a read or a write without it is answered 412
  store::Condition none_match;  // If-None-Match: a read is answered 304, a write 412

  // Both as one, which a write carries.
  store::Condition together() const;
};

// Returns null if the request has neither header.
Result<std::unique_ptr<const Conditions>> parse_conditions(const transport::Headers& headers);

}  // namespace skiff
