#include "store/rocks/page_reader.h"

#include <rocksdb/db.h>
#include <rocksdb/snapshot.h>

#include <algorithm>
#include <memory>

#include "store/rocks/event_record.h"
#include "store/rocks/layout.h"

namespace triggers::store {
namespace {

using Clock = std::chrono::steady_clock;

/// How many entries a filter passes over between two looks at the clock.
constexpr std::size_t entries_per_look = 1024;

std::string_view view(const rocksdb::Slice& text) { return {text.data(), text.size()}; }

/// The pending entries of one inbox from `first` on and before `end`; without one, to the newest.
class PendingScan {
 public:
  PendingScan(Database& database, const Inbox& inbox, rocksdb::ReadOptions options, PageOrder order,
              const EventId& first, const std::optional<EventId>& end)
      : database_(database),
        tenant_(inbox.tenant()),
        prefix_bytes_(inbox.prefix().size()),
        newest_first_(order == PageOrder::newest_first),
        first_(key(inbox, first)),
        end_(end ? key(inbox, *end) : layout::prefix_end(inbox.prefix())),
        first_slice_(first_),
        end_slice_(end_) {
    // Backwards the first bound matters too: what was acknowledged in front is not to be walked over.
    options.iterate_lower_bound = &first_slice_;
    options.iterate_upper_bound = &end_slice_;
    iterator_.reset(database.db().NewIterator(options, database.family(Family::pending)));
    if (newest_first_) {
      iterator_->SeekToLast();
    } else {
      iterator_->SeekToFirst();
    }
  }

  [[nodiscard]] bool valid() const { return iterator_->Valid(); }
  void next() {
    if (newest_first_) {
      iterator_->Prev();
    } else {
      iterator_->Next();
    }
  }
  [[nodiscard]] EventId id() const { return EventId::from_bytes(view(iterator_->key()).substr(prefix_bytes_)); }
  [[nodiscard]] std::string_view event_type() const { return view(iterator_->value()); }
  [[nodiscard]] Status status() const {
    if (iterator_->status().ok()) return Done{};
    return database_.unreadable("the inbox of " + tenant_ + ": " + iterator_->status().ToString());
  }

 private:
  static std::string key(const Inbox& inbox, const EventId& id) { return inbox.prefix() + std::string{id.view()}; }

  Database& database_;
  const std::string& tenant_;
  const std::size_t prefix_bytes_;
  const bool newest_first_;
  const std::string first_, end_;
  const rocksdb::Slice first_slice_, end_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

/// The least id that is larger; the largest, which is no event's, has none and stays.
EventId successor(const EventId& id) {
  EventId next = id;
  for (auto byte = next.bytes.rbegin(); byte != next.bytes.rend(); ++byte) {
    if (++*byte != 0) return next;
  }
  return id;
}

/// The ids of one page, and how far it has looked.
struct Selection {
  std::vector<EventId> ids;
  std::optional<EventId> looked_at;
  bool has_more = false;

  /// The page ends with the first `count` of the ids.
  void cut_to(std::size_t count) {
    ids.resize(count);
    looked_at = ids.back();
    has_more = true;
  }
};

Result<Selection> select(PendingScan& scan, const PageQuery& query, const PageLimits& limits) {
  Selection selection;
  const auto deadline = Clock::now() + limits.filter_time_max;
  for (std::size_t passed = 0; scan.valid() && !selection.has_more; scan.next()) {
    const bool wanted = !query.event_type || scan.event_type() == *query.event_type;
    selection.has_more = wanted && selection.ids.size() == query.limit;
    if (selection.has_more) break;
    selection.looked_at = scan.id();
    if (wanted) {
      selection.ids.push_back(*selection.looked_at);
    } else {
      selection.has_more = ++passed % entries_per_look == 0 && Clock::now() >= deadline;
    }
  }
  if (auto status = scan.status(); !status) return status.error();
  return selection;
}

/// The stored records of events, in the order of their ids or the other way round. Once bytes_max of them were read the
/// status of those behind is Aborted.
struct Records {
  explicit Records(std::size_t count) : values(count), statuses(count) {}

