// What customers order, and what they get for it.

#pragma once

#include <cstdint>
#include <string>

namespace bank {

/// Puts money into an account, which may be a new one.
struct deposit {
  std::string to;
  std::int64_t cents = 0;
};

/// Moves money, unless there is too little.
struct transfer {
  std::string from;
  std::string to;
  std::int64_t cents = 0;
};

struct receipt {
  bool done = false;
  /// What the account that paid, or got the deposit, holds now; or else why
  /// nothing was done.
  std::string text;
};

} // namespace bank
