#include <raft/kv/command.hpp>
#include <raft/tools/lib/all_peers.hpp>
#include <raft/tools/lib/commands.hpp>
#include <raft/tools/lib/digest.hpp>
#include <raft/tools/lib/load.hpp>
#include <raft/tools/lib/progress.hpp>
#include <raft/tools/lib/status.hpp>
#include <raft/tools/lib/tsv.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sys/ioctl.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace raft::tools {

namespace {

answer run(context& ctx, const kv::command& what) {
  auto command = kv::encode(what);
  return read_answer(kv::only_reads(command)
                       ? ctx.client.read(std::move(command), ctx.timeout)
                       : ctx.client.execute(std::move(command), ctx.timeout));
}

/// Columns of the terminal that standard error writes to; 0 if it is none.
std::size_t terminal_columns() {
  winsize size{};
  if (isatty(STDERR_FILENO) == 0
      || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0)
    return 0;
  return size.ws_col > 0 ? size.ws_col : 80;
}

[[noreturn]] void complain(const char* what, int reason) {
  throw tsv_error{
    fmt::format("{}: {}", what, std::generic_category().message(reason))};
}

std::vector<key_value> read_pairs(const std::string& file) {
  if (file == "-") {
    auto result = read_tsv(std::cin);
    if (std::ferror(stdin) != 0)
      complain("cannot be read", errno);
    return result;
  }
  std::error_code ignored; // opening it fails as well
  if (std::filesystem::is_directory(file, ignored))
    complain("cannot be read", EISDIR);
  std::ifstream in{file, std::ios::binary};
  if (!in)
    complain("cannot be opened", errno);
  return read_tsv(in);
}

verdict report(const load_result& result, std::size_t total) {
  for (const auto& x : result.failures)
    std::cerr << fmt::format("line {}, key {}: {}\n", x.line, escape(x.key),
                             x.why.message);
  auto seconds = result.elapsed.count();
  std::cout << fmt::format(
    "{} of {} lines acknowledged in {:.2f} s, {:.0f} a second\n",
    result.acknowledged, total, seconds,
    seconds > 0 ? static_cast<double>(result.acknowledged) / seconds : 0.);
  if (result.acknowledged > 0)
    std::cout << fmt::format("longest wait for an acknowledgement: {:.2f} s\n",
                             result.longest_gap.count());
  if (result.failures.empty())
    return {};
  return {judge(result), advice(result)};
}

/// Whether all peers answer and have applied the same entries.
bool same_applied(const server_states& servers) {
  return std::all_of(servers.begin(), servers.end(), [&](const auto& x) {
    return x.error.empty() && x.state.applied == servers.front().state.applied;
  });
}

std::vector<peer_digest> ask_digests(context& ctx,
                                     const server_states& servers) {
  std::vector<peer_digest> result;
  for (const auto& server : servers) {
    peer_digest x{server.where, {}, {}, {}};
    try {
      auto answer = ctx.client.query(server.where, kv::digest_request(),
                                     consistency::stale);
      x.applied = answer.applied;
      if (auto digest = kv::decode_digest(answer.reply))
        x.digest = *digest;
      else
        x.error = "its answer cannot be read: it runs another version, or no "
                  "key-value state machine";
    } catch (const client::client_error& problem) {
      x.error = problem.what();
    }
    result.push_back(std::move(x));
  }
  return result;
}

} // namespace

verdict show_status(context& ctx, bool json) {
  const auto servers = ask_all(ctx.client);
  std::cout << (json ? status_json(servers) : status_table(servers));
  auto result = judge(servers);
  // Scripts read what is JSON; people are told also that all is well.
  if (result.code == exit_code::ok) {
    if (!json)
      std::cout << '\n' << result.message << '\n';
    result.message.clear();
  }
  return result;
}

verdict put(context& ctx, const std::string& key, const std::string& value) {
  return run(ctx, kv::put{key, value}).why;
}

verdict get(context& ctx, const std::string& key) {
  auto [why, reply] = run(ctx, kv::get{{key}});
  if (why.code != exit_code::ok)
    return why;
  if (reply.values.empty() || !reply.values.front())
    return {exit_code::no, fmt::format("there is no key '{}'", key)};
  std::cout << *reply.values.front() << '\n';
  return {};
}

verdict append(context& ctx, const std::string& key, const std::string& value) {
  auto [why, reply] = run(ctx, kv::append{key, value});
  if (why.code == exit_code::ok)
    std::cout << reply.count << '\n';
  return why;
}

verdict erase(context& ctx, const std::vector<std::string>& keys) {
  auto [why, reply] = run(ctx, kv::erase{keys});
  if (why.code != exit_code::ok)
    return why;
  std::cout << reply.count << '\n';
  if (reply.count == 0)
    return {exit_code::no, "there was no such key"};
  return {};
}

verdict compare_and_set(context& ctx, const std::string& key,
                        const std::optional<std::string>& expected,
                        const std::string& value) {
  auto [why, reply] = run(ctx, kv::compare_and_set{key, expected, value});
  if (why.code != exit_code::ok || reply.result == kv::status::ok)
    return why;
  if (reply.values.empty() || !reply.values.front())
    return {exit_code::no, fmt::format("there is no key '{}'", key)};
  return {exit_code::no,
          fmt::format("the value is '{}'", escape(*reply.values.front()))};
}

verdict scan(context& ctx, const std::string& prefix, std::uint64_t limit) {
  constexpr std::uint64_t page = 10'000;
  std::optional<std::string> after;
  for (std::uint64_t printed = 0; limit == 0 || printed < limit;) {
    auto wanted = limit == 0 ? page : std::min(page, limit - printed);
    auto [why, reply] = run(ctx, kv::scan{prefix, after, wanted});
    if (why.code != exit_code::ok || reply.pairs.empty())
      return why;
    for (const auto& pair : reply.pairs)
      std::cout << to_line(pair);
    printed += reply.pairs.size();
    after = reply.pairs.back().first;
  }
  return {};
}

verdict load(context& ctx, const std::string& file, std::size_t outstanding_max,
             double per_second_max) {
  std::vector<key_value> pairs;
  try {
    pairs = read_pairs(file);
  } catch (const tsv_error& problem) {
    return {exit_code::usage,
            fmt::format("{}: {}; nothing was loaded", file, problem.what())};
  }
  progress bar{std::cerr, pairs.size(), terminal_columns()};
  load_options options;
  options.outstanding_max = outstanding_max;
  options.per_second_max = per_second_max;
  options.on_progress
    = [&](std::size_t done, auto elapsed) { bar.update(done, elapsed); };
  auto submit = [&](bytes command, std::function<void(executed)> done) {
    ctx.client.submit(std::move(command), ctx.timeout, std::move(done));
  };
  auto result = load(pairs, submit, options);
  bar.finish(result.acknowledged, result.elapsed);
  return report(result, pairs.size());
}

verdict digest(context& ctx, std::chrono::milliseconds wait) {
  constexpr std::chrono::milliseconds pause{100};
  auto deadline = std::chrono::steady_clock::now() + wait;
  for (;;) {
    // Scans are dear: first look whether they can be compared.
    auto late = std::chrono::steady_clock::now() >= deadline;
    const auto servers = ask_all(ctx.client);
    if (late || same_applied(servers)) {
      auto peers = ask_digests(ctx, servers);
      if (late || settled(peers)) {
        std::cout << digest_table(peers);
        return judge(peers);
      }
    }
    std::this_thread::sleep_for(pause);
  }
}

} // namespace raft::tools
