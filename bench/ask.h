// Ask: one HTTP exchange on a connection of its own, waited for. For questions beside the measuring, such as who leads.
#pragma once

#include <cstdint>
#include <string>

#include "src/base/result.h"

namespace skiff::bench {

struct Reply {
  int status = 0;
  std::string body;
};

// At 127.0.0.1.
Result<Reply> ask(uint16_t port, const std::string& method, const std::string& path, const std::string& body,
                  int timeout_ms);

}  // namespace skiff::bench
