#include "bench/files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace skiff::bench {
namespace {

tl::unexpected<Error> error(const std::string& act, const std::string& path) {
  return fail(Error::Code::io, act + " " + path + ": " + std::strerror(errno));
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!file || !(bytes << file.rdbuf())) return error("read", path);
  return bytes.str();
}

Result<> write_file(const std::string& path, std::string_view bytes) {
  if (path == "-") {
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
    return {};
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file || !file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())) || !file.flush()) {
    return error("write", path);
  }
  return {};
}

Result<> make_directories(const std::string& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) return fail(Error::Code::io, "make directory " + path + ": " + code.message());
  return {};
}

}  // namespace skiff::bench
