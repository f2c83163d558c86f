#include "store/rocks/inbox/pending_scan.h"

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>
#include <rocksdb/options.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

#include <algorithm>

#include "store/rocks/format/layout.h"
#include "store/rocks/format/pending_value.h"
#include "store/rocks/format/slice_view.h"

namespace triggers::store {
namespace {

/// More than the marks that one key can have.
constexpr std::size_t removed_max_least = 16;

std::string pending_key(const InboxState& inbox, const EventId& id) { return inbox.prefix() + std::string{id.view()}; }

/// RocksDB counts for each thread.
std::uint64_t removed_so_far() { return rocksdb::get_perf_context()->internal_delete_skipped_count; }

/// The level before.
int start_counting() {
  const auto before = rocksdb::GetPerfLevel();
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount);
  return static_cast<int>(before);
}

/// The largest id that is smaller; the least, which is no event's, has none and stays.
EventId predecessor(const EventId& id) {
  EventId previous = id;
  for (auto byte = previous.bytes.rbegin(); byte != previous.bytes.rend(); ++byte) {
    if ((*byte)-- != 0) return previous;
  }
  return id;
}

}  // namespace

EventId successor(const EventId& id) {
  EventId next = id;
  for (auto byte = next.bytes.rbegin(); byte != next.bytes.rend(); ++byte) {
    if (++*byte != 0) return next;
  }
  return id;
}

PendingRange PendingRange::behind(const EventId& id) const {
  PendingRange rest = *this;
  if (order == PageOrder::oldest_first) {
    rest.first = successor(id);
  } else {
    rest.end = id;
  }
  return rest;
}

EventId PendingRange::before(const EventId& id) const {
  return order == PageOrder::oldest_first ? predecessor(id) : successor(id);
}

/// Goes over the keys from `first` on and before `end`, in the order of the range.
class PendingScan::Walk {
 public:
  Walk(Database& database, rocksdb::ReadOptions options, PageOrder order, std::string first, std::string end,
       std::size_t removed_max)
      : newest_first_(order == PageOrder::newest_first),
        first_(std::move(first)),
        end_(std::move(end)),
        first_slice_(first_),
        end_slice_(end_) {
    // Backwards the first bound matters too: what was acknowledged in front is not to be walked over.
    options.iterate_lower_bound = &first_slice_;
    options.iterate_upper_bound = &end_slice_;
    options.max_skippable_internal_keys = removed_max == 0 ? 0 : std::max(removed_max, removed_max_least);
    iterator_.reset(database.db().NewIterator(options, database.family(Family::pending)));
    if (newest_first_) {
      iterator_->SeekToLast();
    } else {
      iterator_->SeekToFirst();
    }
  }

  [[nodiscard]] const rocksdb::Iterator& at() const { return *iterator_; }
  void go_on() {
    if (newest_first_) {
      iterator_->Prev();
    } else {
      iterator_->Next();
    }
  }
  /// A key is a prefix and an id.
  [[nodiscard]] EventId id(std::size_t prefix_bytes) const {
    return EventId::from_bytes(view(iterator_->key()).substr(prefix_bytes));
  }
  /// The last key that it has looked at, when it gave up; nothing if RocksDB does not say.
  [[nodiscard]] std::optional<EventId> stopped_at(std::size_t prefix_bytes) const {
    std::string key;
    const auto status = iterator_->GetProperty("rocksdb.iterator.internal-key", &key);
    if (!status.ok() || key.size() != prefix_bytes + EventId{}.bytes.size()) return std::nullopt;
    return EventId::from_bytes(std::string_view(key).substr(prefix_bytes));
  }

 private:
  const bool newest_first_;
  const std::string first_, end_;
  const rocksdb::Slice first_slice_, end_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

PendingScan::PendingScan(Database& database, const InboxState& inbox, const rocksdb::ReadOptions& options,
                         const PendingRange& range, std::size_t removed_max)
    : database_(database),
      tenant_(inbox.tenant()),
      prefix_bytes_(inbox.prefix().size()),
      removed_max_(removed_max),
      perf_level_before_(start_counting()),
      removed_before_(removed_so_far()),
      walk_(std::make_unique<Walk>(database, options, range.order, pending_key(inbox, range.first),
                                   range.end ? pending_key(inbox, *range.end) : layout::prefix_end(inbox.prefix()),
                                   removed_max)) {}

PendingScan::~PendingScan() { rocksdb::SetPerfLevel(static_cast<rocksdb::PerfLevel>(perf_level_before_)); }

bool PendingScan::valid() const { return walk_->at().Valid(); }

void PendingScan::next() { walk_->go_on(); }

EventId PendingScan::id() const { return walk_->id(prefix_bytes_); }

std::string_view PendingScan::value() const { return view(walk_->at().value()); }

Result<std::string_view> PendingScan::event_type() const {
  const auto value = decode_pending_value(this->value());
  if (!value) return database_.unreadable("the pending entry of " + tenant_ + ", event " + id().text());
  return value->event_type;
}

bool PendingScan::tired() const { return removed_max_ > 0 && removed_so_far() - removed_before_ >= removed_max_; }

bool PendingScan::gave_up() const { return walk_->at().status().IsIncomplete(); }

Result<std::optional<EventId>> PendingScan::gave_up_at() const {
  const rocksdb::Status status = walk_->at().status();
  if (!gave_up()) return std::optional<EventId>{};
  const auto place = walk_->stopped_at(prefix_bytes_);
  if (!place)
    return database_.unreadable("the inbox of " + tenant_ + " behind its removed entries: " + status.ToString());
  return place;
}

Status PendingScan::status() const {
  const rocksdb::Status status = walk_->at().status();
  if (status.ok() || status.IsIncomplete()) return Done{};
  return database_.unreadable("the inbox of " + tenant_ + ": " + status.ToString());
}

}  // namespace triggers::store
