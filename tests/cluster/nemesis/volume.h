// Volume: a small disk in memory, mounted over a directory, that can be filled to the last byte.
//
// Requires: root, and a mount namespace that is ours alone (`unshare --mount`), or it outlives us.
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
  void clear() const;  // what fill() took

 private:
  std::string filler() const { return directory_ + "/filler"; }

  const std::string directory_;
};

}  // namespace skiff::cluster_test
