#include "store/rocks/read/page_reader.h"

#include <rocksdb/db.h>
#include <rocksdb/snapshot.h>

#include <algorithm>
#include <memory>

#include "store/rocks/format/event_record.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/slice_view.h"
#include "store/rocks/inbox/pending_scan.h"

namespace triggers::store {
namespace {

using Clock = std::chrono::steady_clock;

/// How many entries a filter passes over between two readings of the clock.
constexpr std::size_t entries_per_clock_check = 1024;
/// Marks of removed entries that the search for the newest entry steps over.
constexpr std::size_t end_marks_max = 2'000;

/// The ids of one page, and how far it has read.
struct Selection {
  std::vector<EventId> ids;
  std::optional<EventId> first_pending;  ///< Wanted or not.
  std::optional<EventId> scanned_to;
  std::size_t passed = 0;  ///< Not wanted.
  bool has_more = false;

  /// The page ends with the first `count` of the ids; `before`: what came before them all.
  void cut_to(std::size_t count, const std::optional<EventId>& before) {
    ids.resize(count);
    scanned_to = ids.empty() ? before : ids.back();
    has_more = true;
  }
};

/// Selects the ids of one page. The page's limit, the time for a filter and the number of removed entries bound its
/// cost, whatever is in the inbox.
class Selector {
 public:
  Selector(Database& database, const InboxState& inbox, const rocksdb::ReadOptions& options, const PageQuery& query,
           const PageLimits& limits)
      : database_(database), inbox_(inbox), options_(options), query_(query), limits_(limits) {}

  Result<Selection> select(const PendingRange& range) {
    PendingScan scan(database_, inbox_, options_, range, limits_.removed_max);
    if (auto taken = take_from(scan); !taken) return taken.error();
    if (selection_.has_more) return std::move(selection_);
    const auto place = scan.gave_up_at();
    if (!place) return place.error();
    if (*place) {
      selection_.scanned_to = range.before(**place);
      selection_.has_more = true;
    }
    return std::move(selection_);
  }

 private:
  Status take_from(PendingScan& scan) {
    for (; scan.valid(); scan.next()) {
      const auto wanted = is_wanted(scan);
      if (!wanted) return wanted.error();
      // At least one entry is looked at, or no page would come further.
      selection_.has_more =
          (scan.tired() && selection_.scanned_to) || (*wanted && selection_.ids.size() == query_.limit);
      if (selection_.has_more) break;
      selection_.scanned_to = scan.id();
      if (!selection_.first_pending) selection_.first_pending = selection_.scanned_to;
      if (*wanted) {
        selection_.ids.push_back(*selection_.scanned_to);
      } else {
        selection_.has_more = ++selection_.passed % entries_per_clock_check == 0 && Clock::now() >= deadline_;
        if (selection_.has_more) break;
      }
    }
    return scan.status();
  }

  [[nodiscard]] Result<bool> is_wanted(const PendingScan& scan) const {
    if (!query_.event_type) return true;
    const auto type = scan.event_type();
    if (!type) return type.error();
    return *type == *query_.event_type;
  }

  Database& database_;
  const InboxState& inbox_;
  const rocksdb::ReadOptions& options_;
  const PageQuery& query_;
  const PageLimits& limits_;
  const Clock::time_point deadline_ = Clock::now() + limits_.filter_time_max;
  Selection selection_;
};

/// The range of a page that continues after `after`.
PendingRange range_of(PageOrder order, const std::optional<EventId>& after, const EventId& head) {
  PendingRange range{.order = order, .first = head};
  if (!after) return range;
  range = range.behind(*after);
  range.first = std::max(range.first, head);
  if (range.end) range.end = std::max(*range.end, head);
  return range;
}

/// Raises the inbox's head to the oldest pending event, which a page from the head has found.
void raise_head(InboxState& inbox, const InboxState::Head& head, const Selection& selection) {
  if (selection.first_pending) {
    inbox.raise_head(*selection.first_pending, head.lowered);
  } else if (selection.has_more && selection.scanned_to) {
    inbox.raise_head(successor(*selection.scanned_to), head.lowered);
  }
}

/// A snapshot, and a head that holds in it.
class HeadAndSnapshot {
 public:
  HeadAndSnapshot(rocksdb::DB& db, const InboxState& inbox) : db_(db), head_(inbox.head()) { take(inbox); }
  HeadAndSnapshot(const HeadAndSnapshot&) = delete;
  HeadAndSnapshot& operator=(const HeadAndSnapshot&) = delete;

