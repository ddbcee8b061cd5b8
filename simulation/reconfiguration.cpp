// Transfers and changes of members, at any time and in the middle of faults.

#include <raft/simulation/draw.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace raft::simulation {

namespace {

using std::chrono::milliseconds;

/// Draws what is asked for.
class wish {
public:
  wish(cluster& on, random& source, const membership& now)
    : on_{on}, source_{source}, result_{now} {
    result_.outgoing.clear();
  }

  membership draw() {
    switch (source_.below(7)) {
      case 0:
        take_in({});
        break;
      case 1:
        remove(any_of(members_of(result_)));
        break;
      case 2:
        take_in(any_of(result_.voters));
        break;
      case 3:
        demote(any_of(result_.voters));
        break;
      case 4:
        promote(any_of(result_.learners));
        break;
      case 5:
        all_anew();
        break;
      default:
        for (auto voter : std::vector{result_.voters})
          take_in(voter);
    }
    return std::move(result_);
  }

  /// Does what is named.
  /// @returns whether that changes anything.
  bool grant(peer_id whom, const fault& x) {
    const auto comes = x.what == fault_kind::replace ? x.other : whom;
    switch (x.what) {
      case fault_kind::add:
      case fault_kind::replace:
        if (is_member(result_, comes))
          return false;
        result_.learners.push_back(comes);
        introduce(comes, x.number == 0,
                  x.what == fault_kind::replace ? whom : peer_id{});
        return true;
      case fault_kind::remove:
        remove(whom);
        return true;
      case fault_kind::promote:
        promote(whom);
        return true;
      default:
        demote(whom);
        return true;
    }
  }

  membership take() {
    return std::move(result_);
  }

private:
  peer_id any_of(const std::vector<peer_id>& xs) {
    return xs.empty() ? peer_id{} : xs[source_.below(xs.size())];
  }

  void remove(peer_id who) {
    std::erase(result_.voters, who);
    std::erase(result_.learners, who);
    std::erase_if(result_.details,
                  [who](const member_details& x) { return x.peer == who; });
  }

  void demote(peer_id who) {
    std::erase(result_.voters, who);
    result_.learners.push_back(who);
  }

  void promote(peer_id who) {
    if (!who || on_.wiped(who))
      return;
    std::erase(result_.learners, who);
    result_.voters.push_back(who);
    for (auto& x : result_.details)
      if (x.peer == who)
        x.joins = false;
  }

  /// Somebody else comes, and takes the place of a voter, or of none.
  void take_in(peer_id instead_of) {
    auto spare = on_.ids();
    std::erase_if(spare, [this](peer_id x) {
      return is_member(result_, x) || on_.wiped(x);
    });
    if (const auto who = any_of(spare)) {
      result_.learners.push_back(who);
      introduce(who, true, instead_of);
    }
  }

  void introduce(peer_id who, bool joins, peer_id instead_of) {
    result_.details.push_back({who, on_.join(who), {}, joins, instead_of});
  }

  void all_anew() {
    const auto before = std::exchange(result_, {});
    for (auto who : on_.ids()) {
      const auto was = is_member(before, who);
      if (on_.wiped(who) || !source_.per_mille(was ? 900 : 300))
        continue;
      const auto votes = source_.per_mille(700);
      (votes ? result_.voters : result_.learners).push_back(who);
      if (was) {
        auto known = details_of(before, who);
        known.joins = false;
        result_.details.push_back(known);
      } else
        introduce(who, false, {});
    }
  }

  cluster& on_;
  random& source_;
  membership result_;
};

/// Whether those who are to decide have their disks.
bool can_decide(const cluster& on, const membership& x) {
  const auto lost = std::ranges::count_if(
    x.voters, [&on](peer_id who) { return on.wiped(who); });
  return 2 * static_cast<std::size_t>(lost) < x.voters.size();
}

/// What is wanted instead of some members; nothing if they are as wanted.
using demand = std::function<std::optional<change_members>(const membership&)>;

/// Asks whoever leads until he begins it.
void ask(cluster& on, instant until, const demand& what) {
  constexpr milliseconds again{50};
  const auto leaders = on.leaders();
  if (!leaders.empty()) {
    const auto who = leaders.back();
    const auto wanted = what(on.state(who).configuration);
    // If a disk was lost a moment ago, the leader cannot know yet.
    if (!wanted || !can_decide(on, wanted->wanted)
        || on.change(who, *wanted).result == change_result::begun)
      return;
  }
  if (on.now() < until)
    on.after_unless_ended(again, [&on, until, what] { ask(on, until, what); });
}

} // namespace

std::size_t draw_spares(std::uint64_t seed) {
  auto from = stream(seed, 15);
  if (!from.per_mille(200) || has_coincidence(seed))
    return 0;
  return from.between(1, 3);
}

std::size_t draw_all_peers(std::uint64_t seed) {
  return draw_peers(seed) + draw_spares(seed);
}

void draw_reconfigurations(std::uint64_t seed, duration length,
                           std::vector<fault>& to) {
  if (draw_spares(seed) == 0)
    return;
  auto from = stream(seed, 17);
  const milliseconds interval{from.between(500, 8000)};
  for (auto when = from.between(milliseconds{1}, interval); when < length;
       when += from.between(milliseconds{1}, interval)) {
    fault x;
    x.when = when;
    x.what = fault_kind::reconfigure;
    x.length = from.between(milliseconds{1}, milliseconds{3000});
    x.number = from.below(1'000'000'000);
    to.push_back(x);
  }
  std::ranges::stable_sort(to, {}, &fault::when);
}

void reconfigure(cluster& on, const fault& x) {
  ask(on, on.now() + x.length, [&on, x](const membership& now) {
    random source{x.number};
    auto wanted = wish{on, source, now}.draw();
    const auto force = source.per_mille(100);
    return change_members{{1}, now.index, std::move(wanted), force};
  });
}

void change_members_to(cluster& on, peer_id whom, const fault& x) {
  ask(on, on.now() + x.length,
      [&on, whom, x](const membership& now) -> std::optional<change_members> {
        random unused{1};
        wish wanted{on, unused, now};
        if (!wanted.grant(whom, x))
          return std::nullopt;
        return change_members{{1}, now.index, wanted.take(), false};
      });
}

void draw_transfers(std::uint64_t seed, duration length,
                    std::vector<fault>& to) {
  auto from = stream(seed, 13);
  if (!from.per_mille(400))
    return;
  auto peers = draw_all_peers(seed);
  milliseconds interval{from.between(2000, 8000)};
  instant when{0};
  auto next = [&] {
    fault result;
    when += from.between(milliseconds{1}, interval);
    result.when = when;
    result.what = fault_kind::transfer;
    if (from.per_mille(700))
      result.other = {from.between(1, peers)};
    return result;
  };
  for (auto x = next(); x.when < length; x = next())
    to.push_back(x);
  std::ranges::stable_sort(to, {}, &fault::when);
}

} // namespace raft::simulation
