#include "bench/report.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "bench/compare_table.h"
#include "bench/files.h"
#include "bench/show.h"
#include "bench/svg.h"
#include "tests/support/catch.h"

namespace skiff::bench::report_test {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A thousand PUTs of 1 to 1000 us, two refused, one unknown.
Report example() {
  Report report;
  report.label = "example";
  report.plan.clients = 16;
  for (uint64_t us = 1; us <= 1000; ++us) {
    Operation put{.kind = Kind::put, .counts = true, .planned = 5_ns, .sent = 5_ns};
    report.tally.record(put, End::done, 5_ns + us * 1_us);
    ++report.tally.done_in_time;
  }
  for (const End end : {End::refused, End::refused, End::unknown}) report.tally.record({}, end, 9_ns);
  report.tally.seconds = 2;
  return report;
}

TEST_CASE("times and counts are shown to three digits, with their unit") {
  REQUIRE(show_time(853) == "853 ns");
  REQUIRE(show_time(1234) == "1.23 µs");
  REQUIRE(show_time(999'700) == "1.00 ms");
  REQUIRE(show_time(12'340'000) == "12.3 ms");
  REQUIRE(show_time(3.6e12) == "3600 s");
  REQUIRE(show_count(0) == "0");
  REQUIRE(show_count(999) == "999");
  REQUIRE(show_count(1234567) == "1,234,567");
  REQUIRE(show_quantile(0.9999) == "p99.99");
}

TEST_CASE("the table has rate, percentiles, and errors by class") {
  const std::string text = table(example());
  REQUIRE(has(text, "PUT 256 B, uniform over 10,000 keys, closed loop, 16 clients x 1 in flight, at 1 node (skiff)"));
  REQUIRE(has(text, "p50       p90       p99     p99.9    p99.99       max      mean     requests"));
  REQUIRE(has(text, "PUT    500 µs    900 µs    990 µs    999 µs   1.00 ms   1.00 ms    500 µs        1,000"));
  REQUIRE(has(text, "rate: 500/s answered within 2.00 s"));
  REQUIRE(has(text, "errors: 2 503, 1 504\n"));
}

TEST_CASE("a closed loop says that it hides stalls, an open one from when it counts") {
  Report report = example();
  REQUIRE(has(table(report), "a stall shows in 16 requests at most"));
  report.plan.rate = 1000;
  REQUIRE_FALSE(has(table(report), "at most"));
  REQUIRE(has(table(report), "latencies count from the planned start"));
  REQUIRE(has(table(report), "from send"));
}

TEST_CASE("an open loop tells what was planned from what was done, and what became of the rest") {
  Report report = example();
  report.plan.rate = 2000;
  REQUIRE_FALSE(has(table(report), "planned:"));
  report.tally.put.ends[static_cast<size_t>(End::never_sent)] = 2990;
  for (int request = 0; request < 7; ++request) report.tally.record({}, End::timed_out, 9_ns);
  report.tally.done_in_time = 4000;  // of the warm-up, most of it
  report.tally.drained_s = 10;
  const std::string text = table(report);
  REQUIRE(has(text, "rate: 2,000/s answered within 2.00 s, 2,000/s planned\n"));
  REQUIRE(has(text,
              "planned: 4,000 in that time; until 10.0 s after it 1,003 were answered, 2,990 not sent, 7 sent and "
              "not answered"));
  REQUIRE(has(text, "errors: 2 503, 1 504, 7 timed out, 2,990 never sent\n"));
  REQUIRE(has(json(report), "\"planned\": 4000"));
}

TEST_CASE("attempts to connect that failed are errors") {
  Report report = example();
  report.tally.put.ends = {};
  report.tally.failed_connects = 1234;
  report.tally.why_not_connected = "127.0.0.1:9123: connect: connection refused";
  REQUIRE(has(table(report),
              "errors: 1,234 attempts to connect failed (the last: 127.0.0.1:9123: connect: connection refused)\n"));
}

TEST_CASE("a result stands beside its limit when that was measured") {
  Report report = example();
  REQUIRE_FALSE(has(table(report), "limit:"));
  report.limits = {.flush_ns = 100e3, .round_trip_ns = 75e3};
  REQUIRE(has(table(report), "limit: PUT p50 is 2.00 times flush + two round trips (250 µs)\n"));
}

TEST_CASE("the limit of a request is what it cannot do without") {
  const Limits all{.flush_ns = 100, .round_trip_ns = 10};
  Plan plan;
  REQUIRE(floor_of(Kind::put, plan, all)->ns == 120);
  REQUIRE(floor_of(Kind::get, plan, all)->ns == 20);
  REQUIRE_FALSE(floor_of(Kind::put, plan, {.flush_ns = std::nullopt, .round_trip_ns = 10}));
  plan.stale_reads = true;
  REQUIRE(floor_of(Kind::get, plan, all)->ns == 10);
  plan.target = Target::raw;  // nobody knows what it does
  REQUIRE_FALSE(floor_of(Kind::put, plan, all));
}

TEST_CASE("limits are kept in a file, one beside the other") {
  std::string directory = (std::filesystem::temp_directory_path() / "skiff-bench-test-").string() + std::string(6, 'X');
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  const std::string file = directory + "/limits.json";
  Histogram flush, trip;
  flush.record(1000);
  trip.record(50);

  REQUIRE_FALSE(read_limits(file)->flush_ns);
  REQUIRE(keep_limit(file, "disk", "flush", flush));
  REQUIRE(keep_limit(file, "net", "trip", trip));
  const auto limits = read_limits(file);
  REQUIRE(limits->flush_ns == 1000);
  REQUIRE(limits->round_trip_ns == 50);

  REQUIRE(write_file(file, "nonsense"));
  REQUIRE_FALSE(read_limits(file));
  ::unlink(file.c_str());
  ::rmdir(directory.c_str());
}

TEST_CASE("a result comes back from its JSON as the curve it was") {
  Report report = example();
  report.limits = {.flush_ns = 100e3, .round_trip_ns = 75e3};

  const auto curve = read_curve(json(report));

  REQUIRE(curve);
  REQUIRE(curve->label == "example");
  REQUIRE(curve->note == "closed loop, 16 in flight: hides stalls");
  REQUIRE(curve->p50_ns == report.tally.put.latency.at(0.5));
  REQUIRE(curve->floor->ns == 250e3);
  const auto points = report.tally.put.latency.points();
  REQUIRE(curve->points.size() == points.size());
  for (size_t i = 0; i < points.size(); ++i) REQUIRE(curve->points[i].value_ns == points[i].value_ns);
}

TEST_CASE("a result that was given no name goes by what was measured") {
  Report report = example();
  report.label.clear();
  REQUIRE(read_curve(json(report))->label == "skiff");
}

TEST_CASE("a file that is no result is refused") {
  for (const char* text :
       {"", "[]", "{}", "{\"all\":{\"latency\":{\"points\":7}}}", "{\"all\":{\"latency\":{\"points\":[[0.5,-1,1]]}}}",
        "{\"all\":{\"latency\":{\"points\":[[2,1,1]]}}}", "{\"all\":1}", "{\"all\":{\"latency\":[]}}"}) {
    CAPTURE(text);
    REQUIRE_FALSE(read_curve(text));
  }
}

TEST_CASE("a picture has a line for each result, axes with units, and text that breaks nothing") {
  Curve curve = curve_of(example());
  curve.label = "<a & \"b\">";
  curve.floor = Floor{250e3, "flush + two round trips"};
  const std::string picture = svg({"title", "machine", {curve, curve_of(example())}});

  size_t lines = 0;
  for (size_t at = 0; (at = picture.find("<polyline", at)) != std::string::npos; ++at) ++lines;
  REQUIRE(lines == 2);
  for (const char* part : {"&lt;a &amp; &quot;b&quot;&gt;", ">1 ms<", ">100 µs<", ">99.9%<", "percentile of requests",
                           "latency (logarithmic)", "limit of this machine: flush + two round trips, 250 µs"}) {
    CAPTURE(part);
    REQUIRE(has(picture, part));
  }
  REQUIRE_FALSE(has(picture, "nan"));
  REQUIRE_FALSE(has(picture, "inf"));
}

TEST_CASE("a title that is longer than the picture is wide goes on in the next line, and pushes the plot down") {
  Plan plan;
  plan.nodes.resize(3, plan.nodes[0]);
  const std::string title = describe(plan), machine(300, 'm');
  const auto texts = [](const std::string& picture) {
    std::vector<std::string> found;
    for (size_t at = 0; (at = picture.find("<text ", at)) != std::string::npos; ++at) {
      const size_t begin = picture.find('>', at) + 1;
      found.push_back(picture.substr(begin, picture.find('<', begin) - begin));
    }
    return found;
  };
  Curve curve = curve_of(example());
  curve.label = std::string(200, 'x');
  for (size_t i = 1; i < curve.label.size(); i += 2) curve.label.replace(i, 1, "µ");
  const std::string picture = svg({title, machine, {curve}});

  for (const std::string& text : texts(picture)) REQUIRE(text.size() <= 200);
  REQUIRE(texts(picture)[0] + " " + texts(picture)[1] == title);
  REQUIRE(has(picture, "<title>" + title + "</title>"));
  REQUIRE(has(picture, "translate(0 52)"));
  REQUIRE_FALSE(has(svg({"short", "", {curve}}), "translate(0 52)"));
}

TEST_CASE("a picture of nothing is a picture") {
  for (const std::string& picture : {svg({"title", "", {}}), svg({"title", "", {Curve{}}})}) {
    REQUIRE(picture.ends_with("</svg>\n"));
    REQUIRE_FALSE(has(picture, "nan"));
    REQUIRE_FALSE(has(picture, "inf"));
  }
}

TEST_CASE("rows over time have a header and a row for each interval") {
  Tally tally;
  tally.intervals.push_back({.from_s = 0, .to_s = 2, .done = 10, .failed = 1, .p50_ns = 1500});
  REQUIRE(csv(tally) ==
          "from_s,to_s,rate_per_s,done,failed,p50_us,p99_us,p999_us,max_us,warm_up\n"
          "0.000,2.000,5.0,10,1,1.5,0.0,0.0,0.0,0\n");
}

Cell cell(uint64_t done, uint64_t latency_ns) {
  Cell made;
  made.tally.seconds = 1;
  made.tally.done_in_time = done;
  made.tally.put.latency.record(latency_ns);
  return made;
}

TEST_CASE("better is more in a rate, less in a latency, and against the best of the others") {
  const Cell mine = cell(3000, 100), slow = cell(500, 800), quick = cell(1000, 200);
  REQUIRE(times_better(Figure::rate, mine, {&slow, &quick}) == 3);
  REQUIRE(times_better(Figure::p50, mine, {&slow, &quick}) == 2);
  REQUIRE(times_better(Figure::p99, cell(1, 400), {&slow, &quick}) == 0.5);
}

TEST_CASE("the table of a comparison takes ratios within a round, and their median") {
  Standings standings;
  standings.contests = {{"put-64", "PUT, 64 clients", Figure::rate, {.clients = 64}}};
  standings.systems = {"skiff", "etcd-v2"};
  for (const auto& [mine, theirs] : {std::pair{200, 100}, {900, 300}, {400, 100}}) {
    standings.cells[{"put-64", "skiff"}].push_back(cell(static_cast<uint64_t>(mine), 1000));
    standings.cells[{"put-64", "etcd-v2"}].push_back(cell(static_cast<uint64_t>(theirs), 1000));
  }
  REQUIRE(has(tables(standings, {}), "| PUT, 64 clients | rate | 3.00 (2.00 to 4.00) |\n"));
  REQUIRE(has(tables(standings, {}), "| PUT, 64 clients | skiff | 400 |"));
}

}  // namespace skiff::bench::report_test
