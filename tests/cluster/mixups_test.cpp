// raftd processes whose directories were mixed up, wiped, copied and brought
// back: whoever could have forgotten a promise is kept out, and says so.

#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/tests/cluster/process_fixture.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

struct mixups : process_fixture {
  mixups() {
    client::client_options options;
    options.server_deadline = 1s;
    user = std::make_unique<client::blocking_client>(where, options);
  }

  void start_one(std::size_t i, const flag_list& more = {}) {
    start(i, members(), more);
  }

  /// How often a peer has said that it is connected with another one.
  std::size_t meetings(std::size_t i, std::size_t j) const {
    return count(i, "peer " + std::to_string(j + 1) + " at " + to_text(where[j])
                      + " is connected");
  }

  /// Founds a cluster, and waits until all have met: whom nobody has met,
  /// nobody remembers.
  void found_all(flag_list flags = {}) {
    std::map<std::pair<std::size_t, std::size_t>, std::size_t> before;
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j)
        before[{i, j}] = meetings(i, j);
    flags.push_back("--bootstrap");
    for (std::size_t i = 0; i < 3; ++i)
      start_one(i, flags);
    wait_for_leader();
    for (const auto& [pair, times] : before)
      if (pair.first != pair.second)
        BOOST_REQUIRE(eventually([&, who = pair, known = times] {
          return meetings(who.first, who.second) > known;
        }));
  }

  /// Ends in good order, so that a copy made now is complete.
  void end(std::size_t i) {
    processes[i]->send(SIGTERM);
    BOOST_REQUIRE(processes[i]->wait(patience) == 0);
  }

  void write(int from, int to) {
    for (auto k = from; k < to; ++k) {
      auto answer
        = user->execute(kv::encode(kv::put{std::to_string(k), "v"}), patience);
      BOOST_REQUIRE((answer.result == outcome::committed));
    }
  }

  std::uint64_t keys() {
    auto answer = user->execute(kv::encode(kv::count{}), patience);
    BOOST_REQUIRE((answer.result == outcome::committed));
    return kv::decode_reply(answer.reply)->count;
  }

  bool writable(std::chrono::milliseconds within) {
    return user->execute(kv::encode(kv::count{}), within).result
        == outcome::committed;
  }

  /// Waits until a peer is kept out for a reason.
  bool kept_out(std::size_t i, exclusion why) {
    return eventually([&] {
      auto x = look_at(i);
      return x && x->kept_out.reason == why && !x->kept_out.text.empty();
    });
  }

  bool takes_part(std::size_t i) {
    return eventually([&] {
      auto x = look_at(i);
      return x && x->kept_out.reason == exclusion::none
          && (x->role == peer_role::leader || x->leader);
    });
  }

  /// Waits until a peer has applied what the leader has committed.
  bool catches_up(std::size_t i, std::size_t leader) {
    return eventually([&] {
      auto x = look_at(i);
      auto y = look_at(leader);
      return x && y && x->applied >= y->commit;
    });
  }

  std::size_t follower() {
    return (wait_for_leader() + 1) % 3;
  }

  void copy(const std::string& from, const std::string& to) {
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive);
  }

  /// Another process with the id of a peer, on a port of its own.
  std::unique_ptr<raftd_process>
  start_stranger(std::size_t i, const std::string& data, flag_list more = {}) {
    flag_list flags{"--id",     std::to_string(i + 1), "--members", members(),
                    "--listen", "127.0.0.1:0",         "--data",    data};
    flags.insert(flags.end(), more.begin(), more.end());
    auto result = std::make_unique<raftd_process>(
      flags, directory.path("stranger" + std::to_string(++strangers_)));
    BOOST_REQUIRE(result->read_line(patience).starts_with("listening on "));
    return result;
  }

  /// Whether nobody but the leader of now leads for a while.
  bool is_calm_for(std::chrono::milliseconds length) {
    auto leader = wait_for_leader();
    auto term = state_of(leader).term;
    auto until = std::chrono::steady_clock::now() + length;
    while (std::chrono::steady_clock::now() < until)
      for (std::size_t i = 0; i < 3; ++i)
        if (auto x = look_at(i);
            x
            && (x->term != term
                || (i == leader) != (x->role == peer_role::leader)))
          return false;
    return true;
  }

  /// Somebody who disturbs would do so again and again.
  bool is_calm(std::chrono::milliseconds length) {
    return test::undisturbed([&] { return is_calm_for(length); });
  }

  /// Long timeouts, so that load alone brings no election.
  const flag_list patient{"--election-timeout-min", "1500",
                          "--election-timeout-max", "3000"};

private:
  int strangers_ = 0;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(mixups_suite, mixups)

