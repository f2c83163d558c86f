#include "store/rocks/inbox/holders.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <utility>

#include "store/rocks/format/layout.h"
#include "store/rocks/format/slice_view.h"

namespace triggers::store {

void Holders::begin(UnixMillis now) noexcept {
  now_ = now;
  staged_.clear();
  undo_.clear();
  reads_ = 0;
}

void Holders::accepted(const std::string& tenant, const event::EventId& id, std::uint64_t count) {
  // Not staged: nobody knows the id before the commit.
  const Holding holding{count, count == 0 ? now_ : UnixMillis{}};
  batch_.Put(database_.family(Family::holders), layout::event_key(tenant, id), encode_holding(holding));
  if (count == 0) batch_.Put(database_.family(Family::expiry), layout::expiry_key(now_, tenant, id), rocksdb::Slice());
}

Status Holders::left(const std::string& tenant, const event::EventId& id, Leaving how) {
  const std::string key = layout::event_key(tenant, id);
  const auto found = find(key);
  if (!found) return found.error();
  const bool needs_record = *found || how != Leaving::acknowledged_in_default;
  Holding holding = found->value_or(Holding{.count = 1});
  if (holding.count == 0) {
    return database_.unreadable("the number of inboxes that hold the event " + id.text() + " of " + tenant +
                                ": it says none");
  }
  if (--holding.count == 0) {
    holding.freed_at = now_;
    batch_.Put(database_.family(Family::expiry), layout::expiry_key(now_, tenant, id), rocksdb::Slice());
  }
  if (!needs_record) return Done{};
  batch_.Put(database_.family(Family::holders), key, encode_holding(holding));
  stage(key, holding);
  return Done{};
}

void Holders::left_by_itself(const std::string& tenant, const event::EventId& id) {
  (void)left(tenant, id, Leaving::otherwise).ok();
}

Result<std::optional<Holding>> Holders::find(const std::string& event_key) {
  if (const auto staged = staged_.find(event_key); staged != staged_.end()) return staged->second;
  ++reads_;
  return read_holding(database_, event_key);
}

void Holders::entered(const std::string& tenant, const event::EventId& id, Holding before) {
  const std::string key = layout::event_key(tenant, id);
  // The next time that the event is freed may be the same millisecond, and an expiry entry must not be put twice.
  if (before.count == 0)
    batch_.SingleDelete(database_.family(Family::expiry), layout::expiry_key(before.freed_at, tenant, id));
  const Holding holding{.count = before.count + 1};
  batch_.Put(database_.family(Family::holders), key, encode_holding(holding));
  stage(key, holding);
}

void Holders::erase(const std::string& event_key, bool is_stored) {
  if (is_stored) batch_.Delete(database_.family(Family::holders), event_key);
  stage(event_key, std::nullopt);
}

bool Holders::is_erased(const std::string& event_key) const {
  const auto staged = staged_.find(event_key);
  return staged != staged_.end() && !staged->second;
}

void Holders::stage(const std::string& key, std::optional<Holding> holding) {
  const auto before = staged_.find(key);
  const bool was_staged = before != staged_.end();
  undo_.push_back({key, was_staged, was_staged ? before->second : std::nullopt});
  staged_[key] = holding;
}

void Holders::undo() noexcept {
  for (; !undo_.empty(); undo_.pop_back()) {
    const Undo& last = undo_.back();
    if (!last.was_staged) {
      staged_.erase(last.key);
      continue;
    }
    // It is there, so nothing is allocated.
    staged_.find(last.key)->second = last.before;
  }
}

Result<std::optional<Holding>> read_holding(Database& database, const std::string& event_key) {
  if (!database.has(Family::holders)) return std::optional<Holding>{};
  rocksdb::PinnableSlice value;
  const auto found = database.get(Family::holders, event_key, value);
  if (!found) return found.error();
  if (!*found) return std::optional<Holding>{};
  const auto holding = decode_holding(view(value));
  if (!holding) return database.unreadable("the number of inboxes that hold an event");
  return std::optional{*holding};
}

}  // namespace triggers::store
