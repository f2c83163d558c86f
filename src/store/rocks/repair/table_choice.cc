#include "store/rocks/repair/table_choice.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "store/rocks/database/database_options.h"
#include "store/rocks/repair/family_places.h"
#include "store/rocks/repair/table_entry.h"

namespace triggers::store {
namespace {

constexpr unsigned last_level = 6;

/// RocksDB orders the entries of a key by eight bytes after it.
std::string_view user_key(std::string_view key) {
  return key.substr(0, key.size() - std::min<std::size_t>(key.size(), 8));
}

bool share_keys(const TableEntry& a, const TableEntry& b) {
  return user_key(a.smallest_key) <= user_key(b.largest_key) && user_key(b.smallest_key) <= user_key(a.largest_key);
}

std::string line(std::uint64_t number, std::string_view why) {
  return "db/" + table_path("", number).substr(1) + " is left out: " + std::string{why};
}

class Choice {
 public:
  Choice(const DatabaseConfig& target, const std::string& from, const FoundTables& found)
      : target_(target), from_(from), found_(found) {}

  Result<TableChoice> make() {
    auto manifests = read_manifests(from_);
    if (!manifests) return std::move(manifests).error();
    const Manifest* told = newest_of(*manifests);
    if (told != nullptr) {
      choice_.manifest = *told;
      choice_.is_told = true;
      if (auto taken = take_told(); !taken) return std::move(taken).error();
      choice_.told_sequence = told->last_sequence;
      choice_.manifest.last_sequence = std::max(told->last_sequence, last_sequence_);
    } else {
      for (const auto& manifest : *manifests) take_what_is_left(manifest);
      if (auto taken = take_all(); !taken) return std::move(taken).error();
    }
    Manifest& made = choice_.manifest;
    made.next_file = std::max(made.next_file, last_file() + 1);
    if (!choice_.is_told) choice_.assumed = add_usual_places(target_, made);
    tell_of_empty(*manifests);
    return std::move(choice_);
  }

 private:
  [[nodiscard]] std::uint64_t last_file() const {
    std::uint64_t last = 0;
    for (const auto& tables : {found_.whole, found_.damaged}) {
      if (!tables.empty()) last = std::max(last, *tables.rbegin());
    }
    return last;
  }

  [[nodiscard]] bool is_there(std::uint64_t table, const TableEntry& described) const {
    if (found_.damaged.contains(table)) return true;
    return found_.whole.contains(table) && is_as_described(table_path(from_, table), described);
  }

  /// Every table of a manifest is there until a newer one no longer names it. If one is missing, records may be too.
  [[nodiscard]] bool is_complete(const Manifest& manifest) const {
    if (!manifest.whole) return false;
    for (const auto& [number, family] : manifest.families) {
      for (const auto& [table, entry] : family.tables) {
        if (!is_there(table, entry)) return false;
      }
    }
    return true;
  }

  /// Not the one that CURRENT names: somebody may have laid an older copy over the store. Nothing if a newer one cannot
  /// be used: the tables that it named would be left out.
  [[nodiscard]] const Manifest* newest_of(const std::vector<Manifest>& manifests) const {
    const Manifest* newest = nullptr;
    std::uint64_t last = 0;
    for (const auto& manifest : manifests) {
      last = std::max(last, manifest.last_sequence);
      const bool is_newer = newest == nullptr || manifest.last_sequence >= newest->last_sequence;
      if (is_newer && is_complete(manifest)) newest = &manifest;
    }
    return newest != nullptr && newest->last_sequence == last ? newest : nullptr;
  }

  void tell_of_empty(const std::vector<Manifest>& manifests) {
    const auto names = [](const Manifest& manifest, std::uint64_t table) {
      return std::ranges::any_of(manifest.families,
                                 [&](const auto& family) { return family.second.tables.contains(table); });
    };
    for (const auto table : found_.empty) {
      const bool is_named =
          std::ranges::any_of(manifests, [&](const Manifest& manifest) { return names(manifest, table); });
      if (is_named || !choice_.is_told) choice_.left_out.push_back(line(table, "it has 0 bytes"));
    }
  }

