// Target: how each kind of store is asked, and what its answers mean.
//
//   skiff    PUT /key, GET /key, GET /key?consistency=stale
//   etcd-v2  PUT /v2/keys/key with value=..., GET with ?quorum=true, or without for a stale read
//   etcd-v3  POST /v3/kv/put and /v3/kv/range with JSON and base64, "serializable" for a stale read
//   raw      PUT /key and GET /key, for any other HTTP store
#pragma once

#include <string>
#include <string_view>

#include "bench/operation.h"
#include "bench/plan.h"
#include "src/base/result.h"

namespace skiff::bench {

Result<Target> parse_target(std::string_view text);
std::string_view name_of(Target target);

class RequestWriter {
 public:
  explicit RequestWriter(const Plan& plan);

  // Appends the request of `operation` for the node that is called `host`.
  void write(std::string& out, const Operation& operation, std::string_view host);

 private:
  void write_http(std::string& out, std::string_view method, std::string_view host, std::string_view content_type,
                  size_t body_bytes);
  void write_put(std::string& out, const Operation& operation, std::string_view host);
  void write_get(std::string& out, std::string_view host);

  const Target target_;
  const bool stale_reads_;
  const std::string prefix_;
  const std::string value_;         // as long as the longest
  const std::string value_base64_;  // of the same
  std::string key_;                 // of the request that is being written, and what else is reused
  std::string path_;
  std::string body_;
};

// How an operation ended that was answered with this status.
End end_of(Kind kind, int status);

std::string base64(std::string_view bytes);

}  // namespace skiff::bench
