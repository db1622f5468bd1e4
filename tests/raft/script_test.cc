// Every script of tests/raft/scripts is a test case, named by its first line and tagged with the scenarios it names.
#include "tests/raft/script.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace skiff::raft_script_test {

using raft_script::Script;

constexpr const char* kRule = "----\n";

class ScriptCase : public Catch::ITestInvoker {
 public:
  explicit ScriptCase(std::filesystem::path path) : path_(std::move(path)) {}

  void invoke() const override {
    std::ifstream file(path_);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    size_t rule = text.find(kRule);
    std::string commands = text.substr(0, rule);
    std::string recorded = rule == std::string::npos ? "" : text.substr(rule + std::string(kRule).size());

    Script::Outcome outcome = Script::run(commands);

    INFO(path_.string());
    INFO(outcome.told);
    REQUIRE(outcome.error == "");
    if (std::getenv("SKIFF_RECORD") != nullptr) {
      std::ofstream(path_) << commands << kRule << outcome.told;
    } else {
      REQUIRE(outcome.told == recorded);
    }
  }

 private:
  std::filesystem::path path_;
};

// "# A claim. [E1] [P3]" is the test case "A claim" with the tags "[script][E1][P3]".
static void register_one(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string first;
  std::getline(file, first);
  std::string claim = first.substr(0, first.find('['));
  std::string tags = "[script]";
  for (char letter : first.substr(claim.size())) {
    if (letter != ' ') tags += letter;
  }
  claim.erase(0, claim.find_first_not_of("# "));
  while (claim.ends_with(' ') || claim.ends_with('.')) claim.pop_back();
  Catch::AutoReg(new ScriptCase(path), CATCH_INTERNAL_LINEINFO, Catch::StringRef(), Catch::NameAndTags(claim, tags));
}

static std::vector<std::filesystem::path> scripts() {
  std::vector<std::filesystem::path> found;
  for (const auto& file : std::filesystem::directory_iterator(SKIFF_SOURCE_ROOT "/tests/raft/scripts")) {
    if (file.path().extension() == ".txt") found.push_back(file.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

static size_t register_all() {
  std::vector<std::filesystem::path> found = scripts();
  for (const auto& path : found) register_one(path);
  return found.size();
}

static const size_t registered = register_all();

TEST_CASE("the scripts are found") { REQUIRE(registered > 40); }

TEST_CASE("a script with a mistake in it fails") {
  auto error_of = [](const std::string& commands) { return Script::run(commands).error; };
  REQUIRE(error_of("cluster 3; elect 1").empty());
  REQUIRE(error_of("cluster 3; jump 1").starts_with("unknown command: jump"));
  REQUIRE(error_of("elect 1").starts_with("there is no cluster yet"));
  REQUIRE(error_of("cluster 3; elect 4").starts_with("no such node: 4"));
  REQUIRE(error_of("cluster 3; pass 700").starts_with("how long? 700"));
  REQUIRE(error_of("cluster 3; cut 1; elect 1").starts_with("it does not lead"));
  REQUIRE(error_of("cluster 3; restart 1").starts_with("it is up"));
  REQUIRE(error_of("limit height 3").starts_with("unknown limit: height"));
  REQUIRE(error_of("cluster 3; propose 1").empty());
  REQUIRE(error_of("cluster 3; drop 1>x").starts_with("not a number: x"));
}

}  // namespace skiff::raft_script_test
