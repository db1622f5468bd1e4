// The cost of all connections together, in a turn of the loop and in memory: no client delays the others, and all
// requests are answered in the end.

#include "transport/http/budget.h"

#include "tests/support/catch.h"
#include "tests/transport/http/http_world.h"

namespace skiff::http_budget_test {

using namespace http_world;

std::string many(const std::string& path, size_t count) {
  std::string all;
  for (size_t number = 0; number < count; ++number) all += get(path);
  return all;
}

// Answers at once, and notes the most that was asked in one turn of the loop.
struct BudgetWorld : World {
  explicit BudgetWorld(const HttpLimits& limits) : World(limits) {
    handler = [this](Asked& one) {
      ++in_this_turn;
      server->answer(one.ticket, text(200, one.request.path));
      if (then) then(one);
    };
  }
  void turn() {
    in_this_turn = 0;
    loop.run_nowait();
    most = std::max(most, in_this_turn);
  }
  template <class Condition>
  void turn_until(Condition condition) {
    while (!condition()) turn();
  }

  std::function<void(Asked&)> then;
  size_t in_this_turn = 0;
  size_t most = 0;
};

// Always has more: takes what it may, counts it, and waits again.
struct Hungry final : HttpBudget::Client {
  Hungry(HttpBudget& from, size_t bytes) : budget(from), bytes_each(bytes) { budget.wait(*this); }
  ~Hungry() { budget.leave(*this); }
  void run_turn() override {
    ++turns;
    while (budget.may_take(*this)) {
      if (bytes_each == 0) budget.used_request(*this);
      if (bytes_each > 0) budget.used_bytes(*this, bytes_each);
      ++taken;
    }
    budget.wait(*this);
  }

