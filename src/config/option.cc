#include "src/config/option.h"

namespace skiff {

Command unbound(Command command) {
  for (Option& option : command.options) option.value.read = nullptr;
  return command;
}

tl::unexpected<Error> wrong(const std::string& where, const std::string& what) {
  return fail(Error::Code::invalid, where + ": " + what);
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace skiff
