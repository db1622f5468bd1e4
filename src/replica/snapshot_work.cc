#include "src/replica/snapshot_work.h"

#include <memory>
#include <utility>

#include "raft/check.h"

namespace skiff {

Result<SnapshotWriteResult> write_snapshot(store::Snapshots& snapshots, SnapshotBytes&& bytes) {
  CHECK(bytes.bytes != nullptr);
  CHECK(bytes.mark.position.index > 0);
  auto taken = snapshots.write({.mark = bytes.mark,
                                .offset = bytes.offset,
                                .bytes = *bytes.bytes,
                                .is_last = bytes.is_last,
                                .is_fetched = bytes.is_fetched});
  if (!taken && taken.error().code == Error::Code::io) return tl::unexpected(taken.error());
  SnapshotWriteResult result{.written = {.mark = std::move(bytes.mark),
                                         .end = bytes.offset + bytes.bytes->size(),
                                         .is_last = bytes.is_last,
                                         .is_fetched = bytes.is_fetched,
                                         .has_failed = !taken},
                             .error = taken ? "" : to_text(taken.error())};
  if (taken) result.written.loaded = std::move(*taken);
  CHECK(!result.written.loaded || (result.written.is_last && result.written.is_fetched));
  return result;
}

SnapshotReadResult read_snapshot(store::Snapshots& snapshots, raft::LogPosition position, uint64_t offset,
                                 uint64_t bytes_max) {
  CHECK(bytes_max > 0);
  SnapshotReadResult result{.piece = {.position = position, .offset = offset}};
  auto piece = snapshots.read(position.index, offset, bytes_max);
  if (piece) {
    result.piece.is_last = piece->is_last;
    result.piece.bytes = raft::Payload::of(piece->bytes);
  } else if (piece.error().code != Error::Code::unavailable) {
    result.error = to_text(piece.error());
  }
  return result;
}

}  // namespace skiff
