// Headers that change what a request means, and that this version cannot do: refused, never skipped.
//
// To skip a header is right where it only asks for comfort, and where RFC 9110 says so. A condition that is skipped on
// a write lets every lock succeed; a part of a value that is taken for the whole destroys the rest of it. So a write
// (PUT, DELETE, POST) is refused with:
//
// - 501 for a condition other than If-Match and If-None-Match (If-Modified-Since and If-Unmodified-Since, too: values
//   have no dates), for Idempotency-Key, which promises that a repetition does nothing, and for a header that asks for
//   another method than the one in the request line;
// - 400 for If-Match or If-None-Match on anything but a key, which alone has a tag (src/api/conditions.h);
// - 400 for Content-Range: the body is a part of a value (RFC 9110, 14.5);
// - 415 for a Content-Encoding: values are given back as they came, and nothing would say how they are encoded (8.4).
//
// A read of anything but a key is refused for If-Match alone: 200 would say that it holds. All others may be ignored
// there: they only save sending the answer (13.1.2, 13.1.3, 14.2), or concern dates (13.1.4).
//
// Always: it does not matter how often, in which case, or with which value (none, too) such a header comes.
#pragma once

#include <optional>

#include "transport/http/message.h"

namespace skiff {

// The answer to a request with such a header, or nothing. It is certain: nothing was done. `is_key`: the request asks
// for one key, whose tag If-Match and If-None-Match are about.
std::optional<transport::Response> refuse_headers(const transport::Request& request, bool is_key);

bool is_read(transport::Method method);

}  // namespace skiff
