#include <raft/scenarios/network.hpp>
#include <raft/simulation/wire_size.hpp>

#include <utility>
#include <variant>

namespace raft::scenarios {

namespace {

using std::chrono::milliseconds;

using simulation::wire_size;

constexpr std::int64_t request_delay_max_ms = 26;
constexpr std::int64_t loss_percent = 10;
constexpr std::int64_t late_answer_min_ms = 200;
constexpr std::int64_t late_answer_spread_ms = 1999;

const message_header& header_of(const simulation::peer_message& x) {
  return std::visit(
    [](const auto& y) -> const message_header& { return y.header; }, x);
}

bool is_request(const simulation::peer_message& x) {
  return std::holds_alternative<vote_request>(x)
      || std::holds_alternative<append_request>(x)
      || std::holds_alternative<timeout_now>(x)
      || std::holds_alternative<install_request>(x);
}

std::size_t size_of(const simulation::peer_message& x) {
  return std::visit([](const auto& y) { return wire_size(y); }, x);
}

peer_number number_of(peer_id x) {
  return x.value - 1;
}

} // namespace

network::network(std::size_t peers, std::uint64_t seed)
  : random_{seed}, closed_(peers, std::vector<bool>(peers)), received_(peers) {
  // nop
}

void network::set_network_profile(const network_profile& x) {
  profile_ = x;
}

void network::cut(peer_number from, peer_number to, bool closed) {
  closed_.at(from).at(to) = closed;
}

void network::started(peer_number who) {
  received_.at(who) = 0;
}

void network::crashed(peer_number who) {
  std::erase_if(on_the_way_, [who](const auto& x) {
    return number_of(header_of(x.second.what).to) == who;
  });
}

network::fate network::draw(bool request) {
  fate result;
  if (profile_.unreliable) {
    if (request)
      result.delay = milliseconds{random_.between(0, request_delay_max_ms)};
    result.lost = random_.between(0, 99) < loss_percent;
  }
  if (profile_.long_delays && !request && random_.between(0, 2) < 2) {
    auto spread = random_.between(0, late_answer_spread_ms);
    result.delay
      = milliseconds{late_answer_min_ms + random_.between(0, spread)};
    result.certain = true;
  }
  return result;
}

void network::count_request(peer_number to, std::size_t bytes) {
  ++sent_.exchanges;
  ++received_.at(to);
  sent_.bytes += bytes;
}

void network::count_bytes(std::size_t bytes) {
  sent_.bytes += bytes;
}

void network::send(simulation::peer_message what, instant now) {
  auto request = is_request(what);
  sent_.exchanges += request ? 1 : 0;
  sent_.bytes += size_of(what);
  auto x = draw(request);
  if (!x.lost && is_open(header_of(what)))
    on_the_way_.emplace(now + x.delay, travelling{std::move(what), x.certain});
}

std::vector<simulation::peer_message> network::take(instant now) {
  std::vector<simulation::peer_message> result;
  while (!on_the_way_.empty() && on_the_way_.begin()->first <= now) {
    auto x = std::move(on_the_way_.begin()->second);
    on_the_way_.erase(on_the_way_.begin());
    if (!x.certain && !is_open(header_of(x.what)))
      continue;
    if (is_request(x.what))
      ++received_.at(number_of(header_of(x.what).to));
    result.push_back(std::move(x.what));
  }
  return result;
}

std::optional<instant> network::wake_at() const {
  if (on_the_way_.empty())
    return std::nullopt;
  return on_the_way_.begin()->first;
}

bool network::is_open(const message_header& x) const {
  return !closed_.at(number_of(x.from)).at(number_of(x.to));
}

} // namespace raft::scenarios
