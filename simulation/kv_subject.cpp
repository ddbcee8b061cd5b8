#include <raft/kv/kv_machine.hpp>
#include <raft/simulation/kv_subject.hpp>
#include <raft/simulation/linearizability_explain.hpp>

#include <stdexcept>

namespace raft::simulation {

namespace {

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

std::unique_ptr<machine::state_machine> kv_subject::make_machine() const {
  return std::make_unique<kv::kv_machine>();
}

std::optional<bytes> kv_subject::next_command(const program_context& x) const {
  std::string key{static_cast<char>('a' + x.chance.below(5))};
  auto value = std::to_string(x.client) + "." + std::to_string(x.number) + " ";
  // A few are larger than the bounds that some clusters have.
  if (x.chance.per_mille(30))
    value.resize(x.chance.between(100, 2000), '.');
  auto dice = x.chance.below(10);
  if (dice < 4)
    return kv::encode(kv::get{{key}});
  if (dice < 6)
    return kv::encode(kv::put{key, value});
  if (dice < 8)
    return kv::encode(kv::append{key, value});
  if (dice < 9)
    return kv::encode(kv::erase{{key}});
  return kv::encode(kv::compare_and_set{key, std::nullopt, value});
}

std::string
kv_subject::portrait_of(const machine::state_machine& machine) const {
  return std::string{machine.query(kv::digest_request()).view()};
}

history<map_model> history_of(const std::vector<client_operation>& xs) {
  history<map_model> result;
  result.unit = "microsecond";
  for (const auto& x : xs) {
    if (x.answered && x.result.result == outcome::rejected)
      continue;
    auto command = kv::decode_command(x.command).value();
    operation_of<map_model> y;
    y.client = x.client;
    y.start = x.asked.count();
    y.input = std::visit(translator{}, command);
    if (x.answered && x.result.result == outcome::committed) {
      y.end = x.answered->count();
      y.output = output_of(command, kv::decode_reply(x.result.reply).value());
    }
    result.operations.push_back(std::move(y));
  }
  return result;
}

std::string
kv_subject::judge(const std::vector<client_operation>& history) const {
  auto seen = history_of(history);
  auto found = check(seen);
  switch (found.result) {
    case verdict::linearizable:
      return {};
    case verdict::undecided:
      return "it could not be decided whether what clients saw is linearizable";
    case verdict::not_linearizable:
      break;
  }
  return "what clients saw is not linearizable\n"
       + to_text(explain(seen, found));
}

} // namespace raft::simulation
