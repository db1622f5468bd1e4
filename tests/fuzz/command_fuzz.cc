// Whatever decode() takes for a command, encode() writes the same way. Nothing it is given hurts it.
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
