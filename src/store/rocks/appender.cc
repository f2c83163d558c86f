#include "store/rocks/appender.h"

#include <rocksdb/slice.h>

#include <memory>
#include <utility>

#include "store/rocks/format/event_record.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/slice_view.h"

namespace triggers::store {
namespace {

/// How much text of an undecided batch is hashed in one turn. One larger event is a turn of its own.
constexpr std::size_t digests_bytes_a_turn = 256 * 1024;

/// The memory of an append that has been routed.
void count_bytes(Operation& operation) {
  operation.bytes = 0;
  for (std::size_t i = 0; i < operation.events.size(); ++i) {
    operation.bytes += append_bytes(operation.events[i]);
    if (i >= operation.part_begin) operation.bytes += operation.entries_bytes(i);
  }
}

/// A failure becomes the result of the events that had none yet: those from `begin` on.
void refuse_rest(Operation& operation, std::size_t begin, const Error& error) {
  if (begin == 0) {
    operation.error = error;
    return;
  }
  for (std::size_t i = begin; i < operation.size(); ++i) operation.appended[i] = error;
  operation.error.reset();
}

/// Computes the digest of the event at which the committer stopped, and of those after it up to a limit, because they
/// most likely need theirs.
void make_digests(Operation& operation) {
  if (operation.digest_of(operation.part_begin)) return;
  operation.digests = std::make_unique<MadeDigests>();
  operation.digests->begin = operation.part_begin;
  auto& made = operation.digests->of_events;
  std::size_t bytes = 0;
  for (const IncomingEvent& event : operation.events.subspan(operation.part_begin)) {
    bytes += event.payload.size();
    if (!made.empty() && bytes > digests_bytes_a_turn) return;
    made.push_back(content_digest(event.event_type, event.payload));
  }
}

}  // namespace

Task<Result<Appended>> Appender::append(const Tenant& tenant, IncomingEvent event) {
  Result<Appended> answer{Appended{}};
  Operation operation;
  operation.tenant = &tenant;
  operation.events = {&event, 1};
  operation.appended = {&answer, 1};
  operation.bytes = append_bytes(event);
  if (router_.idle()) {
    co_await queue_.submit(operation);
  } else {
    co_await route_and_submit(operation);
  }
  while (operation.undecided) co_await submit_again(operation);
  if (operation.error) co_return std::move(*operation.error);
  co_return answer;
}

Task<std::vector<Result<Appended>>> Appender::append_batch(const Tenant& tenant, std::vector<IncomingEvent> events) {
  std::vector<Result<Appended>> answers(events.size(), Appended{});
  Operation operation;
  operation.tenant = &tenant;
  operation.events = events;
  operation.appended = answers;
  for (const IncomingEvent& event : events) operation.bytes += append_bytes(event);
  if (!events.empty()) co_await route_and_submit(operation);
  while (operation.undecided) co_await submit_again(operation);
  if (operation.error) co_return std::vector<Result<Appended>>(events.size(), *operation.error);
  co_return answers;
}

Task<void> Appender::route_and_submit(Operation& operation) {
  if (!router_.idle()) {
    const auto routed = co_await router_.route(operation);
    if (!routed) {
      operation.error = routed.error();
      co_return;
    }
    count_bytes(operation);
  }
  co_await queue_.submit(operation);
}

Task<void> Appender::submit_again(Operation& operation) {
  const Undecided undecided = *std::exchange(operation.undecided, std::nullopt);
  // Now: a commit that fails moves the part forward.
  const std::size_t begin = operation.part_begin;
  if (undecided.unrouted) {
    co_await route_and_submit(operation);
  } else {
    auto made = searches_.run(operation.tenant->id, [&]() -> Result<Done> {
      make_digests(operation);
      if (undecided.against) {
        operation.digests->of_stored = digest_of_stored(*operation.tenant, *undecided.against);
      }
      return Done{};
    });
    const auto done = co_await made;
    if (done) {
      co_await queue_.submit(operation);
    } else {
      operation.error = done.error();
    }
  }
  if (operation.error) refuse_rest(operation, begin, Error(*operation.error));
}

std::optional<MadeDigests::Stored> Appender::digest_of_stored(const Tenant& tenant, const EventId& id) {
  rocksdb::PinnableSlice stored;
  const auto found = database_.get(Family::events, layout::event_key(tenant.id, id), stored);
  if (!found || !*found) return std::nullopt;
  const auto record = decode_record(view(stored));
  if (!record) return std::nullopt;
  return MadeDigests::Stored{id, content_digest(record->event_type, record->payload)};
}

}  // namespace triggers::store
