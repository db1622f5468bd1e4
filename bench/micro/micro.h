// Micro: the cost of one step of a request's way, in nanoseconds, instructions and allocations.
//
// A subject makes what it needs once, and then repeats one step as often as it is told. Steps are repeated for long
// enough to measure, several times over, and the quickest time counts: slower ones were disturbed. Instructions are
// the processor's own count, in user space, of this thread, where the machine gives it away; they hardly depend on
// other processes, so they are the figure to compare from one commit to the next.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "raft/time.h"

namespace skiff::micro {

// Repeats the step that many times.
using Repeat = std::function<void(uint64_t times)>;

struct Subject {
  std::string name;
  std::string step;  // what one step is
  std::function<Repeat()> make;
};

// One for each part of the way. In the order of a request's life.
std::vector<Subject> http_subjects();
std::vector<Subject> core_subjects();
std::vector<Subject> wal_subjects();
std::vector<Subject> frame_subjects();
std::vector<Subject> store_subjects();
std::vector<Subject> hop_subjects();

struct Cost {
  double ns = 0;
  double allocations = 0;
  std::optional<double> instructions;
};

// `least`: how long one measurement takes at least.
Cost measure(const Subject& subject, raft::Time least);

// Keeps the compiler from removing a result that is not used.
template <class Value>
void keep(const Value& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

// Whether the machine counts instructions for us; if not, why.
std::optional<std::string> why_no_instructions();

}  // namespace skiff::micro
