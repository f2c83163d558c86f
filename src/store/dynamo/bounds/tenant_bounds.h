#pragma once

// The limits of what one tenant has stored, kept by counts that nodes write anyway. Why they are not exact, and by how
// much they may be passed: docs/decisions/0033.

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/single_flight.h"
#include "store/dynamo/bounds/stored_bytes.h"
#include "store/dynamo/events/admission.h"
#include "store/dynamo/inbox/entry_counts.h"
#include "store/dynamo/inbox/tracked_room.h"
#include "store/dynamo/settings/settings_directory.h"
#include "store/storage_limits.h"

namespace triggers::store::dynamo {

/// Compares what this node knows of a tenant with its limits. Its own events and leases count at once, those of other
/// nodes when it reads the counts again: look_every_near after it read them last, or look_every_far while less than
/// half of the limit is used. Without limits it makes no call. Any thread.
class TenantBounds final : public Admission, public TrackedRoom {
 public:
  static constexpr std::chrono::milliseconds look_every_near{1'000};
  static constexpr std::chrono::milliseconds look_every_far{30'000};
  /// In memory; past it, those that have not been asked for within look_every_far are forgotten.
  static constexpr std::size_t tenants_max = 20'000;

  /// All outlive it. `undelivered`, `entries`: the counts of all inboxes.
  TenantBounds(Table& table, Counts& undelivered, EntryCounts& entries, SettingsDirectory& settings, const Clock& clock,
               TenantLimits limits, std::chrono::hours event_ttl);

  Task<Result<Answer>> admit(const Tenant& tenant, std::size_t entries, std::uint64_t bytes) override;
  Task<Result<std::uint64_t>> tracked_room(const Tenant& tenant) override;

  /// Counts that must be written regularly, as those of inboxes.
  [[nodiscard]] Counts& counts() noexcept { return bytes_.counts(); }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Known = SettingsDirectory::Known;
  enum class Figure : std::uint8_t { bytes, undelivered, tracked };
  static constexpr std::size_t figure_count = 3;
  struct Tally;
  class Taken;

  std::shared_ptr<Tally> tally_of(const Tenant& tenant);
  /// What the tenant has, without what is under way. Reads it if it is too old.
  Task<Result<std::uint64_t>> used(const Tenant& tenant, Tally& tally, const Known& inboxes, Figure figure);
  Task<Status> read(const Tenant& tenant, Tally& tally, const Known& inboxes, Figure figure);
  /// `older_bytes`: Tally::older_bytes.
  [[nodiscard]] std::uint64_t known(const Tenant& tenant, std::uint64_t older_bytes, const Known& inboxes,
                                    Figure figure) const;
  Answer take(const Tenant& tenant, const std::shared_ptr<Tally>& tally, const Known& inboxes, std::size_t entries,
              std::uint64_t bytes);
  [[nodiscard]] std::uint64_t limit(Figure figure) const;

  Counts& undelivered_;
  EntryCounts& entries_;
  SettingsDirectory& settings_;
  const Clock& clock_;
  const TenantLimits limits_;
  StoredBytes bytes_;
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<Tally>> tallies_ GUARDED_BY(mutex_);
};

}  // namespace triggers::store::dynamo
