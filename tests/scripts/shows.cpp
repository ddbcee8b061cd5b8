// The commands of scripts that show something.

#include <raft/tests/scripts/stage.hpp>

namespace raft::test {

void stage::do_status(words&) {
  std::vector<std::vector<std::string>> rows{{"peer", "role", "term", "vote",
                                              "leader", "last", "durable",
                                              "commit", "applied"}};
  for (const auto& peer : peers_) {
    if (!peer.running()) {
      rows.push_back({to_text(peer.id()), "crashed",
                      to_text(peer.disk().hard().term),
                      to_text(peer.disk().hard().vote), "",
                      place(peer.disk().last()), "", "", ""});
      continue;
    }
    const auto& core = peer.core();
    rows.push_back({to_text(peer.id()), consensus::to_text(core.role()),
                    to_text(core.term()), to_text(core.vote()),
                    to_text(core.leader()), place(core.log().last()),
                    to_text(core.log().durable()), to_text(core.commit()),
                    to_text(core.applied())});
  }
  for (auto& line : table(rows))
    say(std::move(line));
}

void stage::do_log(words& in) {
  auto& peer = running(in.peer());
  const auto& log = peer.core().log();
  std::string line;
  if (log.compacted().index)
    line = "nothing up to " + place(log.compacted());
  for (auto i = log.compacted().index.next(); i <= log.last().index; ++i) {
    const auto* e = log.find(i);
    line += (line.empty() ? "" : ", ")
          + (e ? whole(*e) : place({i, log.term_at(i).value()}) + " on disk");
  }
  say(to_text(peer.id()) + " has " + (line.empty() ? "no entries" : line));
}

void stage::do_progress(words& in) {
  auto& peer = running(in.peer());
  std::vector<std::vector<std::string>> rows{
    {"peer", "match", "next", "connected"}};
  for (const auto& x : peer.core().state().others)
    rows.push_back({to_text(x.peer), to_text(x.match), to_text(x.next),
                    x.connected ? "yes" : "no"});
  for (auto& line : table(rows))
    say(std::move(line));
}

void stage::do_mail(words&) {
  for (const auto& [way, mail] : mail_)
    for (const auto& msg : mail)
      say(to_text(way.first) + "->" + to_text(way.second) + " " + name_of(msg)
          + ": " + content_of(msg));
}

} // namespace raft::test
