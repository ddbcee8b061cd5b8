// The command line of a cluster: reads arguments and calls what they name.

#include <raft/programs/command_line.hpp>
#include <raft/programs/standard_files.hpp>
#include <raft/tools/lib/backup.hpp>
#include <raft/tools/lib/commands.hpp>
#include <raft/tools/lib/live_backup.hpp>
#include <raft/tools/lib/merge_backups.hpp>
#include <raft/tools/lib/recover.hpp>
#include <raft/tools/lib/targets.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace raft::tools {

namespace {

constexpr const char* footer = R"(
Exit codes:
  0  done
  1  no: key not found, value differs, digests differ; status: a peer is behind;
     backup verify, merge: a file is damaged, or does not follow; backup --since:
     no log has the entries any more; transfer: that peer does not lead now;
     recover: the directories are of two clusters, or somebody said no
  2  the command line, a file, a directory or a value cannot be used
  3  no leader, or a peer cannot be reached; nothing was executed; backup: there
     is no file; status: also peers that contradict each other
  4  outcome unknown: the command may or may not have taken effect

Examples:
  export RAFT_PEERS=127.0.0.1:7401,127.0.0.1:7402,127.0.0.1:7403
  raftctl status
  raftctl transfer 2
  raftctl backup monday.snapshot
  raftctl put color blue
  raftctl cas color green --expect blue
  raftctl put -- -x 5        (what begins with - goes after --))";

/// All that arguments can say.
struct arguments {
  target_sources sources;
  double timeout = 10;
  bool json = false;
  std::string key;
  std::vector<std::string> keys;
  std::string value;
  std::optional<std::string> expected;
  bool absent = false;
  std::string prefix;
  std::uint64_t limit = 0;
  std::uint64_t peer = 0;
  std::string file;
  backup_request backup;
  std::vector<std::string> parts;
  std::string merged;
  tools::recovery recovery;
  tools::member_change change;
  std::size_t outstanding = 256;
  double rate = 0;
  double wait = 10;
};

using command_function = std::function<verdict(context&)>;

/// A command that needs no cluster.
using offline_function = std::function<verdict()>;

std::chrono::milliseconds to_milliseconds(double seconds) {
  return std::chrono::milliseconds{std::llround(seconds * 1000)};
}

/// Declares the options that all commands share.
void add_common(CLI::App& app, arguments& args) {
  using programs::add_text;
  add_text(app, "--peers", args.sources.peers,
           "The peers' addresses; else RAFT_PEERS of the environment")
    ->type_name("HOST:PORT,...");
  add_text(app, "--config", args.sources.config,
           "Take the addresses from a configuration file of raftd")
    ->type_name("FILE");
  app
    .add_option("--timeout", args.timeout,
                "Seconds that one command may take (default 10)")
    ->type_name("SECONDS")
    ->check(CLI::Range(0.001, 86400.).description(""));
  app.require_subcommand(1);
  app.fallthrough();
}

/// Declares the commands that look at the cluster as a whole.
void add_cluster_commands(CLI::App& app, arguments& args,
                          command_function& chosen) {
  auto* status = app.add_subcommand("status", "Show all peers");
  status->add_flag("--json", args.json, "Print JSON instead of a table");
  status->callback([&] {
    chosen = [&](context& ctx) { return show_status(ctx, args.json); };
  });

  auto* load_ = app.add_subcommand("load", "Put all pairs of a file");
  programs::add_text(*load_, "FILE", args.file,
                     "Lines of KEY, tab, VALUE; with \\t, \\n, \\r, \\0 and "
                     "\\\\ for tab, newline, return, zero and backslash; - for "
                     "standard input")
    ->required();
  load_
    ->add_option("--outstanding", args.outstanding,
                 "How many commands may be without an answer (default 256)")
    ->type_name("N")
    ->transform(programs::whole_number(1, 4096));
  load_
    ->add_option("--rate", args.rate,
                 "At most so many pairs a second (default: no limit)")
    ->type_name("N")
    ->check(CLI::Range(0., 1e9).description(""));
  load_->callback([&] {
    chosen = [&](context& ctx) {
      return load(ctx, args.file, args.outstanding, args.rate);
    };
  });

  auto* digest_ = app.add_subcommand(
    "digest", "Compare the states of all peers by a hash of all they hold");
  digest_
    ->add_option("--wait", args.wait,
                 "Seconds to wait until all have applied the same entries "
                 "(default 10)")
    ->type_name("SECONDS")
    ->check(CLI::Range(0., 86400.).description(""));
  digest_->callback([&] {
    chosen
      = [&](context& ctx) { return digest(ctx, to_milliseconds(args.wait)); };
  });
}

