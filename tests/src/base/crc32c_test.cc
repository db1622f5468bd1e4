#include "src/base/crc32c.h"

#include <string>

#include "tests/support/catch.h"

namespace skiff::crc32c_test {

TEST_CASE("crc32c gives the published values") {  // RFC 3720, appendix B.4
  REQUIRE(crc32c("") == 0);
  REQUIRE(crc32c("123456789") == 0xe3069283);
  REQUIRE(crc32c(std::string(32, '\0')) == 0x8a9136aa);
  REQUIRE(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
  std::string ascending;
  for (char byte = 0; byte < 32; ++byte) ascending += byte;
  REQUIRE(crc32c(ascending) == 0x46dd794e);
}

TEST_CASE("crc32c of two parts continues") {
  std::string text = "a checksum may be taken in pieces";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    std::string_view whole(text);
    REQUIRE(crc32c_extend(crc32c(whole.substr(0, cut)), whole.substr(cut)) == crc32c(text));
  }
}

}  // namespace skiff::crc32c_test
