#pragma once

// Whether a key may be used at all (its status, expiry and secrets), and what it may do (its role, event types and
// inboxes). Finding the key of a request and refusing it is api/admission.

#include <cstdint>
#include <string_view>

#include "auth/key.h"
#include "base/clock.h"

namespace triggers::auth {

/// Why a key that exists may not be used. The response to the client has these names.
enum class Denial : std::uint8_t {
  none,            ///< It may.
  inactive,        ///< Switched off by an operator, who can switch it on again.
  revoked,         ///< For ever.
  expired,         ///< The key's `expires_at` has come.
  secret_expired,  ///< The key is still valid, but this secret was rotated out and its grace period is over.
};

/// `inactive`, …; empty for none.
[[nodiscard]] std::string_view denial_name(Denial denial) noexcept;

/// Whether `record`, which was found by `presented`, may be used at `now`. A key that expires at noon is expired at
/// noon exactly. A hash that the record no longer holds is secret_expired. Any thread.
[[nodiscard]] Denial denial_of(const KeyRecord& record, const KeyHash& presented, UnixMillis now) noexcept;

enum class Action : std::uint8_t {
  read,     ///< The inbox, an event.
  send,     ///< Events.
  consume,  ///< Leasing, acknowledging and the other changes of entries.
  manage_inboxes,
  manage_keys,  ///< Of the key's own tenant; of others only with KeyRecord::all_tenants.
};

/// A viewer reads; a creator also sends and consumes; an admin does everything.
[[nodiscard]] bool allows(Role role, Action action) noexcept;

/// Whether the key's event types let it send `event_type`: the list is empty, or has an entry that equals the type, or
/// one that ends in `*` and whose rest the type starts with (`order.*` takes `order.paid`, and `*` takes all). Case
/// counts. A `*` elsewhere is an ordinary character.
[[nodiscard]] bool may_send_type(const KeyRecord& record, std::string_view event_type) noexcept;

/// Whether the key's list of inboxes is empty or has this name.
[[nodiscard]] bool may_use_inbox(const KeyRecord& record, std::string_view name) noexcept;

}  // namespace triggers::auth
