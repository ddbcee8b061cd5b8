// Arguments of programs, taken as they are.
//
// CLI11 declares options, explains them and reads them. Left alone it also
// reads meaning into values: `[a,b]` becomes two, `{}` and an empty text become
// none, `++` ends a command, 010 is eight and -1 a very large number. So values
// pass through here.

#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace CLI {

class App;
class Option;
class Validator;

} // namespace CLI

namespace raft::programs {

/// Declares an argument that is taken as it is: positional (`NAME`) or an
/// option (`--name`). All positional ones must be declared by these functions.
CLI::Option* add_text(CLI::App& app, const std::string& name,
                      std::string& target, const std::string& help = {});

/// The same for one that can be left out; an empty text is not nothing.
CLI::Option* add_text(CLI::App& app, const std::string& name,
                      std::optional<std::string>& target,
                      const std::string& help = {});

/// The same for one or more positional arguments.
CLI::Option* add_texts(CLI::App& app, const std::string& name,
                       std::vector<std::string>& target,
                       const std::string& help = {});

/// Declares a positional argument that is a whole number in decimal digits.
CLI::Option* add_number(CLI::App& app, const std::string& name,
                        std::uint64_t& target, std::uint64_t min,
                        const std::string& help = {});

/// For `CLI::Option::transform`: a whole number in decimal digits.
CLI::Validator whole_number(std::uint64_t min = 0,
                            std::uint64_t max
                            = std::numeric_limits<std::uint64_t>::max());

/// Reads the arguments of a program, the first of which is its name. Options
/// and positional arguments may be mixed; after `--`, all are positional.
/// Options are those of the command and of the program.
/// @throws CLI::ParseError, which also stands for `--help`.
void parse(CLI::App& app, int argc, const char* const* argv);

} // namespace raft::programs