// One peer was a cluster by itself before it was told of the others.
BOOST_AUTO_TEST_CASE(a_cluster_founded_twice_is_refused_with_both_lists) {
  start(0, "1=" + to_text(where[0]), {"--bootstrap"});
  wait_for_leader();
  end(0);
  for (std::size_t i = 0; i < 3; ++i)
    start_one(i, {"--bootstrap"});
  BOOST_TEST(says(0, "--members names the peers 1, 2, 3, but the cluster was "
                     "founded with 1: "));
  for (auto i : {0, 1, 2})
    BOOST_TEST(says(i, "error: "));
  BOOST_TEST(says(1, "peer 2 was founded with the members 1, 2, 3, and peer 1 "
                     "with 1: they are two clusters"));
  BOOST_TEST(says(0, "founded with the members 1"));
  BOOST_TEST(takes_part(1));
  // Two clusters, and whoever asks can see that.
  BOOST_TEST(eventually([&] {
    auto x = look_at(0);
    auto y = look_at(1);
    return x && y && x->cluster && y->cluster && x->cluster != y->cluster;
  }));
}

BOOST_AUTO_TEST_CASE(the_directory_of_another_cluster_is_kept_out) {
  found_all();
  write(0, 5);
  for (std::size_t i = 0; i < 3; ++i) {
    end(i);
    fs::rename(data(i), directory.path("red" + std::to_string(i + 1)));
  }
  found_all();
  write(0, 10);
  // A few terms more on the side of the strangers change nothing.
  end(1);
  auto own = directory.path("own");
  fs::rename(data(1), own);
  fs::rename(directory.path("red2"), data(1));
  start_one(1);
  BOOST_TEST(kept_out(1, exclusion::other_cluster));
  BOOST_TEST(says(0, "belongs to the cluster with the id"));
  BOOST_TEST(says(2, "belongs to the cluster with the id"));
  BOOST_TEST(keys() == 10u);
  end(1);
  fs::remove_all(data(1));
  fs::rename(own, data(1));
  start_one(1);
  BOOST_TEST(takes_part(1));
}

BOOST_AUTO_TEST_CASE(
  the_directories_of_two_peers_of_a_cluster_can_not_be_swapped) {
  found_all();
  end(0);
  end(1);
  fs::rename(data(0), directory.path("swapped"));
  fs::rename(data(1), data(0));
  fs::rename(directory.path("swapped"), data(1));
  flag_list flags{"--id", "1", "--members", members(), "--data", data(0)};
  raftd_process swapped{flags, log_file(0)};
  BOOST_TEST(swapped.wait(patience) == 1);
  BOOST_TEST(says(0, "belongs to peer 2 of cluster"));
}

// The copy lacks what was acknowledged while the third peer was away; together
// those two would be a majority that has forgotten it.
BOOST_AUTO_TEST_CASE(an_older_copy_of_a_follower_loses_nothing) {
  found_all();
  write(0, 20);
  auto a = wait_for_leader();
  auto b = (a + 1) % 3;
  auto c = (a + 2) % 3;
  end(b);
  copy(data(b), directory.path("copy"));
  end(c);
  start_one(b);
  wait_for_leader();
  write(20, 40);
  processes[a]->kill();
  processes[b]->kill();
  fs::remove_all(data(b));
  fs::rename(directory.path("copy"), data(b));
  start_one(b);
  start_one(c);
  BOOST_TEST(kept_out(b, exclusion::restored));
  BOOST_TEST(says(b, "warning: does not take part: its directory was copied, "
                     "moved or brought back"));
  BOOST_TEST(says(b, "still to be heard: "));
  BOOST_TEST(!writable(3s));
  // The one who remembers comes back: nothing was lost.
  start_one(a);
  BOOST_TEST(keys() == 40u);
  BOOST_TEST(kept_out(b, exclusion::older_copy));
  BOOST_TEST(takes_part(c));
  BOOST_TEST(catches_up(c, wait_for_leader()));
}

// Files that an older copy was written into keep their inodes.
BOOST_AUTO_TEST_CASE(a_copy_written_into_the_same_files_is_found_out) {
  found_all();
  auto b = follower();
  end(b);
  copy(data(b), directory.path("copy"));
  start_one(b);
  BOOST_TEST(takes_part(b)); // so that others remember this start
  write(0, 5);
  processes[b]->kill();
  for (auto& x : fs::recursive_directory_iterator(directory.path("copy")))
    if (x.is_regular_file())
      fs::copy_file(x.path(),
                    data(b) / fs::relative(x.path(), directory.path("copy")),
                    fs::copy_options::overwrite_existing);
  start_one(b);
  BOOST_TEST(says(b, "its directory was copied, moved or brought back"));
  BOOST_TEST(kept_out(b, exclusion::older_copy));
  BOOST_TEST(keys() == 5u);
}

// The process was killed while or before the copy was made: what it promised
// after that is not known.
BOOST_AUTO_TEST_CASE(a_copy_of_a_running_peer_is_kept_out) {
  found_all();
  write(0, 5);
  auto b = follower();
  copy(data(b), directory.path("copy"));
  write(5, 10);
  processes[b]->kill();
  fs::remove_all(data(b));
  fs::rename(directory.path("copy"), data(b));
  start_one(b);
  BOOST_TEST(kept_out(b, exclusion::older_copy));
  BOOST_TEST(keys() == 10u);
}

