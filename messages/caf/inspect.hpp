// Teaches CAF to carry the messages: one `inspect` for all plain structs of
// namespace raft, on CAF 0.17 and 1.x.

#pragma once

#include <raft/messages/all.hpp>
#include <raft/messages/fields.hpp>
#include <raft/messages/versions.hpp>

#include <caf/config.hpp>

#include <string>
#include <tuple>
#include <type_traits>

#if CAF_MAJOR_VERSION == 0
#  include <caf/binary_deserializer.hpp>
#  include <caf/meta/type_name.hpp>
#endif

namespace raft {

namespace detail {

/// Whether `inspect` below may take `T`: a struct of ours that is nothing but
/// its fields.
template <class T>
struct is_plain_message
  : std::bool_constant<std::is_class_v<T> && std::is_aggregate_v<T>> {};

template <class Inspector>
constexpr bool is_loading() {
#if CAF_MAJOR_VERSION == 0
  return Inspector::writes_state;
#else
  return Inspector::is_loading;
#endif
}

/// Whether nothing is left of a message.
template <class Inspector>
bool is_at_end(const Inspector& f) {
#if CAF_MAJOR_VERSION == 0
  auto bytes = dynamic_cast<const caf::binary_deserializer*>(&f);
  return bytes != nullptr && bytes->remaining() == 0;
#else
  if constexpr (requires { f.remaining(); })
    return f.remaining() == 0;
  else
    return false;
#endif
}

/// Hands a list of values to the inspector.
template <class Inspector, class... Ts>
auto visit_values(Inspector& f, Ts&... xs) {
#if CAF_MAJOR_VERSION == 0
  return f(xs...);
#else
  return (f.apply(xs) && ...);
#endif
}

} // namespace detail

#if CAF_MAJOR_VERSION > 0
/// Shows an enumeration to the inspector as its underlying number, as 0.17
/// does of itself. Values that no enumerator names are possible on input:
/// handle them.
template <class Inspector, class Enum>
  requires std::is_enum_v<Enum>
bool inspect(Inspector& f, Enum& x) {
  auto number = static_cast<std::underlying_type_t<Enum>>(x);
  if (!f.apply(number))
    return false;
  if constexpr (Inspector::is_loading)
    x = static_cast<Enum>(number);
  return true;
}
#endif

template <class Inspector, class Tag>
auto inspect(Inspector& f, strong_number<Tag>& x) {
  return detail::visit_values(f, x.value);
}

template <class Inspector>
auto inspect(Inspector& f, bytes& x) {
  if constexpr (detail::is_loading<Inspector>()) {
    std::string data;
    auto result = detail::visit_values(f, data);
    x = bytes{std::move(data)};
    return result;
  } else {
    // Inspectors that only read take a mutable reference all the same.
    static const std::string nothing;
    auto& data = const_cast<std::string&>(x.empty() ? nothing : x.str());
    return detail::visit_values(f, data);
  }
}

namespace detail {

/// Shows some fields of a message, in the order of declaration.
template <std::size_t First, class Inspector, class T, std::size_t... Is>
auto inspect_fields(Inspector& f, T& x, std::index_sequence<Is...>) {
  [[maybe_unused]] auto fields = tie_fields(x);
#if CAF_MAJOR_VERSION == 0
  return f(std::get<First + Is>(fields)...);
#else
  return f.object(x).fields(f.field("", std::get<First + Is>(fields))...);
#endif
}

/// Reads the fields from `First` on one by one, as far as they come.
/// @param before What reading those before it came to.
template <std::size_t First, class Inspector, class T, class Result>
Result load_tail(Inspector& f, T& x, Result before) {
#if CAF_MAJOR_VERSION == 0
  auto failed = static_cast<bool>(before);
#else
  auto failed = !before;
#endif
  if constexpr (First < field_count<T>)
    if (!failed && !is_at_end(f))
      return load_tail<First + 1>(
        f, x, inspect_fields<First>(f, x, std::index_sequence<0>{}));
  return before;
}

} // namespace detail

/// Shows all fields of a message. What an older version did not send keeps its
/// value.
template <class Inspector, class T>
  requires(detail::is_plain_message<T>::value)
auto inspect(Inspector& f, T& x) {
  constexpr auto all = field_count<std::remove_const_t<T>>;
  constexpr auto first = fields_at_first<std::remove_const_t<T>>;
  if constexpr (first < all && detail::is_loading<Inspector>())
    return detail::load_tail<first>(
      f, x, detail::inspect_fields<0>(f, x, std::make_index_sequence<first>{}));
  else
    return detail::inspect_fields<0>(f, x, std::make_index_sequence<all>{});
}

} // namespace raft
