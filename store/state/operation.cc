#include "store/state/operation.h"

#include "src/base/overloaded.h"
#include "src/base/try.h"
#include "store/state/condition.h"

namespace skiff::store {
namespace {

tl::unexpected<Error> refuse(std::string why) { return fail(Error::Code::invalid, std::move(why)); }

Result<> check_key(std::string_view key) {
  if (key.empty()) return refuse("its key is empty");
  if (key.size() > kKeyBytesMax) return refuse("its key has " + std::to_string(key.size()) + " bytes");
  return {};
}

Result<> check_condition(std::string_view condition) {
  const bool is_one = condition.size() <= kConditionBytesMax && decode_condition(condition);
  if (!is_one) return refuse("its condition cannot be read");
  return {};
}

Result<> check_each(const PutView& put) {
  if (put.value.size() > UINT32_MAX) return refuse("its value is too long");
  TRY(check_condition(put.condition));
  return check_key(put.key);
}

Result<> check_each(const DeleteRangeView& range) {
  if (range.end.size() > kKeyBytesMax) return refuse("the end of its range is too long");
  if (!range.end.empty() && !range.condition.empty()) return refuse("a range has a condition");
  TRY(check_condition(range.condition));
  return check_key(range.key);
}

Result<> check_each(const Compact& compact) {
  if (compact.revision == 0) return refuse("a compact without a revision");
  return {};
}

}  // namespace

OperationView view_of(const Operation& operation) {
  return std::visit(Overloaded{[](const Put& put) -> OperationView {
                                 return PutView{put.key, put.value, put.lease, put.condition};
                               },
                               [](const DeleteRange& range) -> OperationView {
                                 return DeleteRangeView{range.key, range.end, range.condition};
                               },
                               [](const Compact& compact) -> OperationView { return compact; }},
                    operation);
}

Result<> check(const OperationView& operation) {
  return std::visit([](const auto& each) { return check_each(each); }, operation);
}

uint64_t bytes_of(const OperationView& operation) {
  return std::visit(
      Overloaded{[](const PutView& put) { return uint64_t{put.key.size() + put.value.size() + put.condition.size()}; },
                 [](const DeleteRangeView& range) {
                   return uint64_t{range.key.size() + range.end.size() + range.condition.size()};
                 },
                 [](const Compact&) { return uint64_t{0}; }},
      operation);
}

}  // namespace skiff::store
