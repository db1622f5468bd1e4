// The README's session and similar requests, with the real curl against three real nodes.

#include <algorithm>
#include <random>

#include "tests/cluster/support/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

struct CurlReply {
  int status = -1;  // the exit status of curl
  int code = 0;
  std::string headers;
  std::string body;
};

CurlReply curl(const std::vector<std::string>& arguments) {
  TemporaryDirectory directory;
  std::vector<std::string> command = {"curl",
                                      "--silent",
                                      "--path-as-is",
                                      "--max-time",
                                      "30",
                                      "--output",
                                      directory.file("body"),
                                      "--dump-header",
                                      directory.file("headers"),
                                      "--write-out",
                                      "%{http_code}"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  Done done = run(command);
  return {done.status, std::atoi(done.output.c_str()), read_file(directory.file("headers")),
          read_file(directory.file("body"))};
}

CurlReply curl_put(const std::string& url, const std::string& value) {
  TemporaryDirectory directory;
  write_file(directory.file("value"), value);
  return curl({"-X", "PUT", "--data-binary", "@" + directory.file("value"), url});
}

CurlReply curl_put_in_chunks(const std::string& url, const std::string& value) {
  TemporaryDirectory directory;
  write_file(directory.file("value"), value);
  return curl({"-T", directory.file("value"), "-H", "Transfer-Encoding: chunked", url});
}

std::string random_bytes(size_t count) {
  std::mt19937 random(1);
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// One cluster for all sections: starting one takes longer than the requests.
// A6: each status code, and keys and values of any bytes
TEST_CASE("curl is the client", "[A6]") {
  Cluster cluster(3, {"--value-bytes-max", "2MiB"});

  // A write at each node is read at each other node.
  for (int writer = 1; writer <= 3; ++writer) {
    const std::string path = "/written-at-" + std::to_string(writer);
    REQUIRE(curl({"-X", "PUT", "-d", "hello", cluster.url(writer, path)}).code == 204);
    for (int reader = 1; reader <= 3; ++reader) {
      CurlReply reply = curl({cluster.url(reader, path)});
      REQUIRE(reply.code == 200);
      REQUIRE(reply.body == "hello");
      REQUIRE(reply.headers.find("application/octet-stream") != std::string::npos);
      REQUIRE(reply.headers.find("nosniff") != std::string::npos);
    }
  }

  // A missing key has a fixed text.
  CurlReply miss = curl({cluster.url(3, "/none")});
  REQUIRE(miss.code == 404);
  REQUIRE(miss.body == "Failed to GET");

  // Any bytes are a value.
  for (size_t size : {size_t{0}, size_t{1}, size_t{65'536}, size_t{1'048'576}, size_t{2'097'152}}) {
    const std::string value = random_bytes(size);
    REQUIRE(curl_put(cluster.url(1, "/binary"), value).code == 204);
    for (int reader = 1; reader <= 3; ++reader) REQUIRE((curl({cluster.url(reader, "/binary")}).body == value));
  }
  // The memory reserved for their bodies is free again.
  REQUIRE(cluster.status(1).at("clients").at("body_bytes") == 0);
  REQUIRE(curl_put(cluster.url(1, "/binary"), random_bytes(2'097'153)).code == 413);
  REQUIRE((curl({cluster.url(2, "/binary")}).body == random_bytes(2'097'152)));
  REQUIRE(curl_put_in_chunks(cluster.url(2, "/chunked"), random_bytes(300'000)).code == 204);
  REQUIRE((curl({cluster.url(3, "/chunked")}).body == random_bytes(300'000)));

  // Any bytes are a key: paths that differ once decoded are different keys, and paths that do not are the same key.
  const std::vector<std::string> keys = {
      "/with%20space", "/with%2520space", "/a%2Fb%00c", "/a%2Fb", "/a%2Fb%00", "/gr%C3%BC%C3%9Fe", "/%ff%FE", "/", "//",
      "/./",           "/../x",           "/plus+plus", "/%0d%0a"};
  for (const std::string& key : keys) REQUIRE(curl_put(cluster.url(1, key), "of " + key).code == 204);
  for (const std::string& key : keys) REQUIRE(curl({cluster.url(2, key)}).body == "of " + key);
  REQUIRE(curl({cluster.url(3, "/a/b")}).body == "of /a%2Fb");
  REQUIRE(curl({cluster.url(3,
                            "/gr\xc3\xbc\xc3\x9f"
                            "e")})
              .body == "of /gr%C3%BC%C3%9Fe");
  REQUIRE(curl({cluster.url(3, "/%67r%c3%bc%c3%9fe")}).body == "of /gr%C3%BC%C3%9Fe");
  REQUIRE(curl({cluster.url(1, "/bad%2")}).code == 400);

  // HEAD is GET without the body.
  CurlReply head = curl({"--head", cluster.url(2, "/written-at-1")});
  REQUIRE(head.code == 200);
  REQUIRE((head.headers.find("Content-Length: 5") != std::string::npos ||
           head.headers.find("content-length: 5") != std::string::npos));
  REQUIRE(curl({"--head", cluster.url(2, "/none")}).code == 404);

  // DELETE, also of a key that is not there.
  for (int times = 0; times < 2; ++times) {
    REQUIRE(curl({"-X", "DELETE", cluster.url(2, "/written-at-1")}).code == 204);
    for (int reader = 1; reader <= 3; ++reader) REQUIRE(curl({cluster.url(reader, "/written-at-1")}).code == 404);
  }

  // A stale read must be asked for, and sees the write in the end.
  REQUIRE(within_ms(10'000, [&] { return curl({cluster.url(1, "/written-at-2?consistency=stale")}).body == "hello"; }));
  REQUIRE(curl({cluster.url(1, "/written-at-2?consistency=linearizable")}).body == "hello");
  REQUIRE(curl({cluster.url(1, "/written-at-2?consistency=perhaps")}).code == 400);

  // A write that is answered before it is applied, by HTTP's preference for it (RFC 7240).
  REQUIRE(curl({"-X", "PUT", "-d", "soon", "-H", "Prefer: respond-async", cluster.url(2, "/async")}).code == 202);
  REQUIRE(within_ms(10'000, [&] { return curl({cluster.url(3, "/async")}).body == "soon"; }));

  // The answer to a method that is not allowed lists those that are.
  CurlReply not_here = curl({"-X", "POST", "-d", "x", cluster.url(1, "/some-key")});
  REQUIRE(not_here.code == 405);
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE"}) {
    REQUIRE(not_here.headers.find(method) != std::string::npos);
  }
  REQUIRE(curl({"-X", "PUT", "-d", "x", cluster.url(1, "/health")}).code == 405);
  REQUIRE(curl({cluster.url(1, "/" + std::string(5'000, 'k'))}).code == 414);
  REQUIRE(curl({"-H", "X-Long: " + std::string(40'000, 'x'), cluster.url(1, "/some-key")}).code == 431);
}

TEST_CASE("every node reports the members and its own status") {
  Cluster cluster(3);
  const int leader = cluster.wait_for_leader();
  std::string cluster_id;
  for (int id = 1; id <= 3; ++id) {
    auto members = nlohmann::json::parse(curl({cluster.url(id, "/members")}).body);
    if (cluster_id.empty()) cluster_id = members.at("cluster").get<std::string>();
    REQUIRE(members.at("cluster").get<std::string>() == cluster_id);
    REQUIRE(members.at("members").size() == 3);
    for (int other = 1; other <= 3; ++other) {
      const auto& member = members.at("members").at(static_cast<size_t>(other - 1));
      REQUIRE(member.at("id") == other);
      REQUIRE(member.at("address") == "http://127.0.0.1:" + std::to_string(cluster.peer_port(other)));
      REQUIRE(member.at("role") == "voter");
      REQUIRE(member.value("leader", false) == (other == leader));
    }
    CurlReply health = curl({cluster.url(id, "/health")});
    REQUIRE(health.code == 200);
    REQUIRE(nlohmann::json::parse(health.body) == nlohmann::json{{"health", "true"}});
    auto status = cluster.status(id);
    REQUIRE(status.at("id") == id);
    REQUIRE(status.at("leader") == leader);
    REQUIRE(status.at("role") == (id == leader ? "leader" : "follower"));
    REQUIRE(status.at("term").get<uint64_t>() > 0);
    REQUIRE(status.at("disk").at("syncs").get<uint64_t>() > 0);
    auto version = nlohmann::json::parse(curl({cluster.url(id, "/version")}).body);
    REQUIRE(run({SKIFF_BINARY, "--version"}).output.find(version.at("version").get<std::string>()) !=
            std::string::npos);
  }
}

// A6: each status code, and keys and values of any bytes
TEST_CASE("a write with an unsupported header or a condition that fails leaves the stored value as it is", "[A6]") {
  Cluster cluster(1);
  TemporaryDirectory directory;
  write_file(directory.file("value"), "abcdef");
  const std::string url = cluster.url(1, "/k");
  REQUIRE(curl({"-T", directory.file("value"), url}).code == 204);
  struct Row {
    std::vector<std::string> arguments;
    int code;
  };
  for (const Row& row : {
           Row{{"-C", "3", "-T", directory.file("value")}, 400},  // an upload that is resumed
           Row{{"-X", "PUT", "-d", "x", "-H", "If-None-Match: *"}, 412},
           Row{{"-X", "PUT", "-d", "x", "-H", "if-match: \"7\""}, 412},
           Row{{"-X", "PUT", "-d", "x", "-H", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"}, 501},
           Row{{"-X", "PUT", "-d", "x", "-H", "IF-MATCH;"}, 400},  // curl's way to send it empty
           Row{{"-X", "DELETE", "-H", "If-Match: \"7\""}, 412},
           Row{{"-X", "PUT", "-d", "x", "-H", "Idempotency-Key: 1"}, 501},
           Row{{"-X", "PUT", "-d", "x", "-H", "Content-Encoding: gzip"}, 415},
           Row{{"-X", "PUT", "-d", "x", "-H", "Expect: everything"}, 417},
           Row{{"-X", "PUT", "-d", "x", "-H", "X-HTTP-Method-Override: DELETE"}, 501},
           Row{{"-X", "PATCH", "-d", "x"}, 405},
           Row{{"-X", "FROB", "-d", "x"}, 501},
       }) {
    std::vector<std::string> arguments = row.arguments;
    arguments.push_back(url);
    CurlReply reply = curl(arguments);
    INFO(reply.headers << reply.body);
    REQUIRE(reply.code == row.code);
    REQUIRE(curl({url}).body == "abcdef");
  }
  REQUIRE(curl({"-X", "PUT", "-d", "x", cluster.url(1, "/k?ttl=30s")}).code == 400);
  REQUIRE(curl({"-X", "PUT", "-d", "x", cluster.url(1, "/metrics")}).code == 405);
  REQUIRE(curl({url}).body == "abcdef");
}

TEST_CASE("an answer has a date, and says whether it may be cached") {
  Cluster cluster(1);
  const auto headers = [&](const std::string& path) { return curl({cluster.url(1, path)}).headers; };
  REQUIRE(curl({"-X", "PUT", "-d", "x", cluster.url(1, "/k")}).headers.find("\r\nDate: ") != std::string::npos);
  for (const char* path : {"/k", "/none", "/k?consistency=stale"}) {
    INFO(path);
    REQUIRE(headers(path).find("\r\nDate: ") != std::string::npos);
    REQUIRE(headers(path).find("\r\nCache-Control: no-cache\r\n") != std::string::npos);
  }
  for (const char* path : {"/health", "/livez", "/status", "/members", "/version", "/snapshot"}) {
    INFO(path);
    REQUIRE(headers(path).find("\r\nDate: ") != std::string::npos);
    REQUIRE(headers(path).find("\r\nCache-Control: no-store\r\n") != std::string::npos);
  }
  REQUIRE(headers("/%").find("\r\nDate: ") != std::string::npos);
  REQUIRE(curl({"-X", "OPTIONS", "--request-target", "*", cluster.url(1, "")}).code == 204);
}

// A6: each status code, and keys and values of any bytes
TEST_CASE("a page of another site can neither write to a node nor read from it", "[A6]") {
  Cluster cluster(1, {"--cors-origin", "http://app.example", "--host-whitelist", "db.example"});
  const std::string members = cluster.url(1, "/members"), fourth = cluster.url(1, "/members/4");
  const std::string before = curl({members}).body;
  // As a form of such a page sends it: a browser sends no preflight request for it.
  const std::vector<std::string> form = {"-d", "http://127.0.0.1:1", "-H", "Content-Type: text/plain"};
  for (const char* line : {"Origin: http://evil.example", "Origin: null", "Origin;", "Host: evil.example"}) {
    INFO(line);
    const int code = std::string(line).starts_with("Host") ? 421 : 403;
    std::vector<std::string> arguments = form;
    arguments.insert(arguments.end(), {"-H", line, fourth});
    CurlReply reply = curl(arguments);
    REQUIRE(reply.code == code);
    REQUIRE(reply.headers.find("Access-Control-") == std::string::npos);
    REQUIRE(curl({"-H", line, members}).code == code);
    REQUIRE(curl({"-X", "OPTIONS", "-H", line, "-H", "Access-Control-Request-Method: PUT", members}).code == code);
  }
  REQUIRE(curl({members}).body == before);

  for (const std::string& line :
       {"Origin: http://127.0.0.1:" + std::to_string(cluster.port(1)), std::string("Origin: http://app.example"),
        std::string("Host: localhost"), std::string("Host: DB.example:80"), std::string("Host: [::1]:9121")}) {
    INFO(line);
    REQUIRE(curl({"-X", "PUT", "-d", line, "-H", line, cluster.url(1, "/k")}).code == 204);
    REQUIRE(curl({"-H", line, cluster.url(1, "/k")}).body == line);
  }
  const std::string reader = "\r\nAccess-Control-Allow-Origin: http://app.example\r\n";
  for (const char* path : {"/k", "/none", "/members", "/health", "/k?x"}) {
    INFO(path);
    REQUIRE(curl({"-H", "Origin: http://app.example", cluster.url(1, path)}).headers.find(reader) != std::string::npos);
    REQUIRE(curl({cluster.url(1, path)}).headers.find("Access-Control-") == std::string::npos);
  }
  CurlReply preflight = curl({"-X", "OPTIONS", "-H", "Origin: http://app.example", "-H",
                              "Access-Control-Request-Method: PUT", cluster.url(1, "/k")});
  REQUIRE(preflight.code == 204);
  REQUIRE(preflight.headers.find(reader) != std::string::npos);
  REQUIRE(preflight.headers.find("Access-Control-Allow-Methods: GET, HEAD, PUT, DELETE, OPTIONS") != std::string::npos);
}

TEST_CASE("nothing is logged for a request") {
  Cluster cluster(3);
  auto lines_logged = [&] {
    long lines = 0;
    for (int id = 1; id <= 3; ++id) {
      const std::string log = cluster.log(id);
      lines += std::count(log.begin(), log.end(), '\n');
    }
    return lines;
  };
  const long before = lines_logged();
  for (int id = 1; id <= 3; ++id) {
    HttpClient client(cluster.port(id));
    for (int number = 0; number < 334; ++number) {
      REQUIRE(client.ask("PUT", "/key", std::to_string(number))->code == 204);
      REQUIRE(client.ask("GET", "/key")->body == std::to_string(number));
    }
    HttpClient refused(cluster.port(id));
    REQUIRE(refused.ask("PUT", "/health", "x")->code == 405);
  }
  // A disk that is slow for a moment, or an election, may be logged; two thousand requests must not be.
  REQUIRE(lines_logged() - before < 50);
}

}  // namespace skiff::cluster_test
