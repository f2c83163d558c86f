#include "store/rocks/pending_scan.h"

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>
#include <rocksdb/options.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

#include "store/rocks/layout.h"

namespace triggers::store {
namespace {

std::string_view view(const rocksdb::Slice& text) { return {text.data(), text.size()}; }

std::string pending_key(const Inbox& inbox, const EventId& id) { return inbox.prefix() + std::string{id.view()}; }

/// RocksDB counts for each thread.
std::uint64_t removed_so_far() { return rocksdb::get_perf_context()->internal_delete_skipped_count; }

std::uint64_t start_counting() {
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount);
  return removed_so_far();
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

PendingRange PendingRange::up_to(const EventId& id) const {
  PendingRange part = *this;
  if (order == PageOrder::oldest_first) {
    part.end = successor(id);
  } else {
    part.first = id;
  }
  return part;
}

/// Goes over the keys from `first` on and before `end`, in the order of the range.
class PendingScan::Walk {
 public:
  Walk(Database& database, Family family, rocksdb::ReadOptions options, PageOrder order, std::string first,
       std::string end, std::size_t removed_max)
      : newest_first_(order == PageOrder::newest_first),
        first_(std::move(first)),
        end_(std::move(end)),
        first_slice_(first_),
        end_slice_(end_) {
    // Backwards the first bound matters too: what was acknowledged in front is not to be walked over.
    options.iterate_lower_bound = &first_slice_;
    options.iterate_upper_bound = &end_slice_;
    options.max_skippable_internal_keys = removed_max;
    iterator_.reset(database.db().NewIterator(options, database.family(family)));
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

 private:
  const bool newest_first_;
  const std::string first_, end_;
  const rocksdb::Slice first_slice_, end_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

PendingScan::PendingScan(Database& database, const Inbox& inbox, const rocksdb::ReadOptions& options,
                         const PendingRange& range, std::size_t removed_max)
    : database_(database),
      tenant_(inbox.tenant()),
      prefix_bytes_(inbox.prefix().size()),
      removed_max_(removed_max),
      removed_before_(start_counting()),
      walk_(std::make_unique<Walk>(database, Family::pending, options, range.order, pending_key(inbox, range.first),
                                   range.end ? pending_key(inbox, *range.end) : layout::prefix_end(inbox.prefix()),
                                   removed_max)) {}

PendingScan::~PendingScan() = default;

bool PendingScan::valid() const { return walk_->at().Valid(); }

void PendingScan::next() { walk_->go_on(); }

EventId PendingScan::id() const { return walk_->id(prefix_bytes_); }

std::string_view PendingScan::event_type() const { return view(walk_->at().value()); }

bool PendingScan::tired() const { return removed_max_ > 0 && removed_so_far() - removed_before_ >= removed_max_; }

bool PendingScan::gave_up() const { return walk_->at().status().IsIncomplete(); }

Status PendingScan::status() const {
  const rocksdb::Status status = walk_->at().status();
  if (status.ok() || status.IsIncomplete()) return Done{};
  return database_.unreadable("the inbox of " + tenant_ + ": " + status.ToString());
}

std::optional<EventId> PendingScan::pass_acknowledged(Database& database, const Inbox& inbox,
                                                      const rocksdb::ReadOptions& options, const PendingRange& range,
                                                      std::size_t count) {
  EventId largest;
  largest.bytes.fill(0xff);
  const std::string first = layout::event_key(inbox.tenant(), range.first);
  const std::size_t prefix_bytes = first.size() - range.first.view().size();
  // Where retention has removed acknowledged events there are marks too.
  Walk walk(database, Family::delivered, options, range.order, first,
            layout::event_key(inbox.tenant(), range.end.value_or(largest)), count);
  std::optional<EventId> last;
  for (std::size_t passed = 0; passed < count && walk.at().Valid(); ++passed) {
    last = walk.id(prefix_bytes);
    walk.go_on();
  }
  return last;
}

}  // namespace triggers::store
