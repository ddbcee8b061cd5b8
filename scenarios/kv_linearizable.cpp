// Whether some order of all calls explains what the clients saw.

#include <raft/checker/explain.hpp>
#include <raft/checker/models.hpp>
#include <raft/scenarios/kv_user.hpp>

#include <utility>

namespace raft::scenarios {

namespace {

using checker::map_model;

struct translator {
  map_model::operation& to;
  const kv::reply& reply;

  void operator()(const kv::put& x) const {
    to.input = {x.key, map_model::put{x.value}};
  }

  void operator()(const kv::append& x) const {
    to.input = {x.key, map_model::append{x.value}};
    to.output->count = reply.count;
  }

  void operator()(const kv::get& x) const {
    to.input = {x.keys.at(0), map_model::get{}};
    if (to.end)
      to.output->seen = reply.values.at(0);
  }

  template <class Other>
  void operator()(const Other&) const {
    throw std::logic_error{"no scenario uses this command"};
  }
};

const std::string undecided
  = "whether the history is linearizable was not decided";

map_model::operation translate(const kv_history::call& x) {
  map_model::operation result;
  result.client = x.client;
  result.start = x.begin.count();
  result.output.emplace();
  if (x.end)
    result.end = x.end->count();
  std::visit(translator{result, x.reply}, x.command);
  if (!x.end)
    result.output.reset();
  return result;
}

} // namespace

void require_linearizable(test_context& x, const kv_history& history) {
  checker::history<map_model> translated;
  translated.unit = "us";
  for (const auto& call : history.calls)
    translated.operations.push_back(translate(call));
  auto found = checker::check(translated);
  switch (found.result) {
    case checker::verdict::linearizable:
      return;
    case checker::verdict::undecided:
      x.remark(undecided);
      return;
    case checker::verdict::not_linearizable:
      throw scenario_failure{"a linearizable history",
                             to_text(checker::explain(translated, found, {}))};
  }
}

} // namespace raft::scenarios
