// What a node does about what rests on its disk: it is read again in the background, by the snapshots' thread, and what
// is damaged gives way to a new snapshot of what the node holds in memory.
#include <fmt/format.h>

#include "src/config/limits.h"
#include "src/node/node.h"

namespace skiff {

ScrubConfig scrub_config(const Options& options) {
  return {.every_ns = options.scrub_every_ns,
          .first_ns = limits::kScrubFirstNs,
          .piece_bytes = limits::kScrubPieceBytes,
          .pause_ns = limits::kScrubPauseNs,
          .replace_again_ns = limits::kReplaceAgainNs};
}

void Node::scrub_if_due() {
  if (auto order = scrubbing_.due(loop_.now_ns())) snapshots_->scrub(*order);
  arm_scrub_timer();
}

void Node::arm_scrub_timer() {
  const uint64_t deadline = scrubbing_.next_deadline(), now = loop_.now_ns();
  if (!scrub_timer_ || deadline == raft::kNever) return;
  scrub_timer_->start_ns(deadline > now ? deadline - now : 0);
}

void Node::scrubbed(const store::Snapshots::Scrubbed* scrubbed) {
  if (scrubbed == nullptr) {
    scrubbing_.put_off(loop_.now_ns());
    return arm_scrub_timer();
  }
  if (!scrubbed->error.empty()) log::warn("cannot look for damage at rest: " + scrubbed->error);
  replace_damaged(*scrubbed, scrubbing_.done(loop_.now_ns(), *scrubbed));
}

void Node::on_damage_found(const store::Snapshots::Scrubbed& news) {
  replace_damaged(news, scrubbing_.note(loop_.now_ns(), news));
}

void Node::replace_damaged(const store::Snapshots::Scrubbed& scrubbed, std::optional<raft::Index> at) {
  for (const store::Damage& damage : scrubbed.found) {
    log::error(
        fmt::format("damage at rest: {}. What this node holds in memory is whole: it makes a snapshot of that, "
                    "and lets go of {}",
                    damage.what, damage.name));
  }
  for (const store::Damage& damage : scrubbed.recovered) {
    log::info(fmt::format("damage at rest is mended: nothing depends on the damaged {} any more, and it is gone",
                          damage.name));
  }
  if (at) replica_->replace_damaged(loop_.now_ns(), *at);
  after_step();
  arm_scrub_timer();
}

}  // namespace skiff
