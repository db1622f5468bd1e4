// KvCounters: the size of a map and of its history, for operators.
#pragma once

#include <cstdint>

#include "src/base/metrics.h"
#include "store/state/kv.h"

namespace skiff::store {

struct KvCounters {
  uint64_t applied = 0;
  uint64_t revision = 0;
  uint64_t compacted = 0;
  uint64_t versions = 0;
  uint64_t history_bytes = 0;
  uint64_t keys = 0;

  template <class Visitor>
  void visit_metrics(Visitor&& visitor) const {
    visitor(Metric::gauge("applied", "Index of the last entry of the log that is in the map."), applied);
    visitor(Metric::gauge("revision", "Revision of the last change of the map."), revision);
    visitor(Metric::gauge("compacted", "Oldest revision that can be read."), compacted);
    visitor(Metric::gauge("versions", "Versions of all keys in memory, removals included."), versions);
    visitor(Metric::gauge("history_bytes", "Bytes of the versions that are not the newest.", Metric::Unit::bytes),
            history_bytes);
    visitor(Metric::gauge("keys", "Keys that are present."), keys);
  }
};

inline KvCounters counters_of(const Kv& kv) {
  return {.applied = kv.applied(),
          .revision = kv.revision(),
          .compacted = kv.compacted(),
          .versions = kv.versions(),
          .history_bytes = kv.history_bytes(),
          .keys = kv.keys()};
}

}  // namespace skiff::store