BOOST_AUTO_TEST_CASE(a_directory_may_move_to_another_disk) {
  found_all();
  write(0, 5);
  auto b = follower();
  end(b);
  copy(data(b), directory.path("copy"));
  fs::remove_all(data(b));
  fs::rename(directory.path("copy"), data(b));
  start_one(b);
  BOOST_TEST(says(b,
                  "all other members have confirmed that the directory is no "
                  "older copy"));
  BOOST_TEST(takes_part(b));
  write(5, 10);
  BOOST_TEST(catches_up(b, wait_for_leader()));
  // From now on it needs nobody's word.
  end((b + 1) % 3);
  end(b);
  start_one(b);
  BOOST_TEST(takes_part(b));
  write(10, 12);
}

BOOST_AUTO_TEST_CASE(a_wiped_peer_founded_again_neither_votes_nor_counts) {
  found_all();
  write(0, 10);
  auto b = follower();
  auto before = state_of(b).incarnation;
  processes[b]->kill();
  fs::remove_all(data(b));
  start_one(b, {"--bootstrap"});
  BOOST_TEST(kept_out(b, exclusion::other_store));
  BOOST_TEST((state_of(b).incarnation != before));
  auto name = "peer " + std::to_string(b + 1);
  for (std::size_t i = 0; i < 3; ++i)
    BOOST_TEST(says(i, name + " comes with another store than peer"));
  BOOST_TEST(keys() == 10u);
  BOOST_TEST((state_of(b).leader == peer_id{}));
  // Without a leader, it is no help to the other one.
  auto a = wait_for_leader();
  processes[a]->kill();
  BOOST_TEST(!writable(3s));
  start_one(a, {"--bootstrap"});
  BOOST_TEST(keys() == 10u);
}

BOOST_AUTO_TEST_CASE(an_empty_peer_says_what_it_waits_for) {
  start_one(0, {"--bootstrap"});
  start_one(1, {"--bootstrap"});
  start_one(2);
  BOOST_TEST(says(2, "warning: does not take part: its store is empty"));
  BOOST_TEST(says(2, "To found a new cluster")
               + says(2, "start all its peers "
                         "with --bootstrap")
             > 0);
  BOOST_TEST(kept_out(2, exclusion::not_founded));
  wait_for_leader();
  write(0, 3);
  end(2);
  start_one(2, {"--bootstrap"});
  BOOST_TEST(takes_part(2));
  BOOST_TEST(catches_up(2, wait_for_leader()));
}

// --bootstrap may stay in a unit file.
BOOST_AUTO_TEST_CASE(bootstrap_may_be_left_switched_on) {
  found_all();
  write(0, 5);
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < 3; ++i)
      processes[i]->kill();
    for (std::size_t i = 0; i < 3; ++i)
      start_one(i, {"--bootstrap"});
    BOOST_TEST(keys() == 5u);
  }
}

// -- two processes with one id ------------------------------------------------

// The lowest id connects to all others, the highest is connected to.
BOOST_AUTO_TEST_CASE(an_empty_stranger_disturbs_nobody) {
  found_all(patient);
  write(0, 3);
  for (std::size_t i : {0, 2})
    for (const auto& flags : {flag_list{}, flag_list{"--bootstrap"}}) {
      auto data = directory.path("empty" + std::to_string(i));
      fs::remove_all(data);
      auto stranger = start_stranger(i, data, flags);
      BOOST_TEST(is_calm(1500ms));
      write(3, 6);
      stranger->kill();
      BOOST_TEST(is_calm(300ms));
      BOOST_TEST(takes_part(i));
    }
}

BOOST_AUTO_TEST_CASE(a_second_process_on_a_copy_disturbs_nobody) {
  found_all(patient);
  for (std::size_t i : {0, 2}) {
    write(0, 3);
    auto name = directory.path("copy" + std::to_string(i));
    copy(data(i), name);
    auto stranger = start_stranger(i, name);
    BOOST_TEST(is_calm(1500ms));
    write(3, 6);
    stranger->kill();
    BOOST_TEST(takes_part(i));
    BOOST_TEST(catches_up(i, wait_for_leader()));
  }
}

// A peer that a stranger took the place of while it was away is fed again.
BOOST_AUTO_TEST_CASE(
  a_stranger_in_the_place_of_a_peer_that_is_away_is_not_fed) {
  found_all();
  write(0, 20);
  auto b = follower();
  end(b);
  fs::rename(data(b), directory.path("own"));
  start_one(b, {"--bootstrap"});
  BOOST_TEST(kept_out(b, exclusion::other_store));
  write(20, 40);
  BOOST_TEST((state_of(b).last == log_index{}));
  processes[b]->kill();
  fs::remove_all(data(b));
  fs::rename(directory.path("own"), data(b));
  start_one(b);
  BOOST_TEST(takes_part(b));
  BOOST_TEST(catches_up(b, wait_for_leader()));
}

BOOST_AUTO_TEST_SUITE_END()
