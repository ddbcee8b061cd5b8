// Random commands.

#pragma once

#include <raft/kv/command.hpp>

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace raft::kv {

/// Few short keys, so that commands meet; some with bytes that are no text.
class command_source {
public:
  explicit command_source(std::uint64_t seed) : random_{seed} {
    // nop
  }

  command next() {
    switch (random_() % 10) {
      case 0:
        return get{keys()};
      case 1:
        return append{key(), value()};
      case 2:
        return erase{keys()};
      case 3:
        return compare_and_set{key(), maybe(value()), value()};
      case 4:
        return scan{key(), maybe(key()), random_() % 6, random_() % 2 == 0};
      case 5:
        return count{};
      case 6:
        return exists{keys()};
      case 7: {
        put_many x;
        for (auto i = random_() % 4; i > 0; --i)
          x.pairs.emplace_back(key(), value());
        return x;
      }
      default:
        return put{key(), value()};
    }
  }

  std::uint64_t number() {
    return random_() >> (random_() % 64);
  }

  std::string key() {
    std::string result;
    for (auto i = random_() % 4; i > 0; --i)
      result += "ab\0\xff"[random_() % 4];
    return result;
  }

  std::string value() {
    return std::string(random_() % 3, "xyz"[random_() % 3]);
  }

  std::vector<std::string> keys() {
    std::vector<std::string> result;
    for (auto i = random_() % 5; i > 0; --i)
      result.push_back(key());
    return result;
  }

  std::optional<std::string> maybe(std::string x) {
    if (random_() % 2 == 0)
      return std::nullopt;
    return x;
  }

private:
  std::mt19937_64 random_;
};

} // namespace raft::kv
