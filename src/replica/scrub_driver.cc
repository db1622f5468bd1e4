#include "src/replica/scrub_driver.h"

#include "raft/check.h"

namespace skiff {

void ScrubDriver::tick(raft::Time now) {
  const std::optional<ScrubSchedule::Task> task = schedule_.due(now);
  if (!task) return;
  CHECK(next_deadline() == raft::kNever);
  actions_.scrub(*task);
}

void ScrubDriver::scrubbed(raft::Time now, const store::Snapshots::Scrubbed& result) {
  act_on(result, schedule_.done(now, result));
}

void ScrubDriver::noted(raft::Time now, const store::Snapshots::Scrubbed& news) {
  CHECK(!news.has_ended);
  act_on(news, schedule_.note(now, news));
}

void ScrubDriver::act_on(const store::Snapshots::Scrubbed& result, std::optional<raft::Index> at) {
  for (const store::Damage& damage : result.found) actions_.damage_found(damage);
  for (const store::Damage& damage : result.recovered) actions_.damage_removed(damage);
  if (at) actions_.replace_damaged(*at);
}

}  // namespace skiff
