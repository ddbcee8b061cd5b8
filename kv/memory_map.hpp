// The map that lives in memory only.

#pragma once

#include <raft/kv/map.hpp>

#include <functional>
#include <map>
#include <string>

namespace raft::kv {

class memory_map final : public map {
public:
  std::optional<std::string_view> find(std::string_view key) const override;
  bool contains(std::string_view key) const override;
  void put(std::string_view key, std::string value) override;
  std::size_t append(std::string_view key, std::string_view what) override;
  bool erase(std::string_view key) override;
  std::uint64_t count() const override;
  void visit(std::string_view first, const visitor& f) const override;

private:
  std::string& value_of(std::string_view key);

  std::map<std::string, std::string, std::less<>> data_;
};

} // namespace raft::kv
