// Overloaded: one callable made of several, for std::visit with a lambda for each alternative.
#pragma once

namespace skiff {

template <class... Callables>
struct Overloaded : Callables... {
  using Callables::operator()...;
};
template <class... Callables>
Overloaded(Callables...) -> Overloaded<Callables...>;

}  // namespace skiff
