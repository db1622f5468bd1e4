// Values: the kinds of value that an option may have, each with its unit, its range and its errors.
//
// Every function binds a value to the field that it fills. The default is what the field holds at that moment, so it is
// written once, where the field is declared. A text that cannot be used is an error that says what would be right.
//
// Always: after a reading that succeeded the field is within the range. After one that failed it is anything.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "raft/time.h"
#include "src/base/result.h"
#include "src/config/option.h"

namespace skiff {

// A whole number; both bounds are included. `what` names it in errors: "a port".
Value number(std::string name, uint64_t& field, uint64_t least, uint64_t most, std::string what = "");
Result<uint64_t> parse_number(std::string_view text, uint64_t least, uint64_t most, const std::string& what);

// "50ms"; see src/config/units.h. The last also takes "off", which is 0.
Value duration(raft::Time& field, raft::Time least, raft::Time most);
Value duration_or_off(raft::Time& field, raft::Time least, raft::Time most);
// "64KiB", in bytes.
Value size(uint64_t& field, uint64_t least, uint64_t most);

// True if it stands alone, or if it is said to be.
Value on_off(bool& field);

Value text(std::string name, std::string& field);  // not empty
Value text_or_none(std::string name, std::string& field);
Value file_name(std::string name, std::string& field);
Value directory_name(std::string name, std::string& field);

// One of these words, which `read` turns into a value and complains of others; or several, with commas between them.
Value one_of(std::string name, std::vector<std::string> words, std::string_view standard,
             std::function<Result<>(std::string_view)> read);
Value some_of(std::string name, std::vector<std::string> words, std::vector<std::string>& field);

// The same value, whose default is shown in other words.
Value shown_as(std::string standard, Value value);

}  // namespace skiff
