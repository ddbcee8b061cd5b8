// What rarely comes together by chance, and shows some mistakes only then.

#include <raft/simulation/draw.hpp>

#include <algorithm>

namespace raft::simulation {

namespace {

using std::chrono::milliseconds;

enum class coincidence : std::uint8_t {
  none,
  /// A voter crashes while another one campaigns, because it alone does not
  /// hear the leader: nobody but its own next process knows what the voter has
  /// promised.
  crashed_voters,
  /// Answers to a leader are on the way for as long as it takes until another
  /// one is elected, while its clients go on reading.
  answers_on_the_way,
  /// Entries go in many small pieces, some of which are lost or overtaken.
  lost_pieces,
};

coincidence draw_coincidence(std::uint64_t seed) {
  using enum coincidence;
  auto from = stream(seed, 10);
  if (!from.per_mille(40) || draw_peers(seed) < 3)
    return none;
  constexpr coincidence all[]
    = {crashed_voters, answers_on_the_way, lost_pieces};
  return all[from.below(std::size(all))];
}

/// @param peer 0: the leader.
fault make_fault(instant when, fault_kind what, peer_id peer, duration length,
                 std::uint64_t number = 0, peer_id other = {}) {
  return {when, what, peer, other, length, number};
}

using faults = std::vector<fault>;

faults draw_crashed_voter(random& from, instant when, std::size_t peers) {
  const peer_id deaf{from.between(1, peers)};
  const peer_id voter{deaf.value % peers + 1};
  // Who does not hear the leader lacks no entry nevertheless: there is no room
  // for more.
  const auto cut = when + milliseconds{500};
  const auto crash = cut + from.between(milliseconds{600}, milliseconds{1000});
  return {make_fault(when, fault_kind::fill_disk, {}, milliseconds{2000}),
          make_fault(cut, fault_kind::cut, {}, milliseconds{1500}, 0, deaf),
          make_fault(crash, fault_kind::mute, {}, milliseconds{400}),
          make_fault(crash, fault_kind::crash, voter,
                     from.between(milliseconds{1}, milliseconds{100}),
                     from.below(2))};
}

faults draw_answers_on_the_way(random& from, instant when) {
  constexpr std::uint64_t all_to_it = 2;
  const auto length = from.between(milliseconds{1100}, milliseconds{1380});
  // Nothing of the other leader may arrive before them.
  return {make_fault(when, fault_kind::stall, {}, length, all_to_it),
          make_fault(when + from.between(milliseconds{100}, milliseconds{300}),
                     fault_kind::isolate, {}, length + milliseconds{200})};
}

/// Elections take no longer than it takes until somebody campaigns.
void make_prompt(cluster_options& x) {
  x.network = {};
  x.disk = {};
  for (auto& y : x.traits) {
    y.farther = y.slower = duration{0};
  }
}

} // namespace

bool has_coincidence(std::uint64_t seed) {
  return draw_coincidence(seed) != coincidence::none;
}

void add_coincidences(std::uint64_t seed, schedule& to) {
  const auto what = draw_coincidence(seed);
  if (what != coincidence::crashed_voters
      && what != coincidence::answers_on_the_way)
    return;
  // Nothing else is in the way.
  to.faults.clear();
  auto from = stream(seed, 11);
  const auto peers = draw_peers(seed);
  for (auto when = duration{milliseconds{2000}}; when < to.length;
       when += from.between(milliseconds{3000}, milliseconds{6000})) {
    const auto more = what == coincidence::crashed_voters
                      ? draw_crashed_voter(from, when, peers)
                      : draw_answers_on_the_way(from, when);
    to.faults.insert(to.faults.end(), more.begin(), more.end());
  }
  std::erase_if(to.faults, [&](const fault& x) { return x.when >= to.length; });
  std::ranges::stable_sort(to.faults, {}, &fault::when);
  if (what == coincidence::answers_on_the_way)
    to.clients = 12;
}

void add_coincidences(std::uint64_t seed, cluster_options& to) {
  const auto what = draw_coincidence(seed);
  if (what == coincidence::crashed_voters
      || what == coincidence::answers_on_the_way)
    make_prompt(to);
  // A leader stays in office for longer than it takes to elect another one.
  if (what == coincidence::answers_on_the_way)
    to.settings.election_timeout_max = milliseconds{1500};
  if (what == coincidence::crashed_voters) {
    to.settings.lease_drift_ppm = clocks_wrong_ppm;
    to.settings.disk_retry_interval = milliseconds{5000};
  }
  if (what != coincidence::lost_pieces)
    return;
  auto from = stream(seed, 12);
  to.settings.frame_bytes_max = from.between(6, 12);
  to.settings.wire_bytes_max = from.between(500, 2000);
  to.network.requests_lost = from.between(20, 100);
}

void add_coincidences(std::uint64_t seed, client_options& to) {
  if (draw_coincidence(seed) != coincidence::answers_on_the_way)
    return;
  // Some are idle when another leader is elected, and ask the old one then.
  to.pause_max = milliseconds{2000};
  to.settings.answer_timeout_min = milliseconds{100};
  to.settings.answer_timeout_max = milliseconds{200};
}

} // namespace raft::simulation
