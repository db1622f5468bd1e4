// Chooses the rule that this program breaks: the one that SKIFF_MUTANT names. Only in a build with mutants.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "raft/mutant.h"

namespace skiff {
namespace {

struct Row {
  std::string_view name, found_by, what;
};

#define SKIFF_MUTANT_ROW(name, found_by, what) {#name, #found_by, what},
constexpr Row kRows[] = {SKIFF_MUTANTS(SKIFF_MUTANT_ROW)};
#undef SKIFF_MUTANT_ROW

[[noreturn]] void list() {
  for (const Row& row : kRows) std::printf("%s %s %s\n", row.name.data(), row.found_by.data(), row.what.data());
  std::exit(0);
}

Mutant chosen() {
  const char* wanted = std::getenv("SKIFF_MUTANT");
  if (wanted == nullptr || *wanted == '\0') return Mutant::none;
  if (std::string_view(wanted) == "list") list();
  int number = 1;  // 0 is none
  for (const Row& row : kRows) {
    if (row.name == wanted) {
      unsetenv("SKIFF_MUTANT");  // the program has no such setting
      return static_cast<Mutant>(number);
    }
    ++number;
  }
  std::fprintf(stderr, "SKIFF_MUTANT=%s: there is no such mutant; SKIFF_MUTANT=list names them all\n", wanted);
  std::exit(2);
}

}  // namespace

const Mutant kMutant = chosen();

}  // namespace skiff
