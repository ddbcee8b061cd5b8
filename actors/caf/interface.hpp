// How a typed actor's interface is spelled, on CAF 0.17 and 1.x.

#pragma once

#include <caf/config.hpp>
#include <caf/typed_actor.hpp>

#if CAF_MAJOR_VERSION == 0
#  include <caf/replies_to.hpp>
#else
#  include <caf/result.hpp>
#  include <caf/type_list.hpp>
#endif

namespace raft::actors {

/// Several values in one message or answer.
template <class... Ts>
struct args {};

namespace detail {

template <class T>
struct pack {
  using type = args<T>;
};

template <class... Ts>
struct pack<args<Ts...>> {
  using type = args<Ts...>;
};

template <class In, class Out>
struct signature;

template <class... Ins, class... Outs>
struct signature<args<Ins...>, args<Outs...>> {
#if CAF_MAJOR_VERSION == 0
  using type = typename caf::replies_to<Ins...>::template with<Outs...>;
#else
  using type = caf::result<Outs...>(Ins...);
#endif
};

template <class... Ins>
struct signature<args<Ins...>, args<>> {
#if CAF_MAJOR_VERSION == 0
  using type = caf::reacts_to<Ins...>;
#else
  using type = caf::result<void>(Ins...);
#endif
};

} // namespace detail

/// A message without an answer.
template <class... Ts>
using takes = typename detail::signature<args<Ts...>, args<>>::type;

/// A message with an answer. Either side may be `args<...>`.
template <class In, class Out>
using answers =
  typename detail::signature<typename detail::pack<In>::type,
                             typename detail::pack<Out>::type>::type;

/// A typed actor that understands the given messages.
template <class... Signatures>
#if CAF_MAJOR_VERSION == 0
using actor_interface = caf::typed_actor<Signatures...>;
#else
using actor_interface = caf::typed_actor<caf::statically_typed<Signatures...>>;
#endif

} // namespace raft::actors
