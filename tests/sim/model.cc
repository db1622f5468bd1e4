#include "tests/sim/model.h"

#include <vector>

#include "store/state/condition.h"

namespace skiff::sim {
namespace {

bool does_hold(std::string_view encoded, store::Revision current) {
  const auto condition = store::decode_condition(encoded);
  if (!condition) return false;
  const auto names = [&](const std::optional<std::vector<store::Revision>>& revisions) {
    for (const store::Revision revision : *revisions) {
      if (revision == current && current != 0) return true;
    }
    return false;
  };
  if (condition->is_there && current == 0) return false;
  if (condition->is_not_there && current != 0) return false;
  if (condition->one_of && !names(condition->one_of)) return false;
  return !condition->none_of || !names(condition->none_of);
}

}  // namespace

bool Demand::holds(store::Revision current) const {
  switch (kind) {
    case Kind::nothing: return true;
    case Kind::is_there: return current != 0;
    case Kind::is_not_there: return current == 0;
    case Kind::is_at: return current == at;
    case Kind::is_not_at: return current != at;
  }
  return false;
}

std::string Demand::encode() const {
  store::Condition condition;
  condition.is_there = kind == Kind::is_there;
  condition.is_not_there = kind == Kind::is_not_there;
  if (kind == Kind::is_at) condition.one_of = {at};
  if (kind == Kind::is_not_at) condition.none_of = {at};
  return condition.encode();
}

void Model::apply(const store::Command& command) {
  const auto known = newest_.find(command.origin.node);
  const bool is_newer = known == newest_.end() || known->second < command.origin;
  if (is_newer) newest_[command.origin.node] = command.origin;
  if (const auto* put = std::get_if<store::PutView>(&command.operation)) {
    if (is_newer) return this->put(*put);
    writes_.try_emplace(std::string(put->value), Written{.was_repeated = true});
  } else if (const auto* range = std::get_if<store::DeleteRangeView>(&command.operation);
             range != nullptr && is_newer) {
    remove(*range);
  }
}

const Model::Written* Model::find(const std::string& value) const {
  const auto found = writes_.find(value);
  return found == writes_.end() ? nullptr : &found->second;
}

store::Revision Model::current(const std::string& key) const {
  const auto found = keys_.find(key);
  return found == keys_.end() ? 0 : found->second;
}

void Model::put(const store::PutView& put) {
  const std::string key(put.key);
  Written written{.before = current(key)};
  written.has_changed = does_hold(put.condition, written.before);
  if (written.has_changed) keys_[key] = ++revision_;
  written.revision = revision_;
  writes_.try_emplace(std::string(put.value), written);
}

void Model::remove(const store::DeleteRangeView& range) {
  const std::string key(range.key);
  if (range.end.empty()) {
    const bool does_remove = current(key) != 0 && does_hold(range.condition, current(key));
    if (does_remove) keys_.erase(key), ++revision_;
    return;
  }
  const bool has_end = range.end != store::kToTheLast;
  if (has_end && range.end <= range.key) return;
  const auto first = keys_.lower_bound(key);
  const auto end = has_end ? keys_.lower_bound(std::string(range.end)) : keys_.end();
  if (first == end) return;
  keys_.erase(first, end);
  ++revision_;
}

}  // namespace skiff::sim
