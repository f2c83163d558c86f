#pragma once

// What an engine stores of an inbox besides its entries, and its stored form. What a change of settings does to it is
// decided in inbox_changes.h; the settings themselves are in inbox/settings.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "inbox/inbox_name.h"
#include "inbox/settings.h"

namespace triggers::store {

using inbox::InboxName;

/// Identifies one state of an inbox's settings: the ETag of the API is made of it.
struct InboxTag {
  std::uint64_t number = 0, revision = 0;
  bool operator==(const InboxTag&) const = default;
};

struct InboxRecord {
  InboxName name{};
  inbox::Settings settings{};
  /// Never given twice in a store, so that an inbox that is made again is another one. 0: `default`. Keys of entries
  /// have it instead of the name.
  std::uint64_t number = 0;
  /// Every change increments it. 0: `default`, which was never changed and is not stored.
  std::uint64_t revision = 0;
  UnixMillis created_at{};  ///< 0: `default`, which is as old as its tenant.
  UnixMillis updated_at{};  ///< Of the settings. 0: never.

  [[nodiscard]] InboxTag tag() const noexcept { return {number, revision}; }
  bool operator==(const InboxRecord&) const = default;
};

/// The stored form: versioned JSON, with the settings under the API's names.
[[nodiscard]] std::string encode_inbox(const InboxRecord& record);
/// Takes any bytes. `internal` if they are no record, or have a member that this version does not know.
[[nodiscard]] Result<InboxRecord> decode_inbox(std::string_view bytes);

}  // namespace triggers::store
