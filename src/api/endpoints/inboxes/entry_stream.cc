#include "api/endpoints/inboxes/entry_stream.h"

#include <algorithm>
#include <utility>

#include "api/admission/still_admitted.h"
#include "api/endpoints/inbox/cursor.h"
#include "api/endpoints/inboxes/entry_json.h"
#include "api/endpoints/inboxes/entry_wait.h"
#include "api/endpoints/inboxes/inbox_json.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"

namespace triggers::api {
namespace {

using std::chrono::steady_clock;

/// A proxy may close a connection on which nothing is sent for half a minute.
constexpr std::chrono::seconds comment_interval{15};
/// Between two messages with counts. In a busy inbox they change with every commit.
constexpr std::chrono::milliseconds counts_interval{250};
constexpr std::chrono::seconds retry_interval{1};
/// How long a client that lost its stream waits before it asks again.
constexpr std::string_view retry_field = "retry: 1000\n";

/// A line break would end the field. In JSON it can only be a blank between two tokens.
void remove_line_breaks(std::string& text, std::size_t begin) {
  std::replace_if(
      text.begin() + static_cast<std::ptrdiff_t>(begin), text.end(), [](char c) { return c == '\n' || c == '\r'; },
      ' ');
}

}  // namespace

EntryStream::EntryStream(const Inboxes& inboxes, const Exchange& exchange, Asked asked)
    : StreamedBody(response_share(inboxes.answers, exchange)),
      inboxes_(inboxes),
      request_(exchange.request),
      access_(exchange.route.access),
      key_(exchange.key),
      asked_(std::move(asked)),
      waiter_(inboxes.store->waiters(), *asked_.arrivals, key_->tenant.id, store::Waiter::looker()) {}

Task<bool> EntryStream::admitted() const {
  return still_admitted(inboxes_.admission, request_, access_, asked_.query.inbox);
}

Task<bool> EntryStream::send(http::BodyWriter& writer) {
  std::string opening(retry_field);
  if (!asked_.counts) {
    sent_place_ = place_field();
    opening += sent_place_;
  }
  bool open = co_await send_piece(writer, opening + '\n');
  while (open) {
    version_ = asked_.arrivals->version_for_lookers();
    looks_at_once_ = false;
    open = co_await send_new(writer);
    if (open && !looks_at_once_) open = co_await wait(writer);
  }
  // A stream has no end of its own, so nothing is missing.
  co_return true;
}

Task<bool> EntryStream::send_new(http::BodyWriter& writer) {
  return asked_.counts ? send_counts(writer) : send_entries(writer);
}

Task<bool> EntryStream::send_entries(http::BodyWriter& writer) {
  auto page = co_await inboxes_.store->entries(key_->tenant, asked_.query);
  if (!page) co_return co_await may_try_again(page.error());
  // After the read: a key that was revoked before the events came does not see them.
  const bool may = co_await admitted();
  if (!may) co_return false;
  if (page->next_after) asked_.query.after = page->next_after;
  looks_at_once_ = page->has_more;
  if (page->entries.empty()) co_return true;
  std::string text = co_await make_text(*page);
  sent_place_ = place_field();
  text += sent_place_;
  text += '\n';
  const bool open = co_await send_piece(writer, std::move(text));
  waiter_.served();
  co_return open;
}

/// Also frees the events.
Task<std::string> EntryStream::make_text(store::EntryPage& page) const {
  std::size_t bytes = 0;
  for (const auto& entry : page.entries) bytes += entry_bytes(entry);
  auto make = [&] {
    std::string text = text_of(page);
    page = {};
    return text;
  };
  if (makes_on_loop(inboxes_.parsers, bytes)) co_return make();
  auto made = inboxes_.parsers->run(key_->tenant.id, std::move(make));
  co_return co_await made;
}

/// The last event is not ended yet: the place behind the page is its id.
std::string EntryStream::text_of(const store::EntryPage& page) const {
  std::string text;
  for (const auto& entry : page.entries) {
    if (!text.empty()) text += '\n';
    text += "data: ";
    const std::size_t begin = text.size();
    append_entry(text, entry);
    remove_line_breaks(text, begin);
    text += '\n';
  }
  return text;
}

/// Whatever the counts are: they may be those of before, although entries have come back meanwhile.
Task<bool> EntryStream::send_counts(http::BodyWriter& writer) {
  if (signalled_ == version_) co_return true;
  const auto view = co_await inboxes_.store->inbox(key_->tenant, asked_.query.inbox);
  if (!view) co_return co_await may_try_again(view.error());
  const bool may = co_await admitted();
  if (!may) co_return false;
  const bool first = !signalled_;
  signalled_ = version_;
  std::string text = "event: counts\ndata: ";
  append_counts(text, view->counts);
  text += "\n\n";
  bool open = co_await send_piece(writer, std::move(text));
  waiter_.served();
  if (open && !first) open = co_await pause_until(request_, steady_clock::now() + counts_interval);
  co_return open;
}

Task<bool> EntryStream::send_piece(http::BodyWriter& writer, std::string piece) {
  const bool open = co_await writer.write(std::move(piece));
  sent_at_ = steady_clock::now();
  co_return open;
}

/// With the place, if it has moved: a search for an event type may have passed many others.
Task<bool> EntryStream::send_comment(http::BodyWriter& writer) {
  std::string text = ":\n";
  if (!asked_.counts) {
    if (std::string place = place_field(); place != sent_place_) {
      text += place;
      sent_place_ = std::move(place);
    }
  }
  text += '\n';
  co_return co_await send_piece(writer, std::move(text));
}

Task<bool> EntryStream::wait(http::BodyWriter& writer) {
  std::optional<http::CallerWatch> client(std::in_place, request_, sent_at_ + comment_interval);
  const auto woken = co_await waiter_.wait(version_, client->cancellation());
  client.reset();
  if (!woken) {
    // All places to wait are taken: the stream looks every second instead.
    const bool open = co_await pause_until(request_, steady_clock::now() + retry_interval);
    co_return open && !waiter_.removed();
  }
  // The version of a removed inbox stays the same, so a stream of counts would not look, and no wait would stop it.
  if (*woken == store::Wake::event) co_return !waiter_.removed();
  if (*woken != store::Wake::timeout) co_return false;
  const bool may = co_await admitted();
  if (!may) co_return false;
  co_return co_await send_comment(writer);
}

Task<bool> EntryStream::may_try_again(Error error) {
  looks_at_once_ = true;
  const bool busy = error.code == ErrorCode::overloaded || error.code == ErrorCode::share_used;
  if (!busy) co_return false;
  co_return co_await pause_until(request_, steady_clock::now() + retry_interval);
}

std::string EntryStream::place_field() const {
  if (!asked_.query.after) return {};
  const auto scope = entry_scope(key_->tenant.id, asked_.query);
  return "id: " + encode_cursor(inboxes_.cursor_secret, scope, *asked_.query.after) + '\n';
}

}  // namespace triggers::api