  Status take_told() {
    std::set<std::uint64_t> named;
    for (auto& [number, family] : choice_.manifest.families) {
      for (auto entry = family.tables.begin(); entry != family.tables.end();) {
        named.insert(entry->first);
        newest_named_[number] = std::max(newest_named_[number], entry->second.largest_sequence);
        const bool is_damaged = found_.damaged.contains(entry->first);
        if (is_damaged) {
          auto& newest = choice_.incomplete[number];
          newest = std::max(newest, entry->second.largest_sequence);
        }
        entry = is_damaged ? family.tables.erase(entry) : std::next(entry);
      }
    }
    // The newest first: it may have replaced others.
    for (auto table = found_.whole.rbegin(); table != found_.whole.rend(); ++table) {
      if (named.contains(*table)) continue;
      if (auto taken = take_newer(*table); !taken) return taken;
    }
    for (const auto family : mixed_) arrange(family, choice_.manifest.families.at(family));
    return Done{};
  }

  /// A table that the manifest does not name may be of a later manifest, or of records of this one that are lost.
  Status take_newer(std::uint64_t table) {
    Manifest& manifest = choice_.manifest;
    const auto read = read_table(table);
    if (!read) return read.error();
    if (!*read) return Done{};
    const auto& [family, name, entry] = **read;
    if (is_known(family, name) && has_newer_writes(table, family, entry)) {
      FamilyEntry& known = manifest.families[family];
      known.name = name;
      if (!follows_all(family, known, entry)) mixed_.insert(family);
      known.tables.emplace(table, entry);
      choice_.incomplete.emplace(family, 0);  // Another one may be missing.
      last_sequence_ = std::max(last_sequence_, entry.largest_sequence);
    } else {
      choice_.left_out.push_back(
          line(table, "the manifest " + manifest.name + " does not name it, since it was replaced or never finished"));
    }
    return Done{};
  }

  /// Whether the family has this number in the manifest, or could have been made after it.
  [[nodiscard]] bool is_known(std::uint32_t number, const std::string& name) const {
    const auto& families = choice_.manifest.families;
    if (const auto known = families.find(number); known != families.end()) return known->second.name == name;
    return std::ranges::none_of(families, [&](const auto& family) { return family.second.name == name; });
  }

  /// Whether the table has writes that no table of the manifest has. The tables that these have replaced have none, but
  /// the numbers of the same writes may be 0 in them now, so a table that is older than the manifest does not count.
  [[nodiscard]] bool has_newer_writes(std::uint64_t table, std::uint32_t family, const TableEntry& entry) const {
    const Manifest& manifest = choice_.manifest;
    if (entry.smallest_sequence > manifest.last_sequence) return true;
    if (table < manifest.number || manifest.removed.contains(table)) return false;
    const auto named = newest_named_.find(family);
    return named == newest_named_.end() || entry.largest_sequence > named->second;
  }

  /// Whether its writes are newer than those of all tables that the manifest names, and in no other newer table.
  [[nodiscard]] bool follows_all(std::uint32_t number, const FamilyEntry& family, const TableEntry& table) const {
    const auto named = newest_named_.find(number);
    if (named != newest_named_.end() && table.smallest_sequence <= named->second) return false;
    return std::ranges::none_of(family.tables, [&](const auto& other) {
      return other.second.largest_sequence >= table.smallest_sequence &&
             other.second.smallest_sequence <= table.largest_sequence;
    });
  }