  HttpBudget& budget;
  size_t bytes_each;
  size_t taken = 0;
  size_t turns = 0;
};

TEST_CASE("those who wait are served in turn, each with its share, and no more in a turn of the loop than its budget") {
  struct Row {
    const char* name;
    HttpLimits limits;
    size_t bytes_each;  // 0: requests are counted
    size_t clients;
    size_t share;
    size_t most;
  };
  HttpLimits requests, bytes, time;
  requests.turn_requests_max = 64;
  bytes.turn_bytes_max = 320 * 1024;
  time.turn_max = 0_s;
  const Row rows[] = {
      {"requests, a few clients", requests, 0, 3, 16, 3 * 16},
      {"requests, many clients", requests, 0, 20, 8, 64},
      {"pieces of a KiB, a few clients", bytes, 1024, 3, 80, 3 * 80},
      {"pieces of a KiB, many clients", bytes, 1024, 20, 64, 320},
      {"time", time, 0, 3, 64, 64},  // the clock is looked at twice
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Loop loop;
    {
      Timer alive(loop, [] {});
      alive.start(100_h);
      HttpBudget budget(loop, row.limits);
      std::list<Hungry> hungry;
      for (size_t count = 0; count < row.clients; ++count) hungry.emplace_back(budget, row.bytes_each);
      size_t before = 0;
      for (int turn = 0; turn < 100; ++turn) {
        loop.run_nowait();
        size_t taken = 0, fewest = ~size_t{0}, most = 0;
        for (const Hungry& one : hungry) {
          taken += one.taken;
          fewest = std::min(fewest, one.turns);
          most = std::max(most, one.turns);
          REQUIRE(one.taken <= one.turns * row.share);
        }
        REQUIRE(taken - before <= row.most);
        REQUIRE(taken > before);
        REQUIRE(most <= fewest + 1);
        before = taken;
      }
    }
    loop.run();
  }
}

TEST_CASE("a turn takes no more requests than its budget, however many clients send however much") {
  HttpLimits limits;
  limits.turn_requests_max = 50;
  BudgetWorld world(limits);
  std::vector<Client*> clients;
  for (int count = 0; count < 20; ++count) clients.push_back(&world.connect());
  for (Client* client : clients) client->stream->write(many("/a", 300));
  world.turn_until([&] {
    return std::all_of(clients.begin(), clients.end(), [](Client* one) { return one->count("200 OK") == 300; });
  });
  REQUIRE(world.asked.size() == 6'000);
  REQUIRE(world.most <= 2 * 50);
}

TEST_CASE("every connection gets its share of a turn, and who asks little is not kept waiting by who asks much") {
  HttpLimits limits;
  limits.turn_requests_max = 64;
  BudgetWorld world(limits);
  std::vector<Client*> greedy;
  for (int count = 0; count < 10; ++count) greedy.push_back(&world.connect());
  Client& modest = world.connect();
  for (Client* client : greedy) client->stream->write(many("/greedy", 1'000));
  world.turn_until([&] { return world.asked.size() >= 1'000; });
  for (int round = 0; round < 10; ++round) {
    const size_t before = world.asked.size();
    modest.stream->write(get("/modest"));
    world.turn_until([&] { return modest.count("200 OK") == static_cast<size_t>(round + 1); });
    // Once round: eight of each that waits, and what a turn takes before it is noticed.
    REQUIRE(world.asked.size() - before <= 10 * 8 + 4 * 64);
  }
  world.turn_until([&] {
    return std::all_of(greedy.begin(), greedy.end(), [](Client* one) { return one->count("200 OK") == 1'000; });
  });
}

TEST_CASE("requests that take longer than a turn may are spread over several") {
  HttpLimits limits;
  limits.turn_max = 0_s;  // any time is too long
  BudgetWorld world(limits);
  Client& client = world.say(many("/slow", 1'000));
  world.turn_until([&] { return client.count("200 OK") == 1'000; });
  REQUIRE(world.most <= 2 * 64 + 2);
}

TEST_CASE("a turn takes no more bytes than its budget, and every body gets through") {
  HttpLimits limits;
  limits.turn_bytes_max = 200'000;
  BudgetWorld world(limits);
  const std::string body(900'000, 'b');
  std::vector<Client*> clients;
  size_t in_turn = 0, before = 0;
  for (int count = 0; count < 10; ++count) clients.push_back(&world.say(put("/body", body)));
  world.then = [&](World::Asked& one) {
    REQUIRE(one.request.body == body);
    in_turn = world.asked.size() - before;
  };
  size_t most_in_turn = 0;
  while (world.asked.size() < 10) {
    before = world.asked.size();
    in_turn = 0;
    world.turn();
    most_in_turn = std::max(most_in_turn, in_turn);
  }
  REQUIRE(most_in_turn < 10);
  world.turn_until([&] {
    return std::all_of(clients.begin(), clients.end(), [](Client* one) { return one->count("200 OK") == 1; });
  });
}

TEST_CASE("timers are looked after between the turns of clients that always have more") {
  HttpLimits limits;
  limits.turn_requests_max = 10;
  BudgetWorld world(limits);
  Client& client = world.connect();
  bool is_over = false;
  int rung = 0;
  Timer timer(world.loop, [&] { is_over = ++rung == 3; });
  timer.repeat(1_ms);
  size_t sent = 0;
  world.turn_until([&] {
    if (client.count("200 OK") + 100 > sent) {
      client.stream->write(many("/a", 500));
      sent += 500;
    }
    return is_over;
  });
  timer.stop();
}

// Answers that are copied, of 4 KB each.
struct OwingWorld : World {
  explicit OwingWorld(const HttpLimits& limits) : World(limits, [this] { return clock; }) {
    handler = [this](Asked& one) { server->answer(one.ticket, text(200, std::string(4'000, 'x'))); };
  }
  void turns(int count) {
    for (int turn = 0; turn < count; ++turn) loop.run_nowait();
  }
  raft::Time clock;
};

TEST_CASE("clients that read nothing are owed no more than the bound of all, and one that reads is served meanwhile") {
  HttpLimits limits;
  limits.owed_bytes_max = 1'000'000;
  OwingWorld world(limits);
  std::vector<Client*> greedy;
  for (int count = 0; count < 20; ++count) {
    greedy.push_back(&world.connect());
    greedy.back()->stream->pause_reading();
  }
  Client& modest = world.connect();
  size_t most = 0;
  for (int round = 1; round <= 30; ++round) {
    for (Client* client : greedy) client->stream->write(many("/greedy", 100));
    modest.stream->write(get("/modest"));
    world.until([&] {
      most = std::max(most, world.server->owed_bytes());
      return modest.count("200 OK") == static_cast<size_t>(round);
    });
  }
  world.turns(50);
  most = std::max(most, world.server->owed_bytes());
  REQUIRE(world.asked.size() < 20 * 30 * 100);              // they are not served any more
  REQUIRE(most <= limits.owed_bytes_max + 21 * 2 * 4'300);  // and one answer or two more each
  for (Client* client : greedy) client->stream->resume_reading();
  world.until([&] {
    return std::all_of(greedy.begin(), greedy.end(), [](Client* one) { return one->count("200 OK") == 3'000; });
  });
  world.turns(5);
  REQUIRE(world.server->owed_bytes() == 0);
}

TEST_CASE("when little of the bound is left, those that have taken nothing for longest are closed, and no others") {
  HttpLimits limits;
  limits.owed_bytes_max = 1'000'000;
  limits.crowded_timeout = 100_ms;
  limits.write_timeout = 1_h;
  OwingWorld world(limits);
  std::vector<Client*> greedy;
  for (int count = 0; count < 20; ++count) {
    greedy.push_back(&world.connect());
    greedy.back()->stream->pause_reading();
    greedy.back()->stream->write(many("/greedy", 3'000));
  }
  const auto is_crowded = [&] { return world.server->owed_bytes() > limits.owed_bytes_max * 7 / 8; };
  while (!is_crowded()) world.turns(1);
  world.server->check_deadlines();
  REQUIRE(world.server->connections_open() == 20);
  while (world.server->counters().connections_stalled == 0) {  // the kernel goes on taking some for a while
    world.turns(20);
    world.clock += 100_ms;
    world.server->check_deadlines();
  }
  const uint64_t closed = world.server->counters().connections_stalled;
  REQUIRE(closed < 20);
  REQUIRE(world.server->connections_open() == 20 - closed);
  REQUIRE_FALSE(is_crowded());
}

}  // namespace skiff::http_budget_test
