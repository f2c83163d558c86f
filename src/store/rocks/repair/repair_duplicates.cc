// drop_lost_duplicates(): the indexes by which the store knows an event that is sent again.

#include "store/rocks/format/dedup_entry.h"
#include "store/rocks/format/holding.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/repair/repair_indexes.h"
#include "store/rocks/repair/repaired_families.h"

namespace triggers::store {
namespace {

using event::EventId;

constexpr std::size_t hash_bytes = 8;
constexpr std::size_t id_bytes = 16;
constexpr std::size_t idempotency_bytes = 2 * id_bytes;

/// The tenant's name, with its length, behind the hash; empty in another key.
std::string_view name_in(std::string_view key) {
  if (key.size() <= hash_bytes) return {};
  key.remove_prefix(hash_bytes);
  const std::size_t bytes = 1 + static_cast<unsigned char>(key.front());
  return key.size() < bytes ? std::string_view{} : key.substr(0, bytes);
}

class Duplicates {
 public:
  Duplicates(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families) : store_(db, families) {}

  Status run() {
    auto walked =
        store_.each(Family::idempotency, [this](auto key, auto value) { return see_idempotency(key, value); });
    if (!walked) return walked;
    return store_.each(Family::dedup, [this](auto key, auto value) { return see_dedup(key, value); });
  }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  /// An event that was acknowledged, or that no inbox holds any more, was processed. So one that is sent again is a
  /// duplicate, whatever became of it.
  bool is_known(std::string_view name, const EventId& id) {
    const std::string key = std::string{name}.append(id.view());
    for (const Family family : {Family::events, Family::acknowledged}) {
      const auto found = store_.get(family, key, value_);
      if (!found) failure_ = found.error();
      if (!found || *found) return true;
    }
    const auto found = store_.get(Family::holders, key, value_);
    if (!found) failure_ = found.error();
    if (!found) return true;
    const auto holding = *found ? decode_holding(value_) : std::nullopt;
    return holding && holding->count == 0;
  }

  Status see_idempotency(std::string_view key, std::string_view value) {
    const auto name = name_in(key);
    if (name.empty()) return Done{};  // No look-up finds it.
    // A value that cannot be read would refuse its key for ever.
    if (value.size() != idempotency_bytes || !is_known(name, EventId::from_bytes(value.substr(0, id_bytes)))) {
      ++dropped_;
      store_.remove(Family::idempotency, key);
    }
    return status();
  }

  Status see_dedup(std::string_view key, std::string_view value) {
    const auto name = name_in(key);
    const auto before = decode_dedup(value, [](const EventId&) { return true; });
    auto after = decode_dedup(value, [&](const EventId& id) { return name.empty() || is_known(name, id); });
    // It names no event: it says that there are entries by digest.
    after.collided = before.collided;
    if (before.first == after.first && before.newest == after.newest) return status();
    ++dropped_;
    const std::string left = after.encode();
    if (left.empty()) {
      store_.remove(Family::dedup, key);
    } else {
      store_.put(Family::dedup, key, left);
    }
    return status();
  }

  [[nodiscard]] Status status() const { return failure_ ? Status{*failure_} : Status{Done{}}; }

  RepairedFamilies store_;
  std::string value_;
  std::optional<Error> failure_;
  std::uint64_t dropped_ = 0;
};

}  // namespace

Status drop_lost_duplicates(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                            RepairReport& report) {
  Duplicates duplicates(db, families);
  if (auto done = duplicates.run(); !done) return done;
  if (duplicates.dropped() == 0) return Done{};
  report.losses.push_back(std::to_string(duplicates.dropped()) +
                          " entries for finding duplicates are left out: their events are not there, since they are "
                          "lost or have expired, so these are accepted if they are sent again");
  return Done{};
}

}  // namespace triggers::store
