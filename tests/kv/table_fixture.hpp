// Tables of both kinds, and how to open one again.

#pragma once

#include <raft/kv/lmdb_table.hpp>
#include <raft/tests/support/temporary_directory.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace raft::test {

/// A table that outlives the objects that open it.
class any_table {
public:
  explicit any_table(const std::string& kind) {
    options.directory = directory_.path() + "/kv-1";
    options.owner = {"test", {1}, {77}};
    if (kind == "memory")
      memory_ = kv::make_memory_table();
    reopen();
  }

  void close() {
    now_ = nullptr;
  }

  void reopen() {
    close();
    now_ = memory_ ? memory_ : kv::open_lmdb_table(options);
  }

  kv::table& operator*() const {
    return *now_;
  }

  kv::table* operator->() const {
    return now_.get();
  }

  const std::shared_ptr<kv::table>& get() const {
    return now_;
  }

  kv::table_options options;

private:
  temporary_directory directory_{fast_place()};
  std::shared_ptr<kv::table> memory_;
  std::shared_ptr<kv::table> now_;
};

using pair_list = std::vector<std::pair<std::string, std::string>>;

/// All pairs from `first` on, at most `pairs_max`.
inline pair_list
pairs_from(const std::function<void(const kv::visitor&)>& visit,
           std::size_t pairs_max) {
  pair_list result;
  visit([&](std::string_view key, std::string_view value) {
    result.emplace_back(key, value);
    return result.size() < pairs_max;
  });
  return result;
}

using records = std::vector<machine::session_record>;

/// @param keys How many there are then.
inline void write(kv::table& x, log_index applied, const kv::overlay& changes,
                  std::uint64_t keys, const records& sessions = {}) {
  BOOST_TEST(x.count_with(changes, applied) == keys);
  x.write({std::make_shared<const kv::overlay>(changes), applied, sessions});
  BOOST_TEST(x.load().keys == keys);
  BOOST_TEST(x.count_with(changes, applied) == keys);
}

inline pair_list all_of(const kv::table& x, std::string_view first = {},
                        std::size_t pairs_max = 1'000'000) {
  return pairs_from([&](const kv::visitor& f) { x.visit(first, f); },
                    pairs_max);
}

} // namespace raft::test
