// Sets every field of a struct to a value of its own, however deep it lies.

#pragma once

#include <raft/messages/bytes.hpp>
#include <raft/messages/fields.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace raft::test {

/// The fields of a struct. Does not compile if some would be left out.
template <class T>
constexpr auto all_fields(T& x) {
  auto result = tie_fields(x);
  static_assert(
    std::tuple_size_v<decltype(result)> == field_count<std::remove_const_t<T>>);
  return result;
}

/// Goes over the leaves of a value: numbers, enumerations, strings and byte
/// strings. A vector gets two elements, so that its own code runs twice.
class filler {
public:
  /// Sets all leaves.
  filler() = default;

  /// Sets one leaf only; the others keep what they have.
  explicit filler(std::size_t only) : only_{only} {
    // nop
  }

  /// How many leaves there were so far.
  std::size_t count() const noexcept {
    return count_;
  }

  template <class T>
  void operator()(T& x) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>)
      set(x, [](std::uint64_t n) { return number<T>(n); });
    else if constexpr (std::same_as<T, std::string>)
      set(x, [](std::uint64_t n) { return text(n); });
    else if constexpr (std::same_as<T, bytes>)
      set(x, [](std::uint64_t n) { return bytes{text(n)}; });
    else
      std::apply([this](auto&... fields) { ((*this)(fields), ...); },
                 all_fields(x));
  }

  template <class T>
  void operator()(std::vector<T>& xs) {
    xs.resize(2);
    for (auto& x : xs)
      (*this)(x);
  }

private:
  template <class T, class Make>
  void set(T& x, Make make) {
    auto here = count_++;
    if (!only_ || *only_ == here)
      x = make(here + 1);
  }

  /// Never zero, and uses the highest byte, so that nothing may narrow it.
  template <class T>
  static T number(std::uint64_t n) {
    if constexpr (std::is_enum_v<T>)
      return static_cast<T>(number<std::underlying_type_t<T>>(n));
    else if constexpr (std::same_as<T, bool>)
      return true;
    else
      return static_cast<T>(n << (sizeof(T) * 8 - 8) | n);
  }

  static std::string text(std::uint64_t n) {
    using namespace std::string_literals;
    return "text\0with any byte \xff "s + std::to_string(n);
  }

  std::optional<std::size_t> only_;
  std::size_t count_ = 0;
};

/// A `T` with all leaves set.
template <class T>
T filled() {
  T result;
  filler fill;
  fill(result);
  return result;
}

/// Calls `f` with a `T` whose leaves are all set, then with those where all but
/// one have their default.
template <class T, class F>
void for_each_filled(F f) {
  T all;
  filler fill;
  fill(all);
  f(all);
  for (std::size_t i = 0; i < fill.count(); ++i) {
    T one;
    filler fill_one{i};
    fill_one(one);
    f(one);
  }
}

/// Whether all fields of `x`, down to the leaves, differ from their defaults.
template <class T>
bool all_set(const T& x) {
  if constexpr (
    std::is_arithmetic_v<
      T> || std::is_enum_v<T> || std::same_as<T, std::string> || std::same_as<T, bytes>)
    return x != T{};
  else if constexpr (requires { x.begin(); })
    return !x.empty() && std::all_of(x.begin(), x.end(), [](const auto& y) {
      return all_set(y);
    });
  else
    return std::apply(
      [](const auto&... fields) { return (all_set(fields) && ...); },
      all_fields(x));
}

} // namespace raft::test
