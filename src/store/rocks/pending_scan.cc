#include "store/rocks/pending_scan.h"

#include <rocksdb/db.h>
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

void go_to_begin(rocksdb::Iterator& iterator, bool newest_first) {
  if (newest_first) {
    iterator.SeekToLast();
  } else {
    iterator.SeekToFirst();
  }
}

void go_on(rocksdb::Iterator& iterator, bool newest_first) {
  if (newest_first) {
    iterator.Prev();
  } else {
    iterator.Next();
  }
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

PendingScan::PendingScan(Database& database, const Inbox& inbox, rocksdb::ReadOptions options,
                         const PendingRange& range, std::size_t removed_max)
    : database_(database),
      tenant_(inbox.tenant()),
      prefix_bytes_(inbox.prefix().size()),
      newest_first_(range.order == PageOrder::newest_first),
      removed_max_(removed_max),
      removed_before_(start_counting()),
      first_(pending_key(inbox, range.first)),
      end_(range.end ? pending_key(inbox, *range.end) : layout::prefix_end(inbox.prefix())),
      first_slice_(first_),
      end_slice_(end_) {
  // Backwards the first bound matters too: what was acknowledged in front is not to be walked over.
  options.iterate_lower_bound = &first_slice_;
  options.iterate_upper_bound = &end_slice_;
  options.max_skippable_internal_keys = removed_max;
  iterator_.reset(database.db().NewIterator(options, database.family(Family::pending)));
  go_to_begin(*iterator_, newest_first_);
}

void PendingScan::next() { go_on(*iterator_, newest_first_); }

EventId PendingScan::id() const { return EventId::from_bytes(view(iterator_->key()).substr(prefix_bytes_)); }

std::string_view PendingScan::event_type() const { return view(iterator_->value()); }

bool PendingScan::tired() const { return removed_max_ > 0 && removed_so_far() - removed_before_ >= removed_max_; }

Status PendingScan::status() const {
  if (iterator_->status().ok() || gave_up()) return Done{};
  return database_.unreadable("the inbox of " + tenant_ + ": " + iterator_->status().ToString());
}

std::optional<EventId> pass_acknowledged(Database& database, const Inbox& inbox, rocksdb::ReadOptions options,
                                         const PendingRange& range, std::size_t count) {
  EventId largest;
  largest.bytes.fill(0xff);
  const std::string first = layout::event_key(inbox.tenant(), range.first);
  const std::string end = layout::event_key(inbox.tenant(), range.end.value_or(largest));
  const rocksdb::Slice first_slice(first);
  const rocksdb::Slice end_slice(end);
  options.iterate_lower_bound = &first_slice;
  options.iterate_upper_bound = &end_slice;
  // Where retention has removed acknowledged events there are marks too.
  options.max_skippable_internal_keys = count;
  const bool newest_first = range.order == PageOrder::newest_first;
  const std::unique_ptr<rocksdb::Iterator> iterator(
      database.db().NewIterator(options, database.family(Family::delivered)));
  std::optional<EventId> last;
  go_to_begin(*iterator, newest_first);
  for (std::size_t passed = 0; passed < count && iterator->Valid(); ++passed) {
    last = EventId::from_bytes(view(iterator->key()).substr(first.size() - range.first.view().size()));
    go_on(*iterator, newest_first);
  }
  return last;
}

}  // namespace triggers::store
