#pragma once

// What the store has promised to the clients of a crash test, and the check that it holds. The crashes are in
// crash_test.cc.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "store/default_inbox.h"
#include "store/event_log.h"

namespace triggers::store {

/// What the clients of a store were told, and what a store must therefore hold. Any thread.
class Ledger {
 public:
  /// The number of an event that is about to be sent.
  std::size_t send();
  void accepted(std::size_t number, const EventId& id);
  /// Before an acknowledgement is sent, and once it was answered.
  void acknowledging(std::size_t number);
  void acknowledged(std::size_t number);
  [[nodiscard]] std::size_t accepted_count() const;

  static std::string payload(std::size_t number);

  /// Compares with the contents of a store, and returns what is wrong. An operation of unknown outcome counts as found.
  std::vector<std::string> check(EventLog& log, DefaultInbox& inbox, const Tenant& tenant);

 private:
  enum class Acknowledgement { none, sent, answered };
  struct Entry {
    std::optional<EventId> id;  ///< Set once it was answered.
    Acknowledgement acknowledgement = Acknowledgement::none;
  };
  using Pending = std::map<std::size_t, EventId>;

  std::optional<Pending> read_inbox(DefaultInbox& inbox, const Tenant& tenant, std::vector<std::string>& wrong) const
      REQUIRES(mutex_);
  static void check_entry(EventLog& log, const Tenant& tenant, std::size_t number, const Entry& entry,
                          std::optional<EventId> pending, std::vector<std::string>& wrong);

  mutable Mutex mutex_;
  std::size_t next_ GUARDED_BY(mutex_) = 0;
  std::map<std::size_t, Entry> entries_ GUARDED_BY(mutex_);
};

}  // namespace triggers::store
