// A state machine that keeps its state in a file: a counter that need not be
// given its whole log again. Says up to where its file goes, adds 3 a hundred
// times, and prints the sum.
//
// The way to the disk, which is the same for larger states: `freeze` sets aside
// what the state is now; another thread writes that while commands go on; and
// state, applied index and sessions become durable in one step, here by the
// renaming of a file.

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/cluster/node.hpp>
#include <raft/machine/durability.hpp>
#include <raft/machine/state_machine.hpp>
#include <raft/messages/client.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace std::literals;

namespace {

using raft::machine::checkpointed_state;
using session_table = std::map<raft::session_id, raft::bytes>;

/// All that has to be found again.
struct content {
  /// Whose it is: a file of another peer, or of one that began anew, does not
  /// fit to this log.
  std::string owner;
  long sum = 0;
  raft::log_index applied;
  session_table sessions;
};

// -- the file -----------------------------------------------------------------

void write(std::ostream& out, const content& x) {
  out << x.owner << '\n'
      << x.sum << ' ' << x.applied.value << ' ' << x.sessions.size() << '\n';
  for (const auto& [id, data] : x.sessions)
    out << id.value << ' ' << data.size() << ' ' << data.view() << '\n';
}

content read_content(const std::string& file, const std::string& owner) {
  content result;
  result.owner = owner;
  std::ifstream in{file, std::ios::binary};
  if (!in)
    return result; // never checkpointed
  std::string found;
  if (std::getline(in, found) && found != owner)
    throw std::runtime_error{file + ": belongs to " + found + ", not to "
                             + owner};
  std::size_t sessions = 0;
  in >> result.sum >> result.applied.value >> sessions;
  for (std::size_t i = 0; i < sessions && in; ++i) {
    raft::session_id id;
    std::size_t size = 0;
    in >> id.value >> size;
    in.get();
    std::string data(in ? size : 0, '\0');
    in.read(data.data(), static_cast<std::streamsize>(data.size()));
    result.sessions[id] = raft::bytes{std::move(data)};
  }
  if (!in)
    throw std::runtime_error{file + ": is no state of this program"};
  return result;
}

/// A descriptor that is closed in the end.
struct descriptor {
  descriptor(const std::string& path, int flags)
    : number{::open(path.c_str(), flags | O_CLOEXEC, 0644)} {
    check(number >= 0, path);
  }

  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;

  ~descriptor() {
    ::close(number);
  }

  /// @throws raft::machine::no_space if that is why: it is tried again later.
  static void check(bool fine, const std::string& path) {
    if (fine)
      return;
    auto why = std::error_code{errno, std::generic_category()};
    if (why == std::errc::no_space_on_device)
      throw raft::machine::no_space{path + ": " + why.message()};
    throw std::system_error{why, path};
  }

  int number;
};

/// Writes a file as a whole or not at all: beside it first, to the disk, and
/// then in its place.
void replace_file(const std::string& file, const std::string& text) {
  const auto beside = file + ".new";
  {
    descriptor out{beside, O_WRONLY | O_CREAT | O_TRUNC};
    for (std::size_t done = 0; done < text.size();) {
      auto n = ::write(out.number, text.data() + done, text.size() - done);
      descriptor::check(n > 0, beside);
      done += static_cast<std::size_t>(n);
    }
    descriptor::check(::fsync(out.number) == 0, beside);
  }
  std::filesystem::rename(beside, file);
  const auto directory = std::filesystem::path{file}.parent_path().string();
  descriptor parent{directory, O_RDONLY | O_DIRECTORY};
  descriptor::check(::fsync(parent.number) == 0, directory);
}

// -- the state machine --------------------------------------------------------

/// A state on its way to the disk. Runs in a thread of its own.
class job : public raft::machine::checkpoint_job {
public:
  job(std::string file, content what)
    : file_{std::move(file)}, what_{std::move(what)} {
    // nop
  }

  void run() override {
    std::ostringstream out;
    write(out, what_);
    replace_file(file_, out.str());
  }

private:
  std::string file_;
  content what_;
};

std::string name_of(const raft::machine::machine_context& x) {
  return "peer " + std::to_string(x.peer.value) + " of " + x.cluster
       + ", store " + std::to_string(x.incarnation.value);
}

class tally : public raft::machine::state_machine,
              public raft::machine::durability {
public:
  tally(std::string file, const raft::machine::machine_context& x)
    : file_{std::move(file)}, now_{read_content(file_, name_of(x))} {
    std::cout << "the file has entries up to " << now_.applied.value << '\n';
  }

  raft::bytes apply(const raft::machine::apply_context&,
                    const raft::bytes& command) override {
    now_.sum += std::strtol(std::string{command.view()}.c_str(), nullptr, 10);
    dirty_bytes_ += sizeof(now_.sum);
    return raft::bytes{std::to_string(now_.sum)};
  }

  raft::machine::durability* durability() noexcept override {
    return this;
  }

  checkpointed_state recovered() const override {
    checkpointed_state result;
    result.applied = now_.applied;
    for (const auto& [id, data] : now_.sessions)
      result.sessions.push_back({id, data});
    return result;
  }

  std::size_t dirty_bytes() const override {
    return dirty_bytes_;
  }

  std::size_t dirty_bytes_max() const override {
    return 256; // so that a few commands are a checkpoint; usually megabytes
  }

  std::shared_ptr<raft::machine::checkpoint_job>
  freeze(raft::log_index applied,
         std::vector<raft::session_record> changed) override {
    now_.applied = applied;
    // An empty record says that a session has ended.
    for (auto& x : changed)
      if (x.data.empty())
        now_.sessions.erase(x.id);
      else
        now_.sessions[x.id] = std::move(x.data);
    dirty_bytes_ = 0;
    return std::make_shared<job>(file_, now_);
  }

  void checkpointed() override {
    // What was frozen is not needed any more; the job holds it.
  }

private:
  std::string file_;
  content now_;
  std::size_t dirty_bytes_ = 0;
};

int run(const std::string& directory) {
  auto exit_code = EXIT_SUCCESS;
  raft::actors::system_config config{true};
  caf::actor_system system{config};
  raft::cluster::configuration me;
  me.id = {1};
  me.members = {{{1}, {"127.0.0.1", 0}}};
  me.data_directory = directory;
  me.bootstrap = true;
  const auto file = directory + "/tally";
  raft::cluster::node node{system, me,
                           [file](const raft::machine::machine_context& x) {
                             return std::make_unique<tally>(file, x);
                           }};
  caf::scoped_actor self{system};
  std::string sum;
  for (auto i = 0; i < 100; ++i)
    raft::actors::ask(self, node.client(), 10s,
                      raft::submit{{1}, raft::bytes{"3"}, 5000})
      .receive(
        [&](const raft::executed& x) {
          sum = x.result == raft::outcome::committed ? x.reply.view() : "?";
        },
        [&](const caf::error&) {
          std::cerr << "no answer\n";
          exit_code = EXIT_FAILURE;
        });
  std::cout << sum << '\n';
  return exit_code;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: tally DIRECTORY\n";
    return 2;
  }
  try {
    return run(argv[1]);
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return EXIT_FAILURE;
  }
}
