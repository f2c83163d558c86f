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

/// The pending entries of one inbox, oldest first.
class PendingScan {
 public:
  PendingScan(Database& database, const Inbox& inbox, rocksdb::ReadOptions options)
      : database_(database), tenant_(inbox.tenant()), prefix_(inbox.prefix()), end_(layout::prefix_end(prefix_)) {
    end_slice_ = end_;
    options.iterate_upper_bound = &end_slice_;
    iterator_.reset(database.db().NewIterator(options, database.family(Family::pending)));
  }

  void seek(const EventId& first) {
    std::string key = prefix_;
    key.append(first.view());
    iterator_->Seek(key);
  }
  [[nodiscard]] bool valid() const { return iterator_->Valid(); }
  void next() { iterator_->Next(); }
  [[nodiscard]] EventId id() const { return EventId::from_bytes(view(iterator_->key()).substr(prefix_.size())); }
  [[nodiscard]] std::string_view event_type() const { return view(iterator_->value()); }
  [[nodiscard]] Status status() const {
    if (iterator_->status().ok()) return Done{};
    return database_.unreadable("the inbox of " + tenant_ + ": " + iterator_->status().ToString());
  }

 private:
  Database& database_;
  const std::string& tenant_;
  const std::string prefix_, end_;
  rocksdb::Slice end_slice_;
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

/// The ids of one page, and where the next one starts.
struct Selection {
  std::vector<EventId> ids;
  std::optional<EventId> next_after;
};

Result<Selection> select(PendingScan& scan, const PageQuery& query, const PageLimits& limits) {
  Selection selection;
  const auto deadline = Clock::now() + limits.filter_time_max;
  std::optional<EventId> looked_at;
  for (std::size_t passed = 0; scan.valid(); scan.next()) {
    const bool wanted = !query.event_type || scan.event_type() == *query.event_type;
    if (wanted && selection.ids.size() == query.limit) {
      selection.next_after = query.event_type ? looked_at : std::optional{selection.ids.back()};
      break;
    }
    looked_at = scan.id();
    if (wanted) {
      selection.ids.push_back(*looked_at);
    } else if (++passed % entries_per_look == 0 && Clock::now() >= deadline) {
      selection.next_after = looked_at;
      break;
    }
  }
  if (auto status = scan.status(); !status) return status.error();
  return selection;
}

Status load_events(Database& database, const Inbox& inbox, rocksdb::ReadOptions options, Selection& selection,
                   const PageLimits& limits, Page& page) {
  std::vector<std::string> keys;
  keys.reserve(selection.ids.size());
  for (const auto& id : selection.ids) keys.push_back(layout::event_key(inbox.tenant(), id));
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  options.value_size_soft_limit = limits.bytes_max;
  database.db().MultiGet(options, database.family(Family::events), slices.size(), slices.data(), values.data(),
                         statuses.data(), /*sorted_input=*/true);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsAborted() && i > 0) {  // Behind what the soft limit let in.
      selection.next_after = selection.ids[i - 1];
      break;
    }
    const auto record = statuses[i].ok() ? decode_record(view(values[i])) : std::nullopt;
    if (!record) {
      return database.unreadable("the event " + selection.ids[i].text() + " of " + inbox.tenant() + ": " +
                                 statuses[i].ToString());
    }
    const std::size_t event_bytes = record->payload.size() + record->metadata.size();
    if (!page.events.empty() && bytes + event_bytes > limits.bytes_max) {
      selection.next_after = selection.ids[i - 1];
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
  page.memory = ByteBudget::Share(query.memory);
  // The head is older than the snapshot, so it holds there.
  const EventId head = inbox.head();
  rocksdb::ManagedSnapshot snapshot(&database.db());
  rocksdb::ReadOptions options;
  options.snapshot = snapshot.snapshot();
  const auto count = count_at(database, inbox, options);
  if (!count) return count.error();
  page.total_undelivered = *count;
  page.follow = query.after;
  // Behind what was acknowledged there may be many entries to step over, and none to find.
  if (*count == 0) return page;

  PendingScan scan(database, inbox, options);
  const EventId first = query.after ? std::max(successor(query.after->after), head) : head;
  scan.seek(first);
  if (first == head && scan.valid()) inbox.raise_head(scan.id());
  auto selection = select(scan, query, limits);
  if (!selection) return std::move(selection).error();
  if (auto loaded = load_events(database, inbox, options, *selection, limits, page); !loaded) return loaded.error();
  if (selection->next_after) page.next_after = *selection->next_after;
  page.has_more = page.next_after.has_value();
  if (page.has_more) {
    page.follow = page.next_after;
  } else if (!page.events.empty()) {
    page.follow = page.events.back().id;
  }
  return page;
}

Result<std::optional<EventId>> find_head(Database& database, Inbox& inbox) {
  PendingScan scan(database, inbox, {});
  scan.seek(inbox.head());
  if (auto status = scan.status(); !status) return status.error();
  if (!scan.valid()) return std::optional<EventId>{};
  inbox.raise_head(scan.id());
  return std::optional{scan.id()};
}

}  // namespace triggers::store
