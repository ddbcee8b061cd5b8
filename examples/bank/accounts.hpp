// What is replicated: who has how much.

#pragma once

#include "orders.hpp"
#include <raft/machine/snapshot.hpp>
#include <raft/machine/state_machine.hpp>

#include <cstdint>
#include <iomanip>
#include <map>
#include <sstream>
#include <string>

namespace bank {

// Commands are bytes of the program's own making. They stay in the log, so
// later versions of the program must still be able to read them.

inline raft::bytes encode(const deposit& x) {
  std::ostringstream out;
  out << "deposit " << std::quoted(x.to) << ' ' << x.cents;
  return raft::bytes{out.str()};
}

inline raft::bytes encode(const transfer& x) {
  std::ostringstream out;
  out << "transfer " << std::quoted(x.from) << ' ' << std::quoted(x.to) << ' '
      << x.cents;
  return raft::bytes{out.str()};
}

/// Replies begin with "ok " or "no ".
class accounts : public raft::machine::state_machine,
                 public raft::machine::snapshotting {
public:
  raft::bytes apply(const raft::machine::apply_context&,
                    const raft::bytes& command) override {
    std::istringstream in{std::string{command.view()}};
    std::string verb;
    in >> verb;
    if (verb == "deposit")
      return raft::bytes{apply_deposit(in)};
    if (verb == "transfer")
      return raft::bytes{apply_transfer(in)};
    // A command without sense is answered. To throw would stop the peer.
    return raft::bytes{std::string{"no such command"}};
  }

  raft::machine::snapshotting* snapshotting() noexcept override {
    return this;
  }

  std::string state_format() const override {
    return "bank 1";
  }

  /// What was paid in, then who has how much, a line each.
  void write_state(raft::machine::state_sink& to) const override {
    to.write(std::to_string(paid_in_) + '\n');
    for (const auto& [owner, cents] : cents_) {
      std::ostringstream line;
      line << std::quoted(owner) << ' ' << cents << '\n';
      to.write(line.str());
    }
  }

  void read_state(raft::machine::state_source& from) override {
    std::istringstream in{raft::machine::read_rest(from, 1 << 30)};
    std::string owner;
    std::int64_t cents = 0;
    in >> paid_in_;
    while (in && !(in >> std::ws).eof()) {
      in >> std::quoted(owner) >> cents;
      cents_[owner] = cents;
    }
    if (in.fail() || total() != paid_in_)
      throw raft::machine::bad_state{"these are no accounts that add up"};
  }

  /// All the money there is, and all that was ever paid in.
  std::int64_t total() const {
    std::int64_t result = 0;
    for (const auto& [_, cents] : cents_)
      result += cents;
    return result;
  }

  std::int64_t paid_in() const {
    return paid_in_;
  }

  /// Who has how much, a line each.
  std::string statement() const {
    std::string result;
    for (const auto& [owner, cents] : cents_)
      result += owner + ' ' + std::to_string(cents) + '\n';
    return result;
  }

protected:
  using balances = std::map<std::string, std::int64_t>;

  /// @pre The payer has an account that holds enough.
  virtual void move(balances& in, const transfer& x) {
    in[x.from] -= x.cents;
    in[x.to] += x.cents;
  }

private:
  std::string apply_deposit(std::istream& in) {
    deposit x;
    if (!(in >> std::quoted(x.to) >> x.cents) || x.cents <= 0)
      return "no deposit of this kind";
    paid_in_ += x.cents;
    return "ok " + std::to_string(cents_[x.to] += x.cents);
  }

  std::string apply_transfer(std::istream& in) {
    transfer x;
    if (!(in >> std::quoted(x.from) >> std::quoted(x.to) >> x.cents)
        || x.cents <= 0)
      return "no transfer of this kind";
    auto payer = cents_.find(x.from);
    if (payer == cents_.end() || payer->second < x.cents)
      return "no " + x.from + " has too little";
    move(cents_, x);
    return "ok " + std::to_string(payer->second);
  }

  balances cents_;
  std::int64_t paid_in_ = 0;
};

} // namespace bank
