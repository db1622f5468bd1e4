// Threads: how one is started, and what one ended by. The only place that catches what std::thread throws.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "src/base/result.h"

namespace skiff {

// An error if there is none to be had, with what an operator can do about it: "no thread for the disk: Resource
// temporarily unavailable; ...". `for_what` stands in it: "the disk".
Result<std::thread> start_thread(std::string_view for_what, std::function<void()> run);

// Whether so many more could be started now, for a library that starts its own and cannot say so, or for what is better
// known before. They are started, and end.
Result<> probe_threads(std::string_view for_what, size_t count);

// Of the exception that nobody caught, for a handler of std::terminate.
std::string describe_exception();

}  // namespace skiff