  [[nodiscard]] const InboxState::Head& head() const noexcept { return head_; }
  [[nodiscard]] const rocksdb::Snapshot* snapshot() noexcept { return snapshot_->snapshot(); }

 private:
  static constexpr int tries_max = 4;

  void take(const InboxState& inbox) {
    for (int tries = 0; tries != tries_max; ++tries) {
      snapshot_.emplace(&db_);
      const InboxState::Head after = inbox.head();
      if (after.lowered == head_.lowered) return;
      head_ = after;  // An entry that came back may be in the snapshot, before the head that was read first.
    }
    head_ = {.id = {}, .lowered = head_.lowered};
  }

  rocksdb::DB& db_;
  InboxState::Head head_;
  std::optional<rocksdb::ManagedSnapshot> snapshot_;
};

/// The stored records of events, in the order of the page. After bytes_max were read, the status of the remaining ones
/// may be Aborted.
struct Records {
  explicit Records(std::size_t count) : values(count), statuses(count, rocksdb::Status::Aborted()) {}

  std::vector<rocksdb::PinnableSlice> values;
  std::vector<rocksdb::Status> statuses;
};

Records read_records(Database& database, const InboxState& inbox, rocksdb::ReadOptions options,
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
                           records.statuses.data(), /*sorted_input=*/std::ranges::is_sorted(ids));
  }
  // MultiGet reads by ascending key, so in the other order its limit would leave out the newest. It also reads memory
  // first, so it may leave out the oldest, with which a page begins.
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < keys.size() && bytes <= bytes_max; ++i) {
    if (records.statuses[i].IsAborted()) {
      records.values[i].Reset();  // It may hold what MultiGet found and then left out.
      records.statuses[i] = database.db().Get(options, family, keys[i], &records.values[i]);
    }
    bytes += records.values[i].size();
  }
  return records;
}

/// What load_events() has read so far, of one page or of several selections for it.
struct Loaded {
  std::optional<EventId> scanned_to{};  ///< By the selections before.
  std::size_t bytes = 0;
  std::size_t missing = 0;  ///< Entries of the last selection whose event is not there.
  bool full = false;        ///< The rest would be too large.
};

