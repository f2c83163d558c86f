#pragma once

// The body of GET /inboxes/{name}/stream: Server-Sent Events (HTML Standard, section 9.2) about the entries of an
// inbox. The request is checked in stream_entries.cc; how the pieces reach the client is in http/wire/streamed_body.h.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/exchange/exchange.h"
#include "http/wire/caller.h"
#include "http/wire/streamed_body.h"
#include "store/entry_arrivals.h"
#include "store/inbox_store.h"

namespace triggers::api {

/// Sends each entry that comes behind a place, or the inbox's counts each time entries have become available. It ends
/// when the client leaves, the server stops, the inbox is removed, or the key may no longer read it.
class EntryStream final : public http::StreamedBody {
 public:
  struct Asked {
    store::EntryQuery query{};  ///< Its `after` is where the stream begins. Not used for counts.
    bool counts = false;
    std::shared_ptr<store::InboxWaiters> arrivals{};  ///< Was there before `after` was looked for.
    FairCount::Place place{};
  };
  /// What `exchange` refers to outlives this; the exchange itself need not.
  EntryStream(const Inboxes& inboxes, const Exchange& exchange, Asked asked);

  Task<bool> send(http::BodyWriter& writer) override;

 private:
  using TimePoint = http::Caller::TimePoint;

  [[nodiscard]] Task<bool> admitted() const;
  // Each of these is false if the stream ends.
  Task<bool> send_new(http::BodyWriter& writer);
  Task<bool> send_entries(http::BodyWriter& writer);
  Task<bool> send_counts(http::BodyWriter& writer);
  Task<bool> send_comment(http::BodyWriter& writer);
  Task<bool> send_piece(http::BodyWriter& writer, std::string piece);
  Task<bool> wait(http::BodyWriter& writer);
  /// After a failed read: a store that is busy is asked again.
  Task<bool> may_try_again(Error error);

  [[nodiscard]] std::string place_field() const;
  [[nodiscard]] std::string text_of(const store::EntryPage& page) const;
  Task<std::string> make_text(store::EntryPage& page) const;

  const Inboxes& inboxes_;
  const http::Request& request_;
  const AccessRule access_;
  const std::shared_ptr<const ActiveKey> key_;
  Asked asked_;
  store::Waiter waiter_;
  std::uint64_t version_ = 0;
  TimePoint sent_at_{};
  bool looks_at_once_ = false;              ///< There is more, or the last look has failed: it does not wait.
  std::optional<std::uint64_t> signalled_;  ///< The version of which the last counts were sent.
  std::string sent_place_;                  ///< The last field `id`.
};

}  // namespace triggers::api
