// Slow disk: a library to preload (LD_PRELOAD) into a process; every flush takes SLOW_DISK_US longer.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

extern "C" int fdatasync(int file) {
  const char* microseconds = std::getenv("SLOW_DISK_US");
  if (microseconds != nullptr) usleep(static_cast<useconds_t>(std::strtoul(microseconds, nullptr, 10)));
  return static_cast<int>(syscall(SYS_fdatasync, file));
}
