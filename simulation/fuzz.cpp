// Plays many seeds and reports; the only place of the simulator with threads.

#include <raft/simulation/fuzz.hpp>
#include <raft/simulation/timeline.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <fstream>
#include <mutex>
#include <ostream>
#include <stdexcept>
#include <thread>

namespace raft::simulation {

namespace {

std::string counted(std::uint64_t number, const char* what) {
  return std::to_string(number) + ' ' + what + (number == 1 ? "" : "s");
}

/// Keeps the last lines of a trace.
class tail : public observer {
public:
  explicit tail(std::size_t lines_max) : lines_max_{lines_max} {
    // nop
  }

  void on(const event& x) override {
    lines_.push_back(x);
    if (lines_.size() > lines_max_)
      lines_.pop_front();
  }

  void print(std::ostream& out) const {
    for (const auto& x : lines_)
      out << "  " << to_text(x) << '\n';
  }

private:
  std::size_t lines_max_;
  std::deque<event> lines_;
};

/// Tells two.
class both : public observer {
public:
  both(observer& first, observer& second) : first_{first}, second_{second} {
    // nop
  }

  void on(const event& x) override {
    first_.on(x);
    second_.on(x);
  }

private:
  observer& first_;
  observer& second_;
};

void print(std::ostream& out, const run_result& x) {
  out << x.operations << " commands of clients, " << x.answered << " answered, "
      << x.committed << " entries committed, " << x.terms_led
      << " terms with a leader, " << x.steps << " steps\n";
}

/// Plays the seeds of a range in several threads.
class campaign {
public:
  campaign(const workload& what, const fuzz_options& options, std::ostream& out)
    : workload_{what}, options_{options}, out_{out}, next_{options.first_seed} {
    // nop
  }

  void run() {
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < options_.jobs; ++i)
      threads.emplace_back([this] { work(); });
    work();
    for (auto& x : threads)
      x.join();
  }

  const std::optional<std::uint64_t>& failed() const noexcept {
    return failed_;
  }

  std::uint64_t played() const noexcept {
    return played_;
  }

  const run_result& sum() const noexcept {
    return sum_;
  }

private:
  void work() {
    while (auto seed = take()) {
      auto result = play(workload_, draw_schedule(*seed));
      note(*seed, result);
    }
  }

  std::optional<std::uint64_t> take() {
    std::lock_guard guard{mutex_};
    if (failed_ || next_ > options_.last_seed)
      return std::nullopt;
    return next_++;
  }

  void note(std::uint64_t seed, const run_result& x) {
    std::lock_guard guard{mutex_};
    ++played_;
    sum_.operations += x.operations;
    sum_.answered += x.answered;
    sum_.committed += x.committed;
    sum_.terms_led += x.terms_led;
    sum_.steps += x.steps;
    if (x.violation)
      failed_ = std::min(seed, failed_.value_or(seed));
    auto all = options_.last_seed - options_.first_seed + 1;
    auto tenth = std::max<std::uint64_t>(all / 10, 1);
    if (played_ % tenth == 0 && played_ < all)
      out_ << played_ << " of " << all << " seeds" << std::endl;
  }

