// Volume: a small disk in memory, mounted over a directory, that can be filled to the last byte.
//
// Requires: root, and a mount namespace of this process alone (`unshare --mount`); otherwise the mount outlives the
// process.
#pragma once

#include <string>

namespace skiff::cluster_test {

class Volume {
 public:
  Volume(std::string directory, int megabytes);
  ~Volume();
  Volume(const Volume&) = delete;
  Volume& operator=(const Volume&) = delete;

  void fill() const;
  void clear() const;  // frees the room that fill() took

 private:
  std::string filler() const { return directory_ + "/filler"; }

  const std::string directory_;
};

}  // namespace skiff::cluster_test
