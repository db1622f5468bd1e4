// skiff-micro: what each step of a request's way costs by itself.
//
//   skiff-micro [NAME...]   only those whose name begins so
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <span>

#include "bench/micro/micro.h"

namespace skiff::micro {
namespace {

constexpr raft::Time kLeast = 50_ms;

std::vector<Subject> all_subjects() {
  std::vector<Subject> all;
  for (const auto subjects :
       {http_subjects, core_subjects, wal_subjects, frame_subjects, store_subjects, hop_subjects}) {
    for (Subject& subject : subjects()) all.push_back(std::move(subject));
  }
  return all;
}

bool is_wanted(const Subject& subject, std::span<const char* const> names) {
  return names.empty() ||
         std::any_of(names.begin(), names.end(), [&](const char* name) { return subject.name.starts_with(name); });
}

int micro_main(std::span<const char* const> names) {
  fmt::print("{:20} {:>10} {:>13} {:>12}  {}\n", "", "ns", "instructions", "allocations", "one step");
  int measured = 0;
  for (const Subject& subject : all_subjects()) {
    if (!is_wanted(subject, names)) continue;
    const Cost cost = measure(subject, kLeast);
    fmt::print("{:20} {:>10.0f} {:>13} {:>12.2f}  {}\n", subject.name, cost.ns,
               cost.instructions ? fmt::format("{:.0f}", *cost.instructions) : "-", cost.allocations, subject.step);
    std::fflush(stdout);
    ++measured;
  }
  if (measured == 0) {
    fmt::print(stderr, "skiff-micro: nothing has a name that begins so; without names it measures everything\n");
    return 2;
  }
  if (const auto why = why_no_instructions()) {
    fmt::print(
        "instructions are not counted here ({}); valgrind --tool=callgrind build/skiff-micro NAME does, slowly\n",
        *why);
  }
  return 0;
}

}  // namespace
}  // namespace skiff::micro

int main(int count, char** arguments) {
  try {
    return skiff::micro::micro_main({arguments + 1, static_cast<size_t>(count - 1)});
  } catch (const std::exception& unexpected) {
    std::fprintf(stderr, "skiff-micro: ended by an exception: %s\n", unexpected.what());
    return EXIT_FAILURE;
  }
}
