#pragma once

// The engine for tests: the contracts of store/ in their simplest form. No program contains it.

#include <memory>
#include <string>

#include "store/event_log.h"
#include "store/inbox_store.h"
#include "store/memory/memory_config.h"
#include "store/memory/memory_keys.h"
#include "store/status.h"

namespace triggers::store {

/// The contracts in their simplest form, for tests: one lock, ordered maps, nothing durable. Answers without
/// suspending.
class MemoryStore : public EventLog, public InboxStore, public MemoryKeys, public StoreStatus {
 public:
  static std::unique_ptr<MemoryStore> create(MemoryConfig config);
  /// Removes at most `events_max` events past their time to live; returns how many.
  virtual std::size_t sweep(std::size_t events_max) = 0;
  /// Records everywhere what time has done. Each call does so only for the inbox that it is about.
  virtual void settle() = 0;
  /// Answers writes with `unavailable` from now on, as an engine with a failed disk does.
  virtual void fail_writes(std::string problem) = 0;
  /// Answers has_room() with this from now on. Appends do not ask for it.
  virtual void set_has_room(bool has_room) = 0;
};

}  // namespace triggers::store