/// Declares the commands for copies of the state.
void add_snapshot_commands(CLI::App& app, arguments& args,
                           command_function& chosen,
                           offline_function& offline) {
  auto* snapshot = app.add_subcommand(
    "snapshot", "Have peers take snapshots of their states, and keep them");
  programs::add_number(*snapshot, "PEER", args.peer, 1,
                       "Which one (default: all that answer)")
    ->type_name("ID");
  snapshot->callback([&] {
    chosen
      = [&](context& ctx) { return take_snapshots(ctx, peer_id{args.peer}); };
  });

  auto* backup = app.add_subcommand(
    "backup", "Copy the state of the cluster to a file, while it runs");
  auto& what = args.backup;
  programs::add_text(*backup, "FILE", what.file,
                     "The file, which must not be there yet");
  backup->add_flag("--force", what.force, "Replace the file if it is there");
  backup
    ->add_option("--from", what.from.value,
                 "Copy from this peer (default: the one best fit)")
    ->type_name("ID")
    ->transform(programs::whole_number(1));
  programs::add_text(*backup, "--since", what.since,
                     "Only what came after that backup, or increment")
    ->type_name("OLD");
  auto* merge = backup->add_subcommand(
    "merge", "Make one backup of an older one and the increments behind it; "
             "needs no peers");
  programs::add_texts(*merge, "FILE", args.parts,
                      "The backup, then the increments, in their order")
    ->required();
  programs::add_text(*merge, "--to", args.merged, "The new backup")
    ->type_name("NEW")
    ->required();
  merge->add_flag("--force", what.force, "Replace the file if it is there");
  merge->callback([&] {
    offline = [&] {
      return merge_backups(args.parts, args.merged, what.force, std::cout);
    };
  });
  auto* verify = backup->add_subcommand(
    "verify", "Check every byte of a file, and show what it holds; needs no "
              "peers");
  programs::add_text(*verify, "FILE", args.file)->required();
  verify->callback(
    [&] { offline = [&] { return verify_backup(args.file, std::cout); }; });
  backup->callback([&, merge, verify] {
    if (verify->parsed() || merge->parsed())
      return;
    if (what.file.empty())
      throw CLI::RequiredError{"FILE"};
    chosen = [&](context& ctx) {
      return what.since.empty() ? back_up(ctx, what)
                                : back_up_increment(ctx, what);
    };
  });
}

/// Declares the commands for files.
void add_file_commands(CLI::App& app, arguments& args,
                       offline_function& chosen) {
  auto* recover_ = app.add_subcommand(
    "recover", "Go on with one peer alone, when a majority is lost for good: "
               "looks at data directories, needs no peers");
  programs::add_texts(*recover_, "DIR", args.recovery.directories,
                      "What is left of the cluster's peers");
  programs::add_text(*recover_, "--use", args.recovery.use,
                     "The one to go on with (default: the only one)")
    ->type_name("DIR");
  recover_->add_flag("--yes", args.recovery.yes, "Ask nothing");
  recover_->callback([&] {
    if (args.recovery.directories.empty() && args.recovery.use.empty())
      throw CLI::RequiredError{"DIR"};
    chosen = [&] {
      return tools::recover(args.recovery, ask_at_terminal, std::cout);
    };
  });
}

