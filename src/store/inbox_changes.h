#pragma once

// What a change of an inbox's settings does, for all engines: pure decisions about records. An engine reads the
// records of the tenant, decides here, and stores the result in one atomic step.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "base/result.h"
#include "store/inbox_record.h"
#include "store/routes.h"

namespace triggers::store {

/// Changes settings in place; an Error leaves them as they were. May be called more than once.
using SettingsChange = std::function<Status(inbox::Settings&)>;

/// The answer to a change of settings.
struct PutInbox {
  enum class Outcome : std::uint8_t {
    created,
    replaced,  ///< Also if the settings were the same already: then nothing changed, the revision neither.
    no_match,  ///< The settings are not those that the caller named. Nothing changed.
    too_many,  ///< The tenant has inboxes_per_tenant_max inboxes. Nothing changed.
  };
  Outcome outcome = Outcome::created;
  InboxRecord inbox{};  ///< As it is now. Of `no_match` and `too_many` without such an inbox: only its name.
};

/// The records of a tenant's inboxes. `default` is always among them.
using InboxRecords = std::map<InboxName, InboxRecord>;

/// A change that was decided and not stored yet.
struct InboxChange {
  PutInbox answer;
  /// The routes with the change: over all records, in the order of their names. Nothing: there is nothing to store.
  std::optional<Routes> routes{};
};

/// Makes an inbox, or replaces its settings. `if_match`: only if the inbox exists and has this tag. `number`: of a new
/// inbox. Error: `invalid_argument` for settings with a fault, or whose filter does not fit beside those of the
/// tenant's other inboxes.
[[nodiscard]] Result<InboxChange> put_inbox(const InboxRecords& records, const InboxName& name,
                                            const inbox::Settings& settings, const std::optional<InboxTag>& if_match,
                                            std::uint64_t number, UnixMillis now);

/// Changes some settings. Errors: `not_found`, that of `change`, and those of put_inbox().
[[nodiscard]] Result<InboxChange> change_inbox(const InboxRecords& records, const InboxName& name,
                                               const SettingsChange& change, const std::optional<InboxTag>& if_match,
                                               UnixMillis now);

/// Whether the inbox may be removed. False: its settings are not those that the caller named. Errors: `not_found`;
/// `invalid_argument` for `default`.
[[nodiscard]] Result<bool> may_remove_inbox(const InboxRecords& records, const InboxName& name,
                                            const std::optional<InboxTag>& if_match);

[[nodiscard]] Error no_such_inbox(const InboxName& name);

}  // namespace triggers::store
