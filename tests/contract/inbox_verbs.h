#pragma once

// The fixture of the suites about inboxes: a blocking verb for each call of an InboxStore. The verbs that every engine
// has are in store_contract.h.

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "contract/store_contract.h"

namespace triggers::store::contract {

using Results = std::vector<EntryResult>;

/// Every verb blocks until the engine has answered. One that returns a plain value fails the test when the engine
/// answers an error.
class InboxVerbs : public StoreContract {
 protected:
  InboxEngine& inbox_engine() { return dynamic_cast<InboxEngine&>(engine()); }
  InboxStore& inboxes() { return inbox_engine().inboxes(); }
  void settle() { inbox_engine().settle(); }
  /// Lets time pass, and what is due then happen.
  void pass(std::chrono::milliseconds time);

  // Settings.
  PutInbox put(const InboxName& name, const inbox::Settings& settings = {}, std::optional<InboxTag> if_match = {});
  InboxView view(const InboxName& name = {});
  inbox::Counts counts(const InboxName& name = {}) { return view(name).counts; }
  bool remove(const InboxName& name, std::optional<InboxTag> if_match = {});

  // Entries.
  /// Follows the pages to the end.
  std::vector<InboxEntry> entries(const InboxName& of = {}, std::optional<EntryState> state = {},
                                  std::size_t page_limit = 2);
  Leased lease(std::size_t limit, const InboxName& from = {});
  Leased lease(LeaseRequest request);
  Results acknowledge_by(const Leased& lease, std::optional<std::vector<EventId>> ids = {}, const InboxName& in = {});
  Results acknowledge_in(const InboxName& inbox, std::vector<EventId> ids);
  Results release(const Leased& lease, std::chrono::seconds delay = {}, std::optional<std::string> error = {},
                  std::optional<std::vector<EventId>> ids = {}, const InboxName& in = {});
  Extended extend(const Leased& lease, std::chrono::seconds duration, std::optional<std::vector<EventId>> ids = {});

  // Dead entries. The inbox is `default`.
  Results requeue(std::vector<EventId> ids);
  Results discard(std::vector<EventId> ids);
  std::uint64_t requeue_all(std::optional<std::string> event_type = {});
  std::uint64_t discard_all(std::optional<std::string> event_type = {});

  // Jobs. Each returns when the job has ended.
  Job purge(const InboxName& name = {});
  Job replay(const ReplayRange& range = {}, const InboxName& name = {});

 private:
  Job ended(const InboxName& name, Job job);
};

/// Fails the test if `text` is no name.
InboxName named(const std::string& text);

std::vector<EventId> ids_of(const Leased& leased);
std::vector<EventId> ids_of(const std::vector<InboxEntry>& entries);
std::vector<std::uint32_t> attempts_of(const Leased& leased);
/// One result with `status` for each id.
Results all(const std::vector<EventId>& ids, EntryStatus status);

}  // namespace triggers::store::contract

/// As TRIGGERS_CONTRACT, with the verbs of inboxes.
#define TRIGGERS_INBOX_CONTRACT(Suite)                                                       \
  class Suite : public InboxVerbs {}; /* NOLINT(bugprone-macro-parentheses): it is a name */ \
  INSTANTIATE_TEST_SUITE_P(Engines, Suite, testing::Values(engine_under_test()),             \
                           [](const auto& instance) { return instance.param.name; })
