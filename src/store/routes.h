#pragma once

// Which inboxes of a tenant take an event, for all engines. The language of filters is in filter/filter.h.

#include <bitset>
#include <memory>
#include <vector>

#include "base/result.h"
#include "filter/filter.h"
#include "inbox/bounds.h"
#include "store/event_log.h"
#include "store/inbox_record.h"

namespace triggers::store {

/// One bit for each inbox, by its position in the list that the routes were made from.
using Takers = std::bitset<inbox::inboxes_per_tenant_max>;

/// The inboxes of one tenant, with their filters compiled to be evaluated together. Immutable; copies share everything.
/// Any thread.
class Routes {
 public:
  /// At most inboxes_per_tenant_max records, whose settings have no fault. Error: `too_large` if the filters have too
  /// many conditions together; the message counts the filters of collecting inboxes in their order.
  static Result<Routes> make(const std::vector<InboxRecord>& inboxes);

  /// The inboxes that collect and whose filter matches. Reads the event only if a collecting inbox has a filter. Error:
  /// `invalid_argument` if the payload or the metadata is not a JSON object.
  [[nodiscard]] Result<Takers> takers(const filter::Event& event) const;

  /// About how many steps takers() takes at worst for events of so many bytes: 0 if no collecting inbox has a filter.
  [[nodiscard]] std::size_t steps_at_worst(std::size_t bytes) const noexcept;
  /// About how much memory the routes take.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  struct State;
  explicit Routes(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  std::shared_ptr<const State> state_;
};

[[nodiscard]] inline filter::Event filtered(const IncomingEvent& event) {
  return {event.event_type, event.source, event.payload, event.metadata};
}
[[nodiscard]] inline filter::Event filtered(const StoredEvent& event) {
  return {event.event_type, event.source, event.payload, event.metadata};
}

}  // namespace triggers::store
