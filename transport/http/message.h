// Request, Response: HTTP messages as the rest of the program sees them, and the head of a response as text.
//
// A request is complete and within the limits, its path is decoded, and it has all of its headers. A response does not
// own its body but refers to it: a stored value goes to the socket without being copied. A body that is too large for
// memory comes from a BodySource, piece by piece.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "raft/payload.h"
#include "raft/time.h"
#include "src/base/result.h"
#include "transport/http/headers.h"

namespace skiff::transport {

enum class Method : uint8_t { get, head, put, post, del, options, other };

struct Request {
  Method method = Method::get;
  std::string path;   // percent-decoded bytes, any byte may occur; begins with '/', or is "*"
  std::string query;  // the bytes after '?', not decoded: see Query
  std::string host;   // of the target or the Host header, perhaps with a port; empty: HTTP/1.0 without one
  Headers headers;
  std::string body;

  // The values of the headers with that name, in any case.
  FoundValue header(std::string_view name) const { return headers.find(name); }
};

inline constexpr std::string_view kOctets = "application/octet-stream";
inline constexpr std::string_view kText = "text/plain; charset=utf-8";
inline constexpr std::string_view kJson = "application/json";

// A body that is generated while it is sent: the next piece when the client has taken the one before. It is destroyed
// after its last piece, and as soon as its client is gone.
class BodySource {
 public:
  struct Piece {
    std::string bytes;  // empty only at the end
    bool is_last = false;
    raft::Time wait;  // before the next is requested, so that other clients get their turn
  };
  virtual ~BodySource() = default;
  // Nothing: the body cannot be completed. The connection is closed then, and the client sees that the end is missing.
  virtual std::optional<Piece> next() = 0;
};

// Whether a cache may answer instead of the node (RFC 9111, 5.2.2).
enum class Caching : uint8_t {
  unsaid,    // no header: errors, and responses that no cache keeps anyway
  no_cache,  // only after asking the node
  no_store,  // never
};

// Of a response.
struct Header {
  std::string name;
  std::string value;
};

// Headers whose values are numbers. They cost no allocation, because their texts are a table of the program's. A number
// of 0 is left out.
struct NumberHeader {
  std::string_view before;  // "ETag: \""
  std::string_view after;   // "\"\r\n"
};
struct NumberHeaders {
  static constexpr size_t kMax = 5;
  std::span<const NumberHeader> names;      // kMax at most, and living as long as the program
  std::array<uint64_t, kMax> numbers = {};  // one for each name, in its order
};

struct Response {
  int status = 200;
  Caching caching = Caching::unsaid;
  std::string_view content_type = kOctets;  // text that lives as long as the program; not shown without a body
  std::string_view body;                    // bytes that `keep` keeps
  raft::Payload keep;                       // null: the bytes live as long as the program
  std::vector<Header> headers;              // further ones: Allow, Retry-After
  NumberHeaders numbers;
  std::unique_ptr<BodySource> source;  // if any, the body comes from there, and `body` is empty
};

Response octets(raft::Payload value);  // 200; null is an empty value
Response text(int status, std::string body);
Response json(int status, std::string body);
Response no_body(int status);           // 202, 204
Response unavailable(std::string why);  // 503, with Retry-After

enum class AfterAnswer { keep_open, close };
// How the client sees the end of a body from a BodySource: by the last chunk, or, in HTTP/1.0, by the end of the
// connection.
enum class Framing { chunked, until_closed };

// A body up to this size is copied behind its head, which is cheaper than one more buffer.
inline constexpr size_t kCopiedBytesMax = 4096;

// Status line and headers, with the empty line that ends them, and room for a body that is copied behind it. The same
// for HEAD as for GET. `date_line` is a whole header line, with its end.
std::string head(const Response& response, AfterAnswer after, Framing framing = Framing::chunked,
                 std::string_view date_line = {});

// The framing of a chunk: before its bytes, after them, and after the last chunk.
std::string chunk_head(size_t bytes);
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// "Not Found"
std::string_view reason_phrase(int status);

// "%2F" -> "/", "+" stays a plus. Error: a '%' that is not followed by two hexadecimal digits.
Result<std::string> percent_decode(std::string_view text);

// Removes blanks and tabs at both ends.
std::string_view trim(std::string_view text);

// Compares without regard to the case of ASCII letters. Requires: `lower` is lower-case.
bool equals_ignoring_case(std::string_view text, std::string_view lower);

}  // namespace skiff::transport
