// The linearizability checker, for a model of one's own, without anything else
// of this project: the counter of docs/histories.md.

#include <raft/checker/linearizability.hpp>

#include <optional>

namespace {

struct counter {
  struct input {
    int add = 0;
  };
  using output = int;
  using state = int;

  state initial() const {
    return 0;
  }

  std::optional<state> step(const state& now, const input& in,
                            const output* out) const {
    auto sum = now + in.add;
    if (out && *out != sum)
      return std::nullopt;
    return sum;
  }
};

raft::checker::verdict verdict_for(int seen) {
  raft::checker::history<counter> all;
  all.operations.push_back({1, 10, 20, counter::input{5}, 5});
  all.operations.push_back({2, 30, {}, counter::input{2}, {}});
  all.operations.push_back({3, 40, 50, counter::input{0}, seen});
  return raft::checker::check(all).result;
}

} // namespace

int main() {
  using raft::checker::verdict;
  auto good = verdict_for(5) == verdict::linearizable
           && verdict_for(7) == verdict::linearizable
           && verdict_for(6) == verdict::not_linearizable;
  return good ? 0 : 1;
}
