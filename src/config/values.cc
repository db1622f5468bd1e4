#include "src/config/values.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "raft/check.h"
#include "src/base/try.h"
#include "src/config/units.h"

namespace skiff {
namespace {

template <class Parsed>
Result<> keep(Parsed& field, const Result<Parsed>& parsed) {
  TRY(field, parsed);
  return {};
}

Value name_of_file(std::string name, std::string& field, Completion::Kind kind, const char* empty) {
  CHECK(!name.empty());  // else it would be a switch
  auto read = [&field, empty](std::string_view text) -> Result<> {
    if (text.empty()) return fail(Error::Code::invalid, empty);
    field = text;
    return {};
  };
  return {.name = std::move(name), .read = read, .standard = field, .completion = {.kind = kind}};
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    parts.emplace_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  CHECK(!parts.empty());
  return parts;
}

}  // namespace

Result<uint64_t> parse_number(std::string_view text, uint64_t least, uint64_t most, const std::string& what) {
  CHECK(least <= most);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= least && number <= most) return number;
  const std::string from = std::to_string(least), to = std::to_string(most);
  return fail(Error::Code::invalid,
              quoted(text) + (what.empty() ? " is no number from " + from + " to " + to
                                           : " is not " + what + " (" + from + " to " + to + ")"));
}

Value number(std::string name, uint64_t& field, uint64_t least, uint64_t most, std::string what) {
  CHECK(least <= most);
  CHECK(!name.empty());
  auto read = [&field, least, most, what = std::move(what)](std::string_view text) {
    return keep(field, parse_number(text, least, most, what));
  };
  return {.name = std::move(name), .read = read, .standard = std::to_string(field)};
}

Value duration(raft::Time& field, raft::Time least, raft::Time most) {
  CHECK(least <= most);
  auto read = [&field, least, most](std::string_view text) { return keep(field, parse_duration(text, least, most)); };
  return {.name = "DURATION", .read = read, .standard = show_duration(field)};
}

Value duration_or_off(raft::Time& field, raft::Time least, raft::Time most) {
  Value value = duration(field, least, most);
  value.read = [&field, read = std::move(value.read)](std::string_view text) -> Result<> {
    if (text != "off") return read(text);
    field = 0_s;
    return {};
  };
  if (field == 0_s) value.standard = "off";
  return value;
}

Value size(uint64_t& field, uint64_t least, uint64_t most) {
  CHECK(least <= most);
  auto read = [&field, least, most](std::string_view text) { return keep(field, parse_bytes(text, least, most)); };
  return {.name = "SIZE", .read = read, .standard = show_bytes(field)};
}

Value on_off(bool& field) {
  auto read = [&field](std::string_view text) -> Result<> {
    if (text != "true" && text != "false") {
      return fail(Error::Code::invalid, quoted(text) + " is neither true nor false");
    }
    field = text == "true";
    return {};
  };
  return {.name = "", .read = read};
}

Value text_or_none(std::string name, std::string& field) {
  auto read = [&field](std::string_view text) -> Result<> {
    field = text;
    return {};
  };
  return {.name = std::move(name), .read = read, .standard = field};
}

Value text(std::string name, std::string& field) {
  return name_of_file(std::move(name), field, Completion::Kind::nothing, "is empty");
}

Value file_name(std::string name, std::string& field) {
  return name_of_file(std::move(name), field, Completion::Kind::files, "an empty name is no file");
}

Value directory_name(std::string name, std::string& field) {
  return name_of_file(std::move(name), field, Completion::Kind::directories, "an empty name is no directory");
}

Value one_of(std::string name, std::vector<std::string> words, std::string_view standard,
             std::function<Result<>(std::string_view)> read) {
  CHECK(read != nullptr);
  CHECK(std::find(words.begin(), words.end(), standard) != words.end());
  return {.name = std::move(name),
          .read = std::move(read),
          .standard = std::string(standard),
          .completion = {.kind = Completion::Kind::words, .words = std::move(words)}};
}

Value some_of(std::string name, std::vector<std::string> words, std::vector<std::string>& field) {
  auto read = [&field](std::string_view text) -> Result<> {
    field = split(text);
    return {};
  };
  return {
      .name = std::move(name), .read = read, .completion = {.kind = Completion::Kind::list, .words = std::move(words)}};
}

Value shown_as(std::string standard, Value value) {
  CHECK(value.read != nullptr);
  value.standard = std::move(standard);
  return value;
}

}  // namespace skiff
