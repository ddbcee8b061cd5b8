// Bytes as CAF 0.17 writes them, for tests.

#pragma once

#include <raft/transport/content.hpp>
#include <raft/transport/frame.hpp>
#include <raft/transport/gate.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace raft::transport {

inline std::string number(std::uint64_t x, std::size_t size) {
  std::string result;
  while (size-- > 0)
    result += static_cast<char>(x >> 8 * size & 0xFF);
  return result;
}

/// The name of a process.
inline std::string node_name(std::uint32_t process) {
  return number(0x3E9AAB9BAC79, 8) + number(process, 4) + std::string(20, 'h');
}

/// A text of less than 128 bytes.
inline std::string text(const std::string& x) {
  return static_cast<char>(x.size()) + x;
}

/// The payload of a message: nobody to pass an answer on to, and what follows.
inline std::string content(const std::string& types, const std::string& rest) {
  return number(0, 1) + number(0, 2) + text(types) + rest;
}

inline std::string handle(std::uint64_t actor, const std::string& node) {
  return number(actor, 8) + node;
}

/// The version of the protocol that a server names.
inline constexpr std::uint64_t introduction_version = 3;

/// The actor that a server has published.
inline constexpr std::uint64_t introduction_actor = 7;

/// What a server says of itself.
inline std::string introduction(const std::string& node) {
  return node + number(1, 1) + text("generic-caf-app")
       + number(introduction_actor, 8) + number(1, 1) + text("some type");
}

/// Knows "word", and "greet", which takes one byte, with a "acceptor".
inline std::shared_ptr<vocabulary> small_vocabulary() {
  auto result = std::make_shared<vocabulary>();
  result->add_basic_values();
  result->values.insert("word");
  result->introductions["greet"]
    = [](std::string_view bytes) -> std::optional<std::size_t> {
    return bytes.empty() ? std::nullopt : std::optional<std::size_t>{1};
  };
  result->handles.insert("acceptor");
  return result;
}

inline const std::string us = node_name(1);
inline const std::string them = node_name(2);
inline const std::string third = node_name(3);

} // namespace raft::transport