/// An event that is not there is lost for good, so its entry must not keep the others of the inbox from their readers.
/// It is noted as damage.
Status load_events(Database& database, const InboxState& inbox, const rocksdb::ReadOptions& options, PageOrder order,
                   Selection& selection, const PageLimits& limits, Loaded& loaded, Page& page) {
  const Records records = read_records(database, inbox, options, selection.ids, order, limits.bytes_max);
  loaded.missing = 0;
  for (std::size_t i = 0; i < selection.ids.size(); ++i) {
    const rocksdb::Status& status = records.statuses[i];
    if (status.IsAborted() && i > 0) {
      selection.cut_to(i, loaded.scanned_to);
      loaded.full = true;
      break;
    }
    const auto record = status.ok() ? decode_record(view(records.values[i])) : std::nullopt;
    if (!record) {
      auto error = database.unreadable("the event " + selection.ids[i].text() + " of " + inbox.tenant() + ": " +
                                       (status.IsNotFound() ? "it is in the inbox only" : status.ToString()));
      if (!status.IsNotFound()) return error;
      ++loaded.missing;
      continue;
    }
    const std::size_t event_bytes = record->payload.size() + record->metadata.size();
    if (!page.events.empty() && loaded.bytes + event_bytes > limits.bytes_max) {
      selection.cut_to(i, loaded.scanned_to);
      loaded.full = true;
      break;
    }
    loaded.bytes += event_bytes;
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
Result<std::uint64_t> count_at(Database& database, const InboxState& inbox, const rocksdb::ReadOptions& options) {
  rocksdb::PinnableSlice value;
  const auto status = database.db().Get(options, database.family(Family::meta), inbox.meta_key(), &value);
  if (status.IsNotFound()) return std::uint64_t{0};
  if (!status.ok()) return database.unreadable("the counters of " + inbox.tenant() + ": " + status.ToString());
  const auto count = InboxState::decode_count(view(value));
  if (!count) return database.unreadable("the counters of " + inbox.tenant());
  return *count;
}

/// Selects and loads the events of a page. After events that are not there, selects again, so that a page that begins
/// with such ones is not empty. The time for a filter bounds that too.
Result<Selection> fill(Database& database, InboxState& inbox, const rocksdb::ReadOptions& options, PageQuery query,
                       const std::optional<EventId>& after, const InboxState::Head& head, const PageLimits& limits,
                       Page& page) {
  const std::size_t limit = query.limit;
  const auto deadline = Clock::now() + limits.filter_time_max;
  PendingRange range = range_of(query.order, after, head.id);
  for (Loaded loaded;;) {
    auto selection = Selector(database, inbox, options, query, limits).select(range);
    if (!selection) return selection;
    if (query.order == PageOrder::oldest_first && range.first == head.id) raise_head(inbox, head, *selection);
    auto done = load_events(database, inbox, options, query.order, *selection, limits, loaded, page);
    if (!done) return done.error();
    if (!selection->scanned_to) selection->scanned_to = loaded.scanned_to;
    loaded.scanned_to = selection->scanned_to;
    const bool wants_more = loaded.missing > 0 && selection->has_more && !loaded.full && page.events.size() < limit;
    if (!wants_more || Clock::now() >= deadline) return selection;
    query.limit = limit - page.events.size();
    range = range_of(query.order, loaded.scanned_to, head.id);
  }
}

}  // namespace

Result<Page> read_page(Database& database, InboxState& inbox, const PageQuery& query, const PageLimits& limits,
                       const ReadAlso& also) {
  std::optional<EventId> after;
  if (query.after) {
    after = id_of(*query.after);
    if (!after) return foreign_continuation();
  }
  Page page;
  page.memory = FairBudget::Share(query.memory, inbox.tenant());
  HeadAndSnapshot snapshot(database.db(), inbox);
  rocksdb::ReadOptions options;
  options.snapshot = snapshot.snapshot();
  const auto count = count_at(database, inbox, options);
  if (!count) return count.error();
  page.total_unacknowledged = *count;
  page.next_after = query.after;
  // Behind what was acknowledged there may be many entries to step over, and none to find.
  if (*count == 0) return page;

  auto selection = fill(database, inbox, options, query, after, snapshot.head(), limits, page);
  if (!selection) return std::move(selection).error();
  if (also) {
    if (auto read = also(options, page); !read) return read.error();
  }
  page.has_more = selection->has_more;
  const bool first_and_empty = !query.after && page.events.empty() && !page.has_more;
  if (selection->scanned_to && !first_and_empty) page.next_after = continue_after(*selection->scanned_to);
  return page;
}

Result<std::optional<EventId>> find_head(Database& database, InboxState& inbox) {
  const InboxState::Head head = inbox.head();
  PendingScan scan(database, inbox, {}, {.first = head.id}, 0);
  if (auto status = scan.status(); !status) return status.error();
  if (!scan.valid()) return std::optional<EventId>{};
  inbox.raise_head(scan.id(), head.lowered);
  return std::optional{scan.id()};
}

Result<std::optional<EventId>> find_end(Database& database, const InboxState& inbox) {
  PendingScan scan(database, inbox, {}, {.order = PageOrder::newest_first, .first = inbox.head().id}, end_marks_max);
  if (scan.valid()) return std::optional{scan.id()};
  // Nothing is pending behind the place where it gave up.
  if (const auto place = scan.gave_up_at(); !place || *place) return place;
  if (auto status = scan.status(); !status) return status.error();
  return std::optional<EventId>{};
}

Result<std::optional<EventId>> find_oldest_available(Database& database, const InboxState& inbox,
                                                     const InboxState::View& view) {
  // Entries that were never leased are all newer.
  if (view.oldest_back || view.counts.available == 0) return view.oldest_back;
  PendingScan scan(database, inbox, {}, {.first = std::max(inbox.head().id, successor(view.fresh_after))}, 0);
  if (auto status = scan.status(); !status) return status.error();
  return scan.valid() ? std::optional{scan.id()} : std::nullopt;
}

}  // namespace triggers::store
