#pragma once

// The records of entries that the commit being built has changed, so that later operations of it see them. What reads
// and writes these records is in entry_table.h.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/text_arena.h"
#include "store/rocks/database/database_config.h"

namespace triggers::store {

/// Changed records by family and key. For the committer's thread. Its memory is that of the largest recent commit, and
/// a change allocates none of its own: a busy commit has thousands.
class EntryOverlay {
 public:
  /// The record's bytes, valid until begin(); nothing: it was removed.
  using Value = std::optional<std::string_view>;

  /// Begins a new commit.
  void begin() noexcept {
    changed_.clear();
    undo_.clear();
    texts_.clear();
  }

  /// Null if the commit has not changed the record. Valid until the next change.
  [[nodiscard]] const Value* find(Family family, std::string_view key) const {
    if (changed_.empty()) return nullptr;
    const auto found = changed_.find(Name{family, key});
    return found == changed_.end() ? nullptr : &found->second;
  }

  void set(Family family, std::string_view key, const Value& value) {
    const auto found = changed_.find(Name{family, key});
    const bool is_new = found == changed_.end();
    const Name name = is_new ? Name{family, texts_.keep(key)} : found->first;
    const Value kept = value ? Value(texts_.keep(*value)) : std::nullopt;
    undo_.push_back({name, is_new ? std::optional<Value>{} : std::optional(found->second)});
    if (is_new) {
      changed_.emplace(name, kept);
    } else {
      found->second = kept;
    }
  }

  /// keep() confirms what was changed so far; undo() takes back what was changed since the last keep().
  void keep() noexcept { undo_.clear(); }
  void undo() noexcept {
    for (; !undo_.empty(); undo_.pop_back()) {
      const auto& [name, before] = undo_.back();
      const auto found = changed_.find(name);
      if (found == changed_.end()) continue;  // Memory ran out before the change.
      if (before) {
        found->second = *before;
      } else {
        changed_.erase(found);
      }
    }
  }

 private:
  struct Name {
    Family family;
    std::string_view key;
    bool operator==(const Name&) const = default;
  };
  struct HashOfName {
    std::size_t operator()(const Name& name) const noexcept {
      return std::hash<std::string_view>{}(name.key) + 0x9E3779B97F4A7C15ULL * static_cast<std::size_t>(name.family);
    }
  };
  struct Undo {
    Name name;
    std::optional<Value> before;  ///< Nothing: it was not changed.
  };

  boost::unordered_flat_map<Name, Value, HashOfName> changed_;
  std::vector<Undo> undo_;
  TextArena texts_;
};

}  // namespace triggers::store
