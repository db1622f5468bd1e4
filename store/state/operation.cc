#include "store/state/operation.h"

#include "src/base/overloaded.h"

namespace skiff::store {
namespace {

tl::unexpected<Error> refuse(std::string why) { return fail(Error::Code::invalid, std::move(why)); }

Result<> check_key(std::string_view key) {
  if (key.empty()) return refuse("its key is empty");
  if (key.size() > kKeyBytesMax) return refuse("its key has " + std::to_string(key.size()) + " bytes");
  return {};
}

}  // namespace

OperationView view_of(const Operation& operation) {
  return std::visit(Overloaded{[](const Put& put) -> OperationView {
                                 return PutView{put.key, put.value, put.lease};
                               },
                               [](const DeleteRange& range) -> OperationView {
                                 return DeleteRangeView{range.key, range.end};
                               },
                               [](const Compact& compact) -> OperationView { return compact; }},
                    operation);
}

Result<> check(const OperationView& operation) {
  return std::visit(Overloaded{[](const PutView& put) -> Result<> {
                                 if (put.value.size() > UINT32_MAX) return refuse("its value is too long");
                                 return check_key(put.key);
                               },
                               [](const DeleteRangeView& range) -> Result<> {
                                 if (range.end.size() > kKeyBytesMax) return refuse("the end of its range is too long");
                                 return check_key(range.key);
                               },
                               [](const Compact& compact) -> Result<> {
                                 if (compact.revision == 0) return refuse("a compact without a revision");
                                 return {};
                               }},
                    operation);
}

uint64_t bytes_of(const OperationView& operation) {
  return std::visit(
      Overloaded{[](const PutView& put) -> uint64_t { return put.key.size() + put.value.size(); },
                 [](const DeleteRangeView& range) -> uint64_t { return range.key.size() + range.end.size(); },
                 [](const Compact&) -> uint64_t { return 0; }},
      operation);
}

}  // namespace skiff::store
