#include "bench/target.h"

#include "tests/support/catch.h"

namespace skiff::bench::target_test {

std::string request(Target target, Kind kind, uint64_t value_bytes = 4, bool stale = false) {
  Plan plan;
  plan.target = target;
  plan.value_bytes = plan.value_bytes_max = value_bytes;
  plan.stale_reads = stale;
  RequestWriter writer(plan);
  std::string out;
  writer.write(out, {.kind = kind, .key = 42, .value_bytes = value_bytes}, "h:1");
  return out;
}

// The value is the same letters for everybody.
std::string value(size_t bytes) {
  const std::string put = request(Target::raw, Kind::put, bytes);
  return put.substr(put.size() - bytes);
}

TEST_CASE("each store is asked in its own words") {
  const std::string rest = " HTTP/1.1\r\nHost: h:1\r\n";
  const std::string path = "/bench/00000042";
  const std::string key = base64(path);
  REQUIRE(request(Target::skiff, Kind::put) == "PUT " + path + rest + "Content-Length: 4\r\n\r\n" + value(4));
  REQUIRE(request(Target::skiff, Kind::get) == "GET " + path + rest + "\r\n");
  REQUIRE(request(Target::skiff, Kind::get, 4, true) == "GET " + path + "?consistency=stale" + rest + "\r\n");
  REQUIRE(request(Target::raw, Kind::get, 4, true) == "GET " + path + rest + "\r\n");
  REQUIRE(request(Target::etcd_v2, Kind::put) ==
          "PUT /v2/keys" + path + rest +
              "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\nvalue=" + value(4));
  REQUIRE(request(Target::etcd_v2, Kind::get) == "GET /v2/keys" + path + "?quorum=true" + rest + "\r\n");
  REQUIRE(request(Target::etcd_v2, Kind::get, 4, true) == "GET /v2/keys" + path + rest + "\r\n");
  const std::string json = "Content-Type: application/json\r\nContent-Length: ";
  for (const size_t bytes : {0u, 1u, 2u, 3u, 4u, 256u}) {
    const std::string put = R"({"key":")" + key + R"(","value":")" + base64(value(bytes)) + R"("})";
    REQUIRE(request(Target::etcd_v3, Kind::put, bytes) ==
            "POST /v3/kv/put" + rest + json + std::to_string(put.size()) + "\r\n\r\n" + put);
  }
  const std::string range = R"({"key":")" + key + R"("})";
  REQUIRE(request(Target::etcd_v3, Kind::get) ==
          "POST /v3/kv/range" + rest + json + std::to_string(range.size()) + "\r\n\r\n" + range);
  const std::string stale = R"({"key":")" + key + R"(","serializable":true})";
  REQUIRE(request(Target::etcd_v3, Kind::get, 4, true) ==
          "POST /v3/kv/range" + rest + json + std::to_string(stale.size()) + "\r\n\r\n" + stale);
}

TEST_CASE("base64 is that of RFC 4648") {
  REQUIRE(base64("") == "");
  REQUIRE(base64("f") == "Zg==");
  REQUIRE(base64("fo") == "Zm8=");
  REQUIRE(base64("foo") == "Zm9v");
  REQUIRE(base64("foob") == "Zm9vYg==");
  REQUIRE(base64("\xff\xfe") == "//4=");
}

TEST_CASE("statuses mean what the contract says") {
  REQUIRE(end_of(Kind::put, 200) == End::done);
  REQUIRE(end_of(Kind::put, 204) == End::done);
  REQUIRE(end_of(Kind::get, 404) == End::missing);
  REQUIRE(end_of(Kind::put, 404) == End::rejected);
  REQUIRE(end_of(Kind::put, 503) == End::refused);
  REQUIRE(end_of(Kind::put, 504) == End::unknown);
  REQUIRE(end_of(Kind::get, 500) == End::rejected);
  REQUIRE(end_of(Kind::get, 307) == End::rejected);
}

}  // namespace skiff::bench::target_test
