// The bank's state machine under the fuzzer: whole clusters in virtual time,
// clients that move money about, and faults of all kinds.
//
//   bank_fuzz fuzz --seeds 1..200 --jobs 2
//   bank_fuzz careless fuzz            the same, with a bug put in

#include "accounts.hpp"
#include <raft/simulation/fuzz_main.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

// [README]
template <class Accounts>
class bank_under_test : public raft::simulation::workload {
public:
  std::unique_ptr<raft::machine::state_machine> make_machine() const override {
    return std::make_unique<Accounts>();
  }

  /// Each client pays something in, and then moves money about.
  std::optional<raft::bytes>
  next_command(const raft::simulation::program_context& x) const override {
    auto somebody = [&x] { return std::string(1, "ABCDE"[x.source.below(5)]); };
    if (x.number == 0)
      return bank::encode(bank::deposit{somebody(), 100});
    auto cents = static_cast<std::int64_t>(x.source.between(1, 50));
    return bank::encode(bank::transfer{somebody(), somebody(), cents});
  }

  /// Money is neither made nor lost. Asked after each command, on each peer.
  std::string inspect(const raft::machine::state_machine& x) const override {
    const auto& all = dynamic_cast<const bank::accounts&>(x);
    if (all.total() == all.paid_in())
      return {};
    return "the accounts hold " + std::to_string(all.total()) + " cents, but "
         + std::to_string(all.paid_in()) + " were paid in";
  }

  /// What must be the same on all peers in the end.
  std::string
  final_state(const raft::machine::state_machine& x) const override {
    return dynamic_cast<const bank::accounts&>(x).statement();
  }

  /// Nobody was told of an account that holds less than nothing.
  std::string check_history(
    const std::vector<raft::simulation::client_operation>& xs) const override {
    for (const auto& x : xs)
      if (x.result.reply.view().starts_with("ok -"))
        return "a client was told: " + std::string{x.result.reply.view()};
    return {};
  }
};
// [README]

/// The bug: both balances are read before either is written, so that a transfer
/// from an account to itself makes money.
class careless_accounts : public bank::accounts {
  void move(balances& in, const bank::transfer& x) override {
    auto payer = in[x.from];
    auto payee = in[x.to];
    in[x.from] = payer - x.cents;
    in[x.to] = payee + x.cents;
  }
};

} // namespace

int main(int argc, char** argv) {
  using raft::simulation::fuzz_main;
  if (argc > 1 && argv[1] == std::string_view{"careless"})
    return fuzz_main(bank_under_test<careless_accounts>{}, argc - 1, argv + 1);
  return fuzz_main(bank_under_test<bank::accounts>{}, argc, argv);
}
