// encode() writes every command that decode() accepts in the same bytes. No input makes decode() fail otherwise than by
// an error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "raft/check.h"
#include "store/state/command.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto command = skiff::store::decode(bytes);
  if (command) CHECK(skiff::store::encode(*command) == bytes);
  return 0;
}
