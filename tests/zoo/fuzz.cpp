// The fuzzer alone, for copies of the sources that have a bug in them.
//
//     zoo_fuzz A..B JOBS [FILE.html]
//
// With a file, what is found is made smaller, and a page of it is put there.
//
// As `raft-scenarios fuzz`, but without anything that needs actors, which
// would take long to build.

#include <raft/simulation/fuzz.hpp>
#include <raft/simulation/kv_workload.hpp>

#include <exception>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::cerr << "usage: zoo_fuzz A..B JOBS [FILE.html]\n";
    return 2;
  }
  try {
    raft::simulation::fuzz_options options;
    raft::simulation::read_seeds(argv[1], options);
    options.jobs = std::stoul(argv[2]);
    options.save.clear();
    options.shrinks = argc == 4;
    if (argc == 4)
      options.timeline = argv[3];
    raft::simulation::kv_workload what;
    return raft::simulation::fuzz(what, options, std::cout) ? 0 : 1;
  } catch (const std::exception& x) {
    std::cerr << x.what() << '\n';
    return 2;
  }
}
