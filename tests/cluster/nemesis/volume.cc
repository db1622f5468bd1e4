#include "tests/cluster/nemesis/volume.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <utility>

#include "raft/check.h"

namespace skiff::cluster_test {

Volume::Volume(std::string directory, int megabytes) : directory_(std::move(directory)) {
  const std::string size = "size=" + std::to_string(megabytes) + "m";
  CHECK(mount("skiff-test", directory_.c_str(), "tmpfs", 0, size.c_str()) == 0);
}

Volume::~Volume() { umount2(directory_.c_str(), MNT_DETACH); }

void Volume::fill() const {
  int file = open(filler().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  CHECK(file >= 0);
  struct statvfs room {};
  off_t end = 0;
  while (statvfs(directory_.c_str(), &room) == 0 && room.f_bavail > 0) {
    const auto bytes = static_cast<off_t>(room.f_bavail * room.f_frsize);
    if (posix_fallocate(file, end, bytes) == 0) end += bytes;
  }
  close(file);
}

void Volume::clear() const { unlink(filler().c_str()); }

}  // namespace skiff::cluster_test