/// Declares the commands that read keys.
void add_read_commands(CLI::App& app, arguments& args,
                       command_function& chosen) {
  using programs::add_text;
  auto* get_ = app.add_subcommand("get", "Print the value of a key");
  add_text(*get_, "KEY", args.key)->required();
  get_->callback(
    [&] { chosen = [&](context& ctx) { return get(ctx, args.key); }; });

  auto* scan_ = app.add_subcommand(
    "scan", "Print the pairs whose keys have a prefix, as load reads them");
  add_text(*scan_, "PREFIX", args.prefix, "All keys, if there is none");
  scan_
    ->add_option("--limit", args.limit,
                 "At most so many pairs, from 1 (default: all)")
    ->type_name("N")
    ->transform(programs::whole_number(1));
  scan_->callback([&] {
    chosen = [&](context& ctx) { return scan(ctx, args.prefix, args.limit); };
  });
}

/// Declares the commands that change keys.
void add_write_commands(CLI::App& app, arguments& args,
                        command_function& chosen) {
  using programs::add_text;
  auto* put_ = app.add_subcommand("put", "Set a key");
  add_text(*put_, "KEY", args.key)->required();
  add_text(*put_, "VALUE", args.value)->required();
  put_->callback([&] {
    chosen = [&](context& ctx) { return put(ctx, args.key, args.value); };
  });

  auto* append_ = app.add_subcommand(
    "append", "Append to the value of a key, and print the new length");
  add_text(*append_, "KEY", args.key)->required();
  add_text(*append_, "VALUE", args.value)->required();
  append_->callback([&] {
    chosen = [&](context& ctx) { return append(ctx, args.key, args.value); };
  });

  auto* delete_
    = app.add_subcommand("delete", "Delete keys, and print how many there "
                                   "were");
  programs::add_texts(*delete_, "KEY", args.keys)->required();
  delete_->callback(
    [&] { chosen = [&](context& ctx) { return erase(ctx, args.keys); }; });

  auto* cas = app.add_subcommand(
    "cas", "Set a key if it has the expected value (compare and set)");
  add_text(*cas, "KEY", args.key)->required();
  add_text(*cas, "VALUE", args.value)->required();
  auto* expect = add_text(*cas, "--expect", args.expected, "The value now")
                   ->type_name("OLD");
  auto* absent
    = cas->add_flag("--absent", args.absent, "There must be no such key");
  expect->excludes(absent);
  cas->callback([&, expect, absent] {
    if (expect->count() + absent->count() == 0)
      throw CLI::RequiredError{"--expect OLD or --absent"};
    chosen = [&](context& ctx) {
      return compare_and_set(ctx, args.key, args.expected, args.value);
    };
  });
}

/// Declares what operators do to the cluster.
void add_operators_commands(CLI::App& app, arguments& args,
                            command_function& chosen) {
  auto* transfer_ = app.add_subcommand(
    "transfer", "Have another peer lead, without an election timeout");
  programs::add_number(*transfer_, "PEER", args.peer, 1,
                       "Which one (default: the one best fit)")
    ->type_name("ID");
  transfer_->callback([&] {
    chosen = [&](context& ctx) { return transfer(ctx, peer_id{args.peer}); };
  });
}

