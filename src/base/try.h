// TRY: passes an error on to the caller; what remains is the value.
//
//   TRY(file.sync());                                  of a Result<>: returns its error if it has one
//   TRY(const uint64_t size, file.size());             of a Result<T>: declares `size`, or returns the error
//   TRY(file_, files.open(path, OpenMode::existing));  the same, into a variable that is there already
//   TRY(std::ignore, files.list(directory));           the same, of a value that is not needed
//
// This is the only macro besides CHECK, because no function can return from its caller, and C++20 has no `?` operator.
// Without it, three lines at each of some 300 calls hide the one that matters.
//
// The value is moved out of a Result that is a temporary or is given with std::move, so `auto name` costs one move,
// and `auto&& name` none: the Result then lives as long as the name. A Result with a name of its own is copied from.
//
// The form with a declaration is more than one statement. Behind an `if` without braces it does not compile. A comma
// outside parentheses, as in `f<a, b>()`, needs another pair of them.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "src/base/result.h"

#define TRY(...) SKIFF_TRY_CHOOSE(__VA_ARGS__, SKIFF_TRY_VALUE, SKIFF_TRY_VOID, )(__VA_ARGS__)

// Its third argument: of TRY with one argument that is SKIFF_TRY_VOID, of TRY with two SKIFF_TRY_VALUE.
#define SKIFF_TRY_CHOOSE(first, second, chosen, ...) chosen

#define SKIFF_TRY_VOID(expression)                                                                     \
  do {                                                                                                 \
    auto&& tried = (expression);                                                                       \
    static_assert(std::is_void_v<typename std::remove_cvref_t<decltype(tried)>::value_type>,           \
                  "a value is not dropped unseen: give it a name, or std::ignore");                    \
    if (!tried) return ::tl::unexpected<::skiff::Error>(std::forward<decltype(tried)>(tried).error()); \
  } while (false)

// NOLINTBEGIN(bugprone-macro-parentheses): neither a declaration nor a name can stand in parentheses.
#define SKIFF_TRY_VALUE(declaration, expression) SKIFF_TRY_VALUE_AS(SKIFF_TRY_NAME(__LINE__), declaration, expression)
#define SKIFF_TRY_VALUE_AS(tried, declaration, expression)                                           \
  auto&& tried = (expression);                                                                       \
  if (!tried) return ::tl::unexpected<::skiff::Error>(std::forward<decltype(tried)>(tried).error()); \
  declaration = *std::forward<decltype(tried)>(tried)
// NOLINTEND(bugprone-macro-parentheses)

// Two steps, so that __LINE__ is a number before it becomes part of a name.
#define SKIFF_TRY_NAME(line) SKIFF_TRY_PASTE(line)
#define SKIFF_TRY_PASTE(line) tried_in_line_##line
