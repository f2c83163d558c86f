#pragma once

// The records of entries that the commit being built has changed, so that later operations of it see them. What reads
// and writes these records is in entry_table.h.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/rocks/database/database_config.h"

namespace triggers::store {

/// Changed records by family and key. For the committer's thread.
class EntryOverlay {
 public:
  /// The record's bytes; nothing: it was removed.
  using Value = std::optional<std::string>;

  /// Begins a new commit.
  void begin() noexcept {
    changed_.clear();
    undo_.clear();
  }

  /// Null if the commit has not changed the record.
  [[nodiscard]] const Value* find(Family family, std::string_view key) const {
    if (changed_.empty()) return nullptr;
    const auto found = changed_.find(name_of(family, key));
    return found == changed_.end() ? nullptr : &found->second;
  }

  void set(Family family, std::string_view key, Value value) {
    std::string name = name_of(family, key);
    const auto found = changed_.find(name);
    undo_.push_back({name, found == changed_.end() ? std::optional<Value>{} : std::optional(found->second)});
    if (found != changed_.end()) {
      found->second = std::move(value);
    } else {
      changed_.emplace(std::move(name), std::move(value));
    }
  }

  /// keep() confirms what was changed so far; undo() takes back what was changed since the last keep().
  void keep() noexcept { undo_.clear(); }
  void undo() noexcept {
    for (; !undo_.empty(); undo_.pop_back()) {
      auto& [name, before] = undo_.back();
      const auto found = changed_.find(name);
      if (found == changed_.end()) continue;  // Memory ran out before the change.
      if (before) {
        found->second = std::move(*before);
      } else {
        changed_.erase(found);
      }
    }
  }

 private:
  struct Undo {
    std::string name;
    std::optional<Value> before;  ///< Nothing: it was not changed.
  };

  static std::string name_of(Family family, std::string_view key) {
    std::string name(1, static_cast<char>(family));
    name.append(key);
    return name;
  }

  boost::unordered_flat_map<std::string, Value> changed_;
  std::vector<Undo> undo_;
};

}  // namespace triggers::store
