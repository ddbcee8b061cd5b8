#include <raft/simulation/fresh_seeds.hpp>

#include <ostream>
#include <random>

namespace raft::simulation {

void draw_fresh_seeds(std::uint64_t count, fuzz_options& to,
                      std::ostream& out) {
  to.first_seed = 1 + (std::random_device{}() & 0x7fffffff);
  to.last_seed = to.first_seed + count - 1;
  out << "fresh seeds " << to.first_seed << ".." << to.last_seed << std::endl;
}

} // namespace raft::simulation