  const workload& workload_;
  const fuzz_options& options_;
  std::ostream& out_;
  std::mutex mutex_;
  std::uint64_t next_;
  std::uint64_t played_ = 0;
  std::optional<std::uint64_t> failed_;
  run_result sum_;
};

/// Shrinks, and shows that it does: it can take as long as hundreds of runs.
schedule make_smaller(const workload& what, const schedule& x,
                      std::ostream& out) {
  constexpr std::size_t tries_max = 400;
  constexpr std::size_t tries_per_line = 50;
  out << "\nmaking it smaller, in at most " << tries_max << " runs"
      << std::endl;
  return shrink(what, x, tries_max,
                [&out](std::size_t tries, const schedule& best) {
                  if (tries % tries_per_line == 0)
                    out << "  after " << tries
                        << " runs: " << counted(best.faults.size(), "fault")
                        << ", " << counted(best.clients, "client") << ", "
                        << best.length.count() / 1000 << " ms" << std::endl;
                });
}

void report(const workload& what, std::uint64_t seed,
            const fuzz_options& options, std::ostream& out) {
  auto found = draw_schedule(seed);
  out << "seed " << seed << " fails; what led to it:\n";
  replay(what, found, options.lines, out,
         options.shrinks ? std::string{} : options.timeline);
  out << "play it again with: fuzz --seeds " << seed << '\n';
  if (options.shrinks) {
    auto smaller = make_smaller(what, found, out);
    out << "\nsmaller: " << counted(smaller.faults.size(), "fault")
        << " instead of " << found.faults.size() << ", "
        << counted(smaller.clients, "client") << " instead of " << found.clients
        << ", " << smaller.length.count() / 1000 << " ms instead of "
        << found.length.count() / 1000 << "\n";
    found = std::move(smaller);
    for (const auto& x : found.faults)
      out << "  " << to_text(x) << '\n';
    out << "which leads to\n";
    replay(what, found, options.lines, out, options.timeline);
  }
  if (options.save.empty())
    return;
  std::ofstream file{options.save};
  write(file, found);
  if (file.flush())
    out << "saved as " << options.save << "; play it again with: replay "
        << options.save << '\n';
  else
    out << "it could not be saved as " << options.save << '\n';
}

} // namespace

bool fuzz(const workload& what, const fuzz_options& options,
          std::ostream& out) {
  { timeline_file find_out_now{options.timeline}; }
  campaign all{what, options, out};
  all.run();
  out << counted(all.played(), "seed") << ": ";
  print(out, all.sum());
  if (!all.failed()) {
    out << "no violation\n";
    return true;
  }
  report(what, *all.failed(), options, out);
  return false;
}

namespace {

timeline_caption caption_of(const schedule& x, const run_result& result) {
  return {"A run of the fuzzer from seed " + std::to_string(x.seed),
          counted(x.faults.size(), "fault") + ", "
            + counted(x.clients, "client") + ", "
            + std::to_string(x.length.count() / 1000)
            + " ms until the faults end",
          result.violation.value_or("")};
}

} // namespace

schedule load_schedule(const std::string& file) {
  std::ifstream in{file};
  if (!in)
    throw std::invalid_argument{file + ": " + std::strerror(errno)};
  try {
    return read_schedule(in);
  } catch (const schedule_error& x) {
    throw std::invalid_argument{file + ": " + x.what()};
  }
}

bool replay(const workload& what, const schedule& x, std::size_t lines_max,
            std::ostream& out, const std::string& timeline) {
  timeline_file page{timeline};
  tail last{lines_max};
  recorder all;
  both all_and_last{all, last};
  observer* watching = &last;
  if (page.wanted())
    watching = &all_and_last;
  auto result = play(what, x, watching);
  last.print(out);
  if (result.violation)
    out << "VIOLATION after " << result.when.count() / 1000
        << " ms: " << *result.violation << '\n';
  else
    print(out, result);
  if (page.wanted()) {
    page.write(timeline_page(all.events(), caption_of(x, result)));
    out << "see it: " << timeline << '\n';
  }
  return !result.violation;
}

std::uint64_t read_number(std::string_view text) {
  std::uint64_t result = 0;
  const auto* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, result);
  if (error != std::errc{} || stop != end || result == 0)
    throw std::invalid_argument{"'" + std::string{text}
                                + "' is no number from 1"};
  return result;
}

void read_seeds(std::string_view text, fuzz_options& to) {
  auto dots = text.find("..");
  to.first_seed = read_number(text.substr(0, dots));
  to.last_seed = dots == std::string_view::npos
                 ? to.first_seed
                 : read_number(text.substr(dots + 2));
  if (to.last_seed < to.first_seed)
    throw std::invalid_argument{"the seeds are A..B with A up to B"};
}

} // namespace raft::simulation