  /// What is readable of the manifests still tells the families' numbers.
  void take_what_is_left(const Manifest& manifest) {
    Manifest& made = choice_.manifest;
    for (const auto& [number, family] : manifest.families) made.families[number].name = family.name;
    made.removed.insert(manifest.removed.begin(), manifest.removed.end());
    made.last_sequence = std::max(made.last_sequence, manifest.last_sequence);
    made.next_file = std::max(made.next_file, manifest.next_file);
  }

  Status take_all() {
    Manifest& made = choice_.manifest;
    for (const auto table : found_.whole) {
      if (made.removed.contains(table)) {
        choice_.left_out.push_back(line(table, "a manifest says that other tables have replaced it"));
        continue;
      }
      const auto read = read_table(table);
      if (!read) return read.error();
      if (!*read) continue;
      const auto& [number, name, entry] = **read;
      FamilyEntry& family = made.families[number];
      if (!family.name.empty() && family.name != name) {
        choice_.left_out.push_back(line(table, "it is of the family " + name + " with the number of " + family.name));
        continue;
      }
      family.name = name;
      family.tables.emplace(table, entry);
      made.last_sequence = std::max(made.last_sequence, entry.largest_sequence);
    }
    for (auto& [number, family] : made.families) arrange(number, family);
    // A table may be missing, and nothing tells it.
    for (const auto& [number, family] : made.families) choice_.incomplete.emplace(number, 0);
    return Done{};
  }

  /// Gives each table a level: no two tables of a level share keys, except in the first, and a newer one is above an
  /// older one. RocksDB requires that the tables in the first level follow each other in their writes.
  void arrange(std::uint32_t number, FamilyEntry& family) {
    using Of = std::pair<std::uint64_t, TableEntry*>;
    std::vector<Of> newest_first;
    for (auto& [table, entry] : family.tables) newest_first.emplace_back(table, &entry);
    std::ranges::sort(newest_first, std::greater{},
                      [](const Of& of) { return std::pair{of.second->largest_sequence, of.first}; });
    std::size_t at = 0;
    const auto follows = [&](std::size_t i) {
      return newest_first[i].second->smallest_sequence > newest_first[i + 1].second->largest_sequence;
    };
    for (; at + 1 < newest_first.size() && follows(at); ++at) newest_first[at].second->level = 0;
    if (at + 1 >= newest_first.size()) return;
    for (std::size_t i = at; i < newest_first.size(); ++i) {
      unsigned level = 1;
      for (std::size_t above = at; above < i; ++above) {
        if (!share_keys(*newest_first[i].second, *newest_first[above].second)) continue;
        level = std::max(level, newest_first[above].second->level + 1);
      }
      newest_first[i].second->level = level;
      if (level > 1) choice_.overlapping.insert(number);
    }
    std::erase_if(family.tables, [&](const auto& table) {
      if (table.second.level <= last_level) return false;
      choice_.left_out.push_back(line(table.first, "too many newer tables have the same keys"));
      return true;
    });
  }

  /// Nothing if the table is of a family that this program does not have.
  Result<std::optional<NamedTable>> read_table(std::uint64_t table) {
    auto read = read_table_entry(target_, table_path(from_, table));
    if (read) return std::optional{std::move(*read)};
    if (read.error().code != ErrorCode::not_found) return std::move(read).error();
    choice_.left_out.push_back(line(table, read.error().message));
    return std::optional<NamedTable>{};
  }

  const DatabaseConfig& target_;
  const std::string& from_;
  const FoundTables& found_;
  TableChoice choice_;
  std::uint64_t last_sequence_ = 0;                      ///< Of the tables that are newer than the manifest.
  std::map<std::uint32_t, std::uint64_t> newest_named_;  ///< The newest write in each family's tables of the manifest.
  std::set<std::uint32_t> mixed_;                        ///< Families with newer tables that share writes with others.
};

}  // namespace

Result<TableChoice> choose_tables(const DatabaseConfig& target, const std::string& from, const FoundTables& found) {
  return Choice(target, from, found).make();
}

}  // namespace triggers::store
