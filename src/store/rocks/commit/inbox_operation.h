#pragma once

// Writes about whole inboxes and about what has left all of them: the parts of an Operation that only they need.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "event/event.h"
#include "store/rocks/inbox/roster.h"

namespace triggers::store {

/// A change of one inbox's settings, decided on the settings as they were with the roster `before`.
struct SettingsOperation {
  std::shared_ptr<const Roster> before{};
  std::shared_ptr<const Roster> after{};  ///< Null: only `default`, unchanged.
  std::string key{};                      ///< Of the settings.
  std::optional<std::string> value{};     ///< Nothing: they are removed.
  std::uint64_t new_number = 0;           ///< Of an inbox that is made.
  std::shared_ptr<InboxState> removed{};  ///< Set: this inbox begins to leave.
  bool outdated = false;  ///< The answer: the tenant's inboxes are not those of `before`, and nothing has changed.
};

/// Entries that leave an inbox without a consumer.
struct LeaveOperation {
  std::shared_ptr<InboxState> inbox{};
  std::vector<EventId> ids{};
  /// The inbox was removed, and has no undelivered entries left. There are no ids: its dead entries leave, some at a
  /// time, and then what is stored of the inbox.
  bool forget = false;
  std::size_t left = 0;    ///< The answer: entries that have left.
  bool forgotten = false;  ///< The answer: nothing is left of the inbox.
};

/// An event that may have outlived its time.
struct DueEvent {
  std::string expiry_key{};
  /// It is in `default` all the same, so the expiry entry is wrong.
  bool in_default = false;
  std::uint64_t bytes = 0;    ///< As stored_bytes(); 0 if they are not counted, or the event is gone.
  bool acknowledged = false;  ///< Only looked at if it is in `default`: then that is wrong, too.
};

/// Events that may have outlived their time.
struct SweepOperation {
  std::vector<DueEvent> events{};
  std::size_t removed = 0;  ///< The answer: events that were removed.
};

}  // namespace triggers::store
