// Files of real nodes are damaged while their node is down, one node after the other, while the others serve.
//
// SKIFF_TEST_DAMAGES is the number of damages, SKIFF_TEST_SEED their seed.

#include <signal.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <random>

#include "tests/cluster/support/cluster.h"
#include "tests/cluster/support/counters.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {
namespace {

constexpr uint64_t kDamages = 8;

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Damages the bytes of one file.
class Rot {
 public:
  explicit Rot(uint64_t seed) : random_(seed) {}

  uint64_t below(uint64_t end) { return end == 0 ? 0 : random_() % end; }

  // Returns a description of the damage.
  std::string damage(std::string& bytes) {
    const std::string before = bytes;
    std::string said;
    while (bytes == before) said = try_to_damage(bytes);
    return said;
  }

 private:
  std::string try_to_damage(std::string& bytes) {
    switch (below(4)) {
      case 0: return flip(bytes);
      case 1: return cut(bytes);
      case 2: return zero(bytes);
      default: return swap(bytes);
    }
  }

  // Mostly in the used part: behind it, a segment of the log is zeros.
  uint64_t place_in(const std::string& bytes) {
    const size_t last = bytes.find_last_not_of('\0');
    const uint64_t used = last == std::string::npos ? bytes.size() : last + 1;
    return below(below(10) == 0 ? bytes.size() : used);
  }
  uint64_t block_of(const std::string& bytes) {
    const uint64_t block = std::array<uint64_t, 3>{512, 4096, 32'768}[below(3)];
    return std::max<uint64_t>(1, std::min<uint64_t>(block, bytes.size() / 2));
  }

  std::string flip(std::string& bytes) {
    const uint64_t place = place_in(bytes);
    bytes[place] = static_cast<char>(bytes[place] ^ (1 << below(8)));
    return "bit: one of byte " + std::to_string(place);
  }
  std::string cut(std::string& bytes) {
    bytes.resize(place_in(bytes));
    return "cut: at byte " + std::to_string(bytes.size());
  }
  std::string zero(std::string& bytes) {
    const uint64_t size = block_of(bytes), place = place_in(bytes) / size * size;
    std::fill_n(bytes.begin() + static_cast<long>(place), std::min(size, bytes.size() - place), '\0');
    return "zero: " + std::to_string(size) + " bytes at " + std::to_string(place);
  }
  std::string swap(std::string& bytes) {
    const uint64_t size = block_of(bytes), blocks = bytes.size() / size;
    const uint64_t one = place_in(bytes) / size % blocks * size, other = place_in(bytes) / size % blocks * size;
    std::swap_ranges(bytes.begin() + static_cast<long>(one), bytes.begin() + static_cast<long>(one + size),
                     bytes.begin() + static_cast<long>(other));
    return "swap: " + std::to_string(size) + " bytes at " + std::to_string(one) + " and " + std::to_string(other);
  }

  std::mt19937_64 random_;
};

// "wal" of "wal-0000000000000001".
std::string kind_of(const std::string& name) {
  return name.starts_with("wal-spare") ? "spare" : name.substr(0, name.find_first_of("-."));
}

// Draws the kind of file first: otherwise it would nearly always be the log.
std::string choose_file(Rot& rot, const std::string& directory) {
  std::map<std::string, std::vector<std::string>> kinds;
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    if (file.file_size() > 0) kinds[kind_of(file.path().filename())].push_back(file.path().filename());
  }
  std::vector<std::string> choices = {"wal", "wal", "wal", "wal", "snapshot", "snapshot", "snapshot"};
  for (const auto& [kind, names] : kinds) choices.push_back(kind);
  std::vector<std::string> names;
  while (names.empty()) names = kinds[choices[rot.below(choices.size())]];
  std::sort(names.begin(), names.end());
  return names[std::max(rot.below(names.size()), rot.below(names.size()))];  // more often a newer file
}

enum class Outcome { refused, repaired, no_effect };

std::string text_of(Outcome outcome) {
  return outcome == Outcome::refused    ? "refused"
         : outcome == Outcome::repaired ? "reported and repaired"
                                        : "of no effect";
}

bool is_intact(Cluster& cluster, int id) {
  return cluster.is_healthy(id) && cluster.status(id).value("mending", true) == false;
}

// The node serves again, or ends and names the file.
Outcome start_damaged(Cluster& cluster, int id, const std::string& name) {
  const size_t before = cluster.log(id).size();
  cluster.start(id);
  REQUIRE(within_ms(30'000, [&] { return !cluster.process(id).is_running() || is_intact(cluster, id); }));
  const bool names_it = cluster.log(id).find("/" + name + ":", before) != std::string::npos;
  if (cluster.process(id).is_running()) return names_it ? Outcome::repaired : Outcome::no_effect;
  REQUIRE(cluster.process(id).wait_ms(0) == 1);
  REQUIRE(names_it);
  return Outcome::refused;
}

void stop_somehow(Cluster& cluster, int id, bool cleanly) {
  if (!cleanly) return cluster.kill(id);
  cluster.process(id).signal(SIGTERM);
  REQUIRE(cluster.process(id).wait_ms(20'000) == 0);
}

// Damages a file of the node, and restores the file if the node refuses it, so that the node is intact again. Returns
// the kind of damage and the outcome: "wal, bit: refused".
std::string damage_one(Cluster& cluster, Rot& rot, int id) {
  const bool cleanly = rot.below(2) == 0;
  stop_somehow(cluster, id, cleanly);
  const std::string name = choose_file(rot, cluster.data_directory(id)), path = cluster.data_directory(id) + "/" + name;
  const std::string good = read_file(path);
  std::string bad = good;
  const std::string did = rot.damage(bad);
  std::cout << "node " << id << (cleanly ? " is stopped, " : " is killed, ") << name << " of " << good.size()
            << " bytes: " << did << std::flush;
  write_file(path, bad);
  const Outcome outcome = start_damaged(cluster, id, name);
  std::cout << ": " << text_of(outcome) << std::endl;
  if (outcome == Outcome::refused) {
    write_file(path, good);
    cluster.start(id);
    REQUIRE(within_ms(30'000, [&] { return is_intact(cluster, id); }));
  }
  return kind_of(name) + ", " + did.substr(0, did.find(':')) + ": " + text_of(outcome);
}

}  // namespace

// D1: a damaged log is set aside, and its node is intact again when it has fetched the lost entries
// D9: the damage is in entries that a snapshot holds, or in the snapshot
TEST_CASE("any damage to a node's files is repaired from the others, or refused with the file's name", "[D1][D9]") {
  const uint64_t seed = setting("SKIFF_TEST_SEED", std::random_device{}()),
                 damages = setting("SKIFF_TEST_DAMAGES", kDamages);
  std::cout << damages << " damages, seed " << seed << std::endl;
  Rot rot(seed);
  // Little history: no client reads it, so damage to it would not be noticed.
  Cluster cluster(3, {"--snapshot-log-bytes", "1MiB", "--history-bytes", "64KiB"});
  std::vector<uint16_t> ports;
  for (int id = 1; id <= 3; ++id) ports.push_back(cluster.port(id));
  Counters counters(ports, 3, seed);
  std::map<std::string, int> outcomes;
  for (uint64_t number = 0; number < damages; ++number) {
    INFO("damage " << number + 1 << " of seed " << seed);
    const size_t before = counters.acknowledged(), wanted = 200 + rot.below(800);
    REQUIRE(within_ms(60'000, [&] { return counters.acknowledged() >= before + wanted; }));
    const int id = 1 + static_cast<int>(rot.below(3));
    ++outcomes[damage_one(cluster, rot, id)];
    REQUIRE(counters.read_all(cluster.port(id)) == "");
    REQUIRE(counters.wrong() == "");
    for (int each = 1; each <= 3; ++each) REQUIRE(cluster.process(each).is_running());
  }
  counters.stop();
  for (uint16_t port : ports) REQUIRE(counters.read_all(port) == "");
  REQUIRE(counters.wrong() == "");
  for (const auto& [what, count] : outcomes) std::cout << count << "  " << what << std::endl;
}

}  // namespace skiff::cluster_test
