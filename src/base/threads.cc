#include "src/base/threads.h"

#include <exception>
#include <future>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "raft/check.h"

namespace skiff {

Result<std::thread> start_thread(std::string_view purpose, std::function<void()> run) {
  CHECK(run != nullptr);
  try {
    return std::thread(std::move(run));
  } catch (const std::system_error& none) {
    return fail(
        Error::Code::unavailable,
        "no thread for " + std::string(purpose) + ": " + none.code().message() +
            "; look at how many this user may have (ulimit -u), and this container or service (pids, TasksMax)");
  }
}

Result<> probe_threads(std::string_view purpose, size_t count) {
  std::vector<std::thread> started;
  std::promise<void> is_over;
  const std::shared_future<void> end = is_over.get_future().share();
  Result<> all;
  while (all && started.size() < count) {
    auto thread = start_thread(purpose, [end] { end.wait(); });
    if (thread) {
      started.push_back(std::move(*thread));
    } else {
      all = tl::unexpected(thread.error());
    }
  }
  if (all) CHECK(started.size() == count);
  is_over.set_value();
  for (std::thread& thread : started) thread.join();
  return all;
}

std::string describe_exception() {
  const std::exception_ptr unexpected = std::current_exception();
  if (unexpected == nullptr) return "none";
  try {
    std::rethrow_exception(unexpected);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "of a type that is not known";
  }
}

}  // namespace skiff
