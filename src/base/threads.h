// Threads: starts them, and describes the exception that ended one. Only threads.cc catches exceptions of std::thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "src/base/result.h"

namespace skiff {

// Starts a thread. An error if that fails, with advice for the operator: "no thread for the disk: Resource temporarily
// unavailable; ...". `purpose` is part of the text: "the disk".
Result<std::thread> start_thread(std::string_view purpose, std::function<void()> run);

// Starts so many threads and ends them again. An error if one cannot be started. For a library that starts threads of
// its own and cannot report a failure, and for threads whose failure should be known early.
Result<> probe_threads(std::string_view purpose, size_t count);

// Describes the exception that was not caught, for a handler of std::terminate.
std::string describe_exception();

}  // namespace skiff
