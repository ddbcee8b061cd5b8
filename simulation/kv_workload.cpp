#include <raft/checker/explain.hpp>
#include <raft/kv/engine.hpp>
#include <raft/kv/kv_machine.hpp>
#include <raft/simulation/kv_workload.hpp>

#include <algorithm>
#include <stdexcept>
#include <string_view>

namespace raft::simulation {

namespace {

using checker::map_model;

/// What clients use.
constexpr std::string_view keys = "abcde";

struct translator {
  map_model::input operator()(const kv::put& x) const {
    return {x.key, map_model::put{x.value}};
  }

  map_model::input operator()(const kv::get& x) const {
    return {x.keys.at(0), map_model::get{}};
  }

  map_model::input operator()(const kv::append& x) const {
    return {x.key, map_model::append{x.value}};
  }

  map_model::input operator()(const kv::erase& x) const {
    return {x.keys.at(0), map_model::erase{}};
  }

  map_model::input operator()(const kv::compare_and_set& x) const {
    return {x.key, map_model::compare_and_set{x.expected, x.value}};
  }

  template <class Other>
  map_model::input operator()(const Other&) const {
    throw std::invalid_argument{"this is no command of a single key"};
  }
};

map_model::output output_of(const kv::command& asked, const kv::reply& x) {
  map_model::output result;
  if (std::holds_alternative<kv::get>(asked)) {
    result.seen = x.values.at(0);
  } else if (std::holds_alternative<kv::compare_and_set>(asked)) {
    result.done = x.result == kv::status::ok;
    result.tells = !result.done;
    if (result.tells)
      result.seen = x.values.at(0);
  } else if (!std::holds_alternative<kv::put>(asked)) {
    result.count = x.count;
  }
  return result;
}

} // namespace

std::unique_ptr<machine::state_machine> kv_workload::make_machine() const {
  return std::make_unique<kv::kv_machine>();
}

std::unique_ptr<machine::state_machine>
kv_workload::make_machine_on(machine_disk& disk, random& source) const {
  if (!disk)
    disk = kv::make_memory_table();
  // From a few keys on, so that commands must wait for checkpoints, to all of
  // them.
  constexpr std::size_t overlays[] = {500, 1500, 5000, 64 << 20};
  return std::make_unique<kv::engine>(
    std::static_pointer_cast<kv::table>(disk),
    overlays[source.below(std::size(overlays))]);
}

std::optional<bytes> kv_workload::next_command(const program_context& x) const {
  std::string key{keys[x.source.below(keys.size())]};
  auto value = std::to_string(x.client) + "." + std::to_string(x.number) + " ";
  // A few are larger than the bounds that some clusters have.
  if (x.source.per_mille(30))
    value.resize(x.source.between(100, 2000), '.');
  auto dice = x.source.below(11);
  if (dice < 4)
    return kv::encode(kv::get{{key}});
  if (dice < 6)
    return kv::encode(kv::put{key, value});
  if (dice < 8)
    return kv::encode(kv::append{key, value});
  if (dice < 9)
    return kv::encode(kv::erase{{key}});
  if (dice < 10)
    return kv::encode(kv::scan{{}, std::nullopt, keys.size(), false});
  return kv::encode(kv::compare_and_set{key, std::nullopt, value});
}

std::string
kv_workload::final_state(const machine::state_machine& machine) const {
  return std::string{machine.query(kv::digest_request()).view()};
}

namespace {

using kv_operation = checker::operation_of<map_model>;

/// A scan of all keys says of each what a `get` would.
void add_scan(std::vector<kv_operation>& to, kv_operation x,
              const kv::reply& reply) {
  for (char c : keys) {
    std::string key{c};
    auto found
      = std::find_if(reply.pairs.begin(), reply.pairs.end(),
                     [&key](const auto& pair) { return pair.first == key; });
    x.input = {key, map_model::get{}};
    x.output.emplace();
    if (found != reply.pairs.end())
      x.output->seen = found->second;
    to.push_back(x);
  }
}

} // namespace

checker::history<checker::map_model>
history_of(const std::vector<client_operation>& xs) {
  checker::history<checker::map_model> result;
  result.unit = "microsecond";
  for (const auto& x : xs) {
    if (x.answered && x.result.result == outcome::rejected)
      continue;
    auto command = kv::decode_command(x.command).value();
    auto known = x.answered && x.result.result == outcome::committed;
    kv_operation y;
    y.client = x.client;
    y.start = x.asked.count();
    if (known)
      y.end = x.answered->count();
    if (std::holds_alternative<kv::scan>(command)) {
      if (known)
        add_scan(result.operations, y,
                 kv::decode_reply(x.result.reply).value());
      continue;
    }
    y.input = std::visit(translator{}, command);
    if (known)
      y.output = output_of(command, kv::decode_reply(x.result.reply).value());
    result.operations.push_back(std::move(y));
  }
  return result;
}

std::string kv_workload::describe(const client_operation& x) const {
  auto command = kv::decode_command(x.command);
  if (!command || std::holds_alternative<kv::scan>(*command))
    return command ? "scan" : readable(x);
  auto known = x;
  // What was rejected says what was asked, too.
  if (known.result.result == outcome::rejected)
    known.answered.reset();
  return map_model{}.describe(history_of({known}).operations.at(0), false);
}

std::string
kv_workload::check_history(const std::vector<client_operation>& history) const {
  auto seen = history_of(history);
  auto found = checker::check(seen);
  switch (found.result) {
    case checker::verdict::linearizable:
      return {};
    case checker::verdict::undecided:
      return "it could not be decided whether what clients saw is linearizable";
    case checker::verdict::not_linearizable:
      break;
  }
  return "what clients saw is not linearizable\n"
       + to_text(checker::explain(seen, found));
}

} // namespace raft::simulation
