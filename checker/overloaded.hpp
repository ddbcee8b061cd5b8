// Functions for the alternatives of a variant.

#pragma once

namespace raft::checker {

template <class... Functions>
struct overloaded : Functions... {
  using Functions::operator()...;
};

template <class... Functions>
overloaded(Functions...) -> overloaded<Functions...>;

} // namespace raft::checker