  std::vector<rocksdb::PinnableSlice> values;
  std::vector<rocksdb::Status> statuses;
};

Records read_records(Database& database, const Inbox& inbox, rocksdb::ReadOptions options,
                     const std::vector<EventId>& ids, PageOrder order, std::size_t bytes_max) {
  std::vector<std::string> keys;
  keys.reserve(ids.size());
  for (const auto& id : ids) keys.push_back(layout::event_key(inbox.tenant(), id));
  Records records(keys.size());
  auto* const family = database.family(Family::events);
  if (order == PageOrder::oldest_first) {
    const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
    options.value_size_soft_limit = bytes_max;
    database.db().MultiGet(options, family, slices.size(), slices.data(), records.values.data(),
                           records.statuses.data(), /*sorted_input=*/true);
    return records;
  }
  // MultiGet reads by ascending key, so its limit would leave out the newest, which this page begins with.
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    records.statuses[i] = bytes > bytes_max ? rocksdb::Status::Aborted()
                                            : database.db().Get(options, family, keys[i], &records.values[i]);
    bytes += records.values[i].size();
  }
  return records;
}

Status load_events(Database& database, const Inbox& inbox, const rocksdb::ReadOptions& options, PageOrder order,
                   Selection& selection, const PageLimits& limits, Page& page) {
  const Records records = read_records(database, inbox, options, selection.ids, order, limits.bytes_max);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < selection.ids.size(); ++i) {
    const rocksdb::Status& status = records.statuses[i];
    if (status.IsAborted() && i > 0) {
      selection.cut_to(i);
      break;
    }
    const auto record = status.ok() ? decode_record(view(records.values[i])) : std::nullopt;
    if (!record) {
      return database.unreadable("the event " + selection.ids[i].text() + " of " + inbox.tenant() + ": " +
                                 status.ToString());
    }
    const std::size_t event_bytes = record->payload.size() + record->metadata.size();
    if (!page.events.empty() && bytes + event_bytes > limits.bytes_max) {
      selection.cut_to(i);
      break;
    }
    bytes += event_bytes;
    StoredEvent& event = page.events.emplace_back();
    event.id = selection.ids[i];
    event.event_type = record->event_type;
    event.payload = record->payload;
    if (record->source) event.source = *record->source;
    event.metadata = record->metadata;
    if (!page.memory.grow(event.bytes())) return no_memory_for_page();
  }
  return Done{};
}

/// The inbox's count in a snapshot, so that it agrees with the entries that the page finds there.
Result<std::uint64_t> count_at(Database& database, const Inbox& inbox, const rocksdb::ReadOptions& options) {
  rocksdb::PinnableSlice value;
  const auto status = database.db().Get(options, database.family(Family::meta), inbox.meta_key(), &value);
  if (status.IsNotFound()) return std::uint64_t{0};
  if (!status.ok()) return database.unreadable("the counters of " + inbox.tenant() + ": " + status.ToString());
  const auto count = Inbox::decode_count(view(value));
  if (!count) return database.unreadable("the counters of " + inbox.tenant());
  return *count;
}

}  // namespace

Result<Page> read_page(Database& database, Inbox& inbox, const PageQuery& query, const PageLimits& limits) {
  Page page;
  page.memory = FairBudget::Share(query.memory, inbox.tenant());
  // The head is older than the snapshot, so it holds there.
  const EventId head = inbox.head();
  rocksdb::ManagedSnapshot snapshot(&database.db());
  rocksdb::ReadOptions options;
  options.snapshot = snapshot.snapshot();
  const auto count = count_at(database, inbox, options);
  if (!count) return count.error();
  page.total_undelivered = *count;
  page.next_after = query.after;
  // Behind what was acknowledged there may be many entries to step over, and none to find.
  if (*count == 0) return page;

  const bool oldest_first = query.order == PageOrder::oldest_first;
  EventId first = head;
  std::optional<EventId> end;
  if (query.after) {
    if (oldest_first) {
      first = std::max(successor(query.after->after), head);
    } else {
      end = std::max(query.after->after, head);
    }
  }
  PendingScan scan(database, inbox, options, query.order, first, end);
  if (oldest_first && first == head && scan.valid()) inbox.raise_head(scan.id());
  auto selection = select(scan, query, limits);
  if (!selection) return std::move(selection).error();
  auto loaded = load_events(database, inbox, options, query.order, *selection, limits, page);
  if (!loaded) return loaded.error();
  page.has_more = selection->has_more;
  const bool first_and_empty = !query.after && page.events.empty() && !page.has_more;
  if (selection->looked_at && !first_and_empty) page.next_after = *selection->looked_at;
  return page;
}

Result<std::optional<EventId>> find_head(Database& database, Inbox& inbox) {
  PendingScan scan(database, inbox, {}, PageOrder::oldest_first, inbox.head(), {});
  if (auto status = scan.status(); !status) return status.error();
  if (!scan.valid()) return std::optional<EventId>{};
  inbox.raise_head(scan.id());
  return std::optional{scan.id()};
}

}  // namespace triggers::store
