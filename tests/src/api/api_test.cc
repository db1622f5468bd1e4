#include "src/api/api.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "src/config/limits.h"
#include "store/state/command.h"
#include "tests/src/api/api_world.h"
#include "tests/support/catch.h"

namespace skiff::api_test {

using namespace api_world;

void put(store::Kv& map, std::string_view key, std::string_view value) {
  store::Command command{{.node = 1, .incarnation = 1, .number = map.applied() + 1}, store::PutView{key, value}};
  map.apply(map.applied() + 1, raft::Payload::of(store::encode(command)));
}

TEST_CASE("every method of a key has its place, and every other is refused with Allow") {
  Host host;
  for (Method method : {Method::get, Method::head, Method::put, Method::del}) {
    REQUIRE_FALSE(take(host, method, "/k"));
  }
  REQUIRE(host.proposed.size() == 4);
  REQUIRE(std::get<Barrier>(host.proposed[1]).timeout == 5_s);
  REQUIRE(std::get<store::Put>(std::get<Write>(host.proposed[2]).operation).key == "/k");
  REQUIRE(std::get<store::DeleteRange>(std::get<Write>(host.proposed[3]).operation).key == "/k");
  REQUIRE(std::get<store::DeleteRange>(std::get<Write>(host.proposed[3]).operation).end.empty());
  REQUIRE(std::get<Write>(host.proposed[3]).ticket == Ticket{.connection = 7, .request = 12});
  REQUIRE(host.api.waiting() == 2);
  for (Method method : {Method::post, Method::other}) {
    auto response = take(host, method, "/k");
    REQUIRE(response->status == 405);
    REQUIRE(header(*response, "Allow") == "GET, HEAD, PUT, DELETE, OPTIONS");
  }
}

TEST_CASE("what is reserved is no key") {
  struct Row {
    const char* path;
    int get;
    int put;
    const char* allow = "GET, HEAD, OPTIONS";
  };
  for (const Row& row :
       {Row{"/members", 200, 405}, Row{"/status", 200, 405}, Row{"/version", 200, 405}, Row{"/livez", 200, 405},
        Row{"/metrics", 404, 405}, Row{"/readyz", 404, 405}, Row{"/dashboard", 404, 405}, Row{"/dashboard/x", 404, 405},
        Row{"/debug/slow", 404, 405}, Row{"/leases", 404, 405, "GET, HEAD, POST, OPTIONS"}, Row{"/leases/1", 404, 404},
        Row{"/txn", 405, 405, "POST, OPTIONS"}, Row{"/users", 404, 404}, Row{"/users/a", 404, 404},
        Row{"/roles", 404, 404}, Row{"/roles/a", 404, 404}, Row{"/v3/kv/put", 404, 405, "GET, HEAD, POST, OPTIONS"},
        Row{"/v3beta/kv/put", 404, 405, "GET, HEAD, POST, OPTIONS"},
        Row{"/v3alpha/kv/put", 404, 405, "GET, HEAD, POST, OPTIONS"}}) {
    INFO(row.path);
    Host host;
    auto get = take(host, Method::get, row.path);
    REQUIRE(get->status == row.get);
    if (row.get == 404) REQUIRE(get->body == "reserved, but there is nothing here in this version\n");
    auto put = take(host, Method::put, row.path, "", {}, "v");
    REQUIRE(put->status == row.put);
    if (row.put == 405) REQUIRE(header(*put, "Allow") == row.allow);
    REQUIRE(host.proposed.empty());
  }
  Host host;
  for (const char* path : {"/txn", "/v3/kv/put", "/leases"}) REQUIRE(take(host, Method::post, path)->status == 404);
  for (const char* path : {"/memberships", "/v3", "/v33/x", "/healthy", "/status/x", "/", "//members", "/snapshot/",
                           "/debug", "/txn/", "/leased", "/user", "/v3beta", "/metrics/x", "/m"}) {
    INFO(path);
    Host other;
    REQUIRE_FALSE(take(other, Method::put, path));
    REQUIRE(std::get<store::Put>(std::get<Write>(other.proposed.at(0)).operation).key == path);
  }
}

TEST_CASE("a stale read is only for who asks for one") {
  Host host;
  put(host.map, "/k", "v");
  REQUIRE_FALSE(take(host, Method::get, "/k"));
  REQUIRE_FALSE(take(host, Method::get, "/k", "consistency=linearizable"));
  auto stale = take(host, Method::get, "/k", "consistency=stale");
  REQUIRE(stale->status == 200);
  REQUIRE(stale->body == "v");
  REQUIRE(take(host, Method::get, "/k", "&consistency=st%61le&")->body == "v");
  REQUIRE(take(host, Method::get, "/none", "consistency=stale")->status == 404);
  for (const char* query : {"consistency=Stale", "consistency", "consistency=", "stale", "consistncy=stale", "a=b"}) {
    INFO(query);
    REQUIRE(take(host, Method::get, "/k", query)->status == 400);
  }
  REQUIRE(take(host, Method::put, "/k", "consistency=stale")->status == 400);
}

TEST_CASE("a backup is as fresh as asked for, and no key") {
  Host host;
  host.node.cluster = 0x2a;
  for (int changes = 0; changes < 7; ++changes) put(host.map, "/k", "v");
  REQUIRE_FALSE(take(host, Method::get, "/snapshot"));
  REQUIRE(std::holds_alternative<Barrier>(host.proposed.at(0)));
  REQUIRE(host.backups == 0);
  for (const bool is_stale : {false, true}) {
    const Response response = is_stale ? *take(host, Method::get, "/snapshot", "consistency=stale") : end(host, {});
    REQUIRE(response.status == 200);
    REQUIRE(response.source != nullptr);
    REQUIRE(header(response, "Content-Disposition") == "attachment; filename=\"skiff-000000000000002a-7.snapshot\"");
  }
  REQUIRE(host.backups == 2);
  REQUIRE(take(host, Method::put, "/snapshot", "", {}, "v")->status == 405);
  REQUIRE(take(host, Method::get, "/snapshot", "consistency=eventual")->status == 400);
  host.is_full = true;
  auto refused = take(host, Method::get, "/snapshot", "consistency=stale");
  REQUIRE(refused->status == 503);
  REQUIRE(refused->body == "nothing was done: other backups are being taken\n");
}

TEST_CASE("respond-async is heard in every form a client may write it") {
  struct Row {
    const char* value;
    bool is_async;
  };
  for (const Row& row : {Row{"respond-async", true}, Row{"Respond-Async", true}, Row{"wait=5, respond-async", true},
                         Row{" respond-async ; x=1", true}, Row{"respond-asynchronously", false}, Row{"", false},
                         Row{",,", false}, Row{"return=minimal", false}}) {
    INFO(row.value);
    Host host;
    auto response = take(host, Method::put, "/k", "", {{"prefer", row.value}}, "v");
    REQUIRE(response.has_value() == row.is_async);
    if (row.is_async) REQUIRE(response->status == 202);
    REQUIRE(std::get<Write>(host.proposed.at(0)).wants_answer == !row.is_async);
  }
  Host host;
  REQUIRE(take(host, Method::put, "/k", "", {{"prefer", "wait=5"}, {"prefer", "respond-async"}}, "v")->status == 202);
}

TEST_CASE("a full queue refuses, with when to come back, and takes nothing") {
  Host host;
  host.is_full = true;
  for (Method method : {Method::get, Method::put, Method::del}) {
    auto response = take(host, method, "/k", "", {{"prefer", "respond-async"}});
    REQUIRE(response->status == 503);
    REQUIRE(header(*response, "Retry-After") == "1");
  }
  REQUIRE(take(host, Method::get, "/health")->status == 503);
}

TEST_CASE("what is no path is no key") {
  Host host;
  REQUIRE(take(host, Method::get, "*")->status == 400);
}

TEST_CASE("every end of a request has its code") {
  struct Row {
    Method method;
    const char* path;
    Answer::Outcome outcome;
    int status;
  };
  Host host;
  using End = Answer::Outcome;
  for (const Row& row : {Row{Method::put, "/k", End::done, 204}, Row{Method::del, "/k", End::done, 204},
                         Row{Method::get, "/k", End::done, 404}, Row{Method::get, "/health", End::done, 200},
                         Row{Method::get, "/snapshot", End::done, 200},
                         Row{Method::get, "/snapshot", End::refused, 503}, Row{Method::put, "/k", End::refused, 503},
                         Row{Method::get, "/k", End::refused, 503}, Row{Method::get, "/health", End::refused, 503},
                         Row{Method::put, "/k", End::unknown, 504}, Row{Method::del, "/k", End::unknown, 504}}) {
    Response response = ended(host, row.method, row.path, {.outcome = row.outcome, .reason = "why"});
    REQUIRE(response.status == row.status);
    REQUIRE((header(response, "Retry-After") == "1") == (row.status == 503));
    REQUIRE((response.body.find("why") != std::string::npos) == (row.status > 500));
  }
  REQUIRE(ended(host, Method::get, "/k").body == "Failed to GET");
  REQUIRE(host.api.waiting() == 0);
}

TEST_CASE("a read waits for its confirmation and sees the map of that moment") {
  Host host;
  put(host.map, "/k", "before");
  REQUIRE_FALSE(take(host, Method::get, "/k"));
  REQUIRE(host.responses.empty());
  put(host.map, "/k", "meanwhile");
  REQUIRE(end(host, {}).body == "meanwhile");
}

TEST_CASE("reads under way are told apart by connection and request, and none stays behind") {
  Host host;
  put(host.map, "/a", "1");
  put(host.map, "/b", "2");
  const Ticket here{.connection = 1, .request = 2, .body_bytes = 5}, there{.connection = 2, .request = 1};
  REQUIRE_FALSE(host.api.take(here, {.path = "/a", .query = {}, .host = {}, .headers = {}, .body = {}}));
  REQUIRE_FALSE(host.api.take(there, {.path = "/b", .query = {}, .host = {}, .headers = {}, .body = {}}));
  host.api.answered(there, {});
  host.api.answered(here, {});
  REQUIRE(host.responses.at(here).body == "1");
  REQUIRE(host.responses.at(there).body == "2");
  REQUIRE(host.api.waiting() == 0);
}

TEST_CASE("a read that cannot be proposed leaves nothing behind, and no more than so many wait") {
  Host host;
  host.is_full = true;
  REQUIRE(take(host, Method::get, "/k")->status == 503);
  REQUIRE(host.api.waiting() == 0);
  host.is_full = false;
  for (size_t count = 0; count < limits::kBarriersMax; ++count) take(host, Method::get, "/k");
  REQUIRE(host.api.waiting() == limits::kBarriersMax);
  auto response = take(host, Method::get, "/k");
  REQUIRE(response->status == 503);
  REQUIRE(response->body == "nothing was done: too many requests are waiting, or this node is shutting down\n");
  REQUIRE(host.proposed.size() == limits::kBarriersMax);
}

TEST_CASE("a write that was answered before it took effect holds up what is behind it until it has") {
  Host host;
  REQUIRE(take(host, Method::put, "/k", "", {{"prefer", "respond-async"}}, "v")->status == 202);
  REQUIRE(host.effects.empty());
  host.api.ended({.connection = 7, .request = 9});
  REQUIRE(host.effects == std::vector<Ticket>{{.connection = 7, .request = 9}});
  REQUIRE(host.responses.empty());
}

TEST_CASE("a value is served as bytes, and lives as long as the response") {
  Host host;
  Response response;
  {
    put(host.map, "/k", std::string("\0<b>", 4));
    response = ended(host, Method::get, "/k");
    host.map = store::Kv();
  }
  REQUIRE(response.status == 200);
  REQUIRE(response.content_type == "application/octet-stream");
  REQUIRE(response.body == std::string_view("\0<b>", 4));
}

TEST_CASE("members say who leads, as far as this node knows") {
  Host host;
  host.node.cluster = 0x2a;
  host.node.members = {{.id = 1, .address = "http://a:1"}, {.id = 2, .address = "http://b:2"}};
  host.node.raft.leader = 2;
  auto members = nlohmann::json::parse(take(host, Method::get, "/members")->body);
  REQUIRE(members["cluster"] == "000000000000002a");
  REQUIRE(members["members"].size() == 2);
  REQUIRE_FALSE(members["members"][0].contains("leader"));
  REQUIRE(members["members"][1]["leader"] == true);
  REQUIRE(members["members"][1]["role"] == "voter");
  REQUIRE(members["members"][1]["address"] == "http://b:2");

  auto status = nlohmann::json::parse(take(host, Method::get, "/status")->body);
  REQUIRE(status["role"] == "follower");
  REQUIRE(status["leader"] == 2);
  REQUIRE(nlohmann::json::parse(take(host, Method::get, "/version")->body).contains("version"));
}

TEST_CASE("members say what else is known of them") {
  Host host;
  host.node.members = {{.id = 1, .address = "http://a:1"},
                       {.id = 2, .address = "http://b:2", .role = raft::MemberRole::voter, .is_leaving = true},
                       {.id = 4, .address = "http://d:4", .role = raft::MemberRole::joining},
                       {.id = 5, .address = "http://e:5", .role = raft::MemberRole::learner}};
  host.node.is_changing = true;
  host.node.withdrawn = {{.id = 3, .address = "http://c:3", .reason = "it never came"}};
  host.node.peers = {{.id = 4, .is_connected = true}};
  host.node.raft.peers = {{.node = 4, .match = 17}};
  auto response = take(host, Method::get, "/members");
  auto said = nlohmann::json::parse(response->body);
  REQUIRE(said["changing"] == true);
  REQUIRE(said["members"][0] == nlohmann::json{{"id", 1}, {"address", "http://a:1"}, {"role", "voter"}});
  REQUIRE(said["members"][1]["leaving"] == true);
  REQUIRE(said["members"][2]["role"] == "learner");
  REQUIRE(said["members"][2]["joining"] == true);
  REQUIRE(said["members"][2]["connected"] == true);
  REQUIRE(said["members"][2]["match"] == 17);
  REQUIRE(said["members"][3]["role"] == "learner");
  REQUIRE_FALSE(said["members"][3].contains("joining"));
  REQUIRE(said["withdrawn"][0]["reason"] == "it never came");
}

TEST_CASE("an operator's order is understood, or told what is wrong with it") {
  using Kind = AdminRequest::Kind;
  struct Row {
    Method method;
    const char* path;
    const char* body;
    AdminRequest order;
  };
  for (const Row& row : {
           Row{Method::post, "/members/4", "http://127.0.0.1:9024", {Kind::add, 4, "http://127.0.0.1:9024"}},
           Row{Method::post, "/members/4", "tcp://d:1\n", {Kind::add, 4, "http://d:1"}},
           Row{Method::post, "/members/65535", " d:65535 ", {Kind::add, 65535, "http://d:65535"}},
           Row{Method::put, "/members/2", "[::1]:9", {Kind::move, 2, "http://[::1]:9"}},
           Row{Method::del, "/members/2", "", {Kind::remove, 2, ""}},
           Row{Method::post, "/members/2/lead", "", {Kind::lead, 2, ""}},
       }) {
    INFO(row.path << ' ' << row.body);
    Host host;
    REQUIRE_FALSE(take(host, row.method, row.path, "", {}, row.body));
    REQUIRE(host.orders == std::vector{row.order});
    REQUIRE(host.proposed.empty());
    host.is_full = true;
    auto response = take(host, row.method, row.path, "", {}, row.body);
    REQUIRE(response->status == 503);
    REQUIRE(header(*response, "Retry-After") == "1");
  }

  struct Wrong {
    Method method;
    const char* path;
    const char* body;
    int status;
    const char* says;
  };
  for (const Wrong& row : {
           Wrong{Method::post, "/members/0", "d:1", 400, "a node's id (1 to 65535)"},
           Wrong{Method::post, "/members/65536", "d:1", 400, "a node's id (1 to 65535)"},
           Wrong{Method::post, "/members/four", "d:1", 400, "a node's id"},
           Wrong{Method::del, "/members/", "", 400, "a node's id"},
           Wrong{Method::del, "/members/4/", "", 400, "a node's id"},
           Wrong{Method::post, "/members/4/follow", "", 400, "a node's id"},
           Wrong{Method::post, "/members/4", "", 400, "the body must be the member's address"},
           Wrong{Method::put, "/members/4", "d", 400, "the port is missing"},
           Wrong{Method::post, "/members/4", "d:0", 400, "0 is not a port"},
           Wrong{Method::post, "/members/4", "http://d:1/x", 400, "no path may follow"},
           Wrong{Method::get, "/members/4", "", 405, "allowed: POST, PUT, DELETE"},
           Wrong{Method::del, "/members/4/lead", "", 405, "allowed: POST"},
       }) {
    INFO(row.path << ' ' << row.body);
    Host host;
    auto response = take(host, row.method, row.path, "", {}, row.body);
    REQUIRE(response->status == row.status);
    REQUIRE(std::string(response->body).find(row.says) != std::string::npos);
    REQUIRE(host.orders.empty());
  }
  Host host;
  REQUIRE(take(host, Method::del, "/members/4", "force=true")->status == 400);
}

TEST_CASE("every end of an order has its code, and says why") {
  using End = AdminAnswer::Kind;
  const std::pair<End, int> rows[] = {
      {End::done, 204}, {End::not_found, 404}, {End::conflict, 409}, {End::refused, 503}, {End::unknown, 504}};
  for (const auto& [kind, status] : rows) {
    Response response = Api::to_response(AdminAnswer{.kind = kind, .request = {}, .reason = "why"});
    REQUIRE(response.status == status);
    REQUIRE((response.body.find("why") != std::string::npos) == (status != 204));
    REQUIRE((header(response, "Retry-After") == "1") == (status == 503));
  }
}

}  // namespace skiff::api_test
