// The bytes of messages as CAF sends them, for tests and measurements.

#pragma once

#include <raft/messages/caf/type_ids.hpp>

#include <caf/actor_system.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/config.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace raft {

/// The bytes of one value after the other.
/// @param system Where actor handles among the values belong.
/// @throws std::runtime_error if CAF refuses a value.
template <class... Ts>
std::string to_wire(caf::actor_system& system, const Ts&... xs) {
#if CAF_MAJOR_VERSION == 0
  std::vector<char> data;
  caf::binary_serializer sink{system, data};
  auto done = !sink(const_cast<Ts&>(xs)...);
#else
  caf::byte_buffer data;
  caf::binary_serializer sink{system, data};
  auto done = (sink.apply(xs) && ...);
#endif
  if (!done)
    throw std::runtime_error{"CAF cannot serialize this value"};
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// Reads values back.
/// @returns whether `data` held exactly these values.
template <class... Ts>
bool from_wire(caf::actor_system& system, const std::string& data, Ts&... xs) {
#if CAF_MAJOR_VERSION == 0
  caf::binary_deserializer source{system, data.data(), data.size()};
  auto done = !source(xs...);
#else
  caf::binary_deserializer source{system, data.data(), data.size()};
  auto done = (source.apply(xs) && ...);
#endif
  return done && source.remaining() == 0;
}

} // namespace raft
