#pragma once

// The inboxes of a tenant, as a node knows them. How it gets to know them is in settings_directory.h.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "store/inbox_changes.h"
#include "store/routes.h"

namespace triggers::store::dynamo {

/// Immutable; any thread.
struct TenantInboxes {
  std::uint64_t version = 0;  ///< Each change increments it. 0: the tenant is plain.
  UnixMillis managed_since{};
  InboxRecords records{};
  std::optional<Routes> routes{};        ///< Nothing: the tenant is plain.
  std::vector<std::uint64_t> numbers{};  ///< Of the inboxes, by their position in the routes.

  [[nodiscard]] bool managed() const noexcept { return version > 0; }
  /// Null: there is no such inbox.
  [[nodiscard]] const InboxRecord* find(const InboxName& name) const {
    const auto found = records.find(name);
    return found == records.end() ? nullptr : &found->second;
  }
  /// About how much memory it takes.
  [[nodiscard]] std::size_t bytes() const {
    constexpr std::size_t of_a_record = 512;
    std::size_t sum = sizeof(TenantInboxes) + (routes ? routes->memory_bytes() : 0);
    for (const auto& [name, record] : records) {
      sum += of_a_record + record.settings.description.size() + record.settings.filter.size();
    }
    return sum;
  }
};

}  // namespace triggers::store::dynamo