/// Declares one change of members; its arguments follow.
CLI::App* add_change(CLI::App& to, arguments& args, command_function& chosen,
                     const char* name, member_change::kind what,
                     const char* help) {
  auto* result = to.add_subcommand(name, help);
  if (what == member_change::kind::replace)
    programs::add_number(*result, "OLD", args.change.old.value, 1,
                         "Whose place it takes")
      ->required();
  const auto is_new = what == member_change::kind::replace;
  programs::add_number(*result, is_new ? "NEW" : "PEER", args.change.who.value,
                       1, "The id of the peer")
    ->required();
  if (is_new || what == member_change::kind::add
      || what == member_change::kind::update)
    programs::add_text(*result, "ADDRESS", args.change.address,
                       "Where it serves its peers, as HOST:PORT")
      ->required();
  if (what == member_change::kind::add)
    result->add_flag("--learner", args.change.learner,
                     "It gets everything and has no vote");
  result->add_flag("--force", args.change.force,
                   "Even if the cluster stands still then");
  result->add_flag("--wait", args.change.wait,
                   "Wait until it is done, as long as --timeout allows");
  result->callback([&, what] {
    args.change.what = what;
    chosen = [&](context& ctx) { return change_members(ctx, args.change); };
  });
  return result;
}

/// Declares what is done about members.
void add_member_commands(CLI::App& app, arguments& args,
                         command_function& chosen) {
  using enum member_change::kind;
  auto* all = app.add_subcommand("member", "Show the members, or change them");
  all->require_subcommand(1);
  auto* list = all->add_subcommand("list", "Show all members");
  list->add_flag("--json", args.json, "Print JSON instead of a table");
  list->callback([&] {
    chosen = [&](context& ctx) { return list_members(ctx, args.json); };
  });
  add_change(*all, args, chosen, "add", add,
             "Add a peer that was started with --join; it gets a vote as soon "
             "as it has caught up");
  add_change(*all, args, chosen, "remove", remove, "Remove a peer");
  add_change(*all, args, chosen, "promote", promote,
             "Give a learner a vote as soon as it has caught up");
  add_change(*all, args, chosen, "demote", demote,
             "Take the vote of a peer that stays a learner");
  add_change(*all, args, chosen, "replace", replace,
             "Have a new peer take the place of another one, as soon as it has "
             "caught up");
  add_change(*all, args, chosen, "update", update,
             "Say where a peer is from now on");
}

int finish(const verdict& x) {
  std::cout.flush();
  if (!x.message.empty())
    std::cerr << "raftctl: " << x.message << '\n';
  if (!std::cout && x.code == exit_code::ok) {
    std::cerr << "raftctl: standard output cannot be written\n";
    return static_cast<int>(exit_code::usage);
  }
  return static_cast<int>(x.code);
}

int run(const offline_function& chosen) {
  try {
    return finish(chosen());
  } catch (const std::exception& problem) {
    return finish({exit_code::usage, problem.what()});
  }
}

int run(const arguments& args, const command_function& chosen) {
  try {
    auto where = find_targets(args.sources);
    client::blocking_client client{where.servers, where.options};
    context ctx{client, to_milliseconds(args.timeout)};
    return finish(chosen(ctx));
  } catch (const links::configuration_error& problem) {
    return finish({exit_code::usage, problem.what()});
  } catch (const std::exception& problem) {
    return finish({exit_code::unreachable, problem.what()});
  }
}

int main(int argc, char** argv) {
  CLI::App app{"Talks to a caf-raft cluster.", "raftctl"};
  arguments args;
  const char* peers = std::getenv("RAFT_PEERS");
  if (peers != nullptr && *peers != '\0')
    args.sources.environment = peers;
  command_function chosen;
  offline_function offline;
  add_common(app, args);
  add_cluster_commands(app, args, chosen);
  add_operators_commands(app, args, chosen);
  add_member_commands(app, args, chosen);
  add_read_commands(app, args, chosen);
  add_write_commands(app, args, chosen);
  add_snapshot_commands(app, args, chosen, offline);
  add_file_commands(app, args, offline);
  app.footer(footer); // last: subcommands would inherit it
  try {
    programs::parse(app, argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : static_cast<int>(exit_code::usage);
  }
  return offline ? run(offline) : run(args, chosen);
}

} // namespace

} // namespace raft::tools

int main(int argc, char** argv) {
  raft::programs::fill_standard_files();
  return raft::tools::main(argc, argv);
}
