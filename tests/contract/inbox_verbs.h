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

  Leased lease(std::size_t limit, const InboxName& from = {});
  Leased lease(LeaseRequest request);
  Results acknowledge_by(const Leased& lease, std::optional<std::vector<EventId>> ids = {}, const InboxName& in = {});
  Results acknowledge_in(const InboxName& inbox, std::vector<EventId> ids);
};

std::vector<EventId> ids_of(const Leased& leased);
std::vector<std::uint32_t> attempts_of(const Leased& leased);
std::vector<EntryStatus> statuses_of(const Results& results);

}  // namespace triggers::store::contract

/// As TRIGGERS_CONTRACT, with the verbs of inboxes.
#define TRIGGERS_INBOX_CONTRACT(Suite)                                                       \
  class Suite : public InboxVerbs {}; /* NOLINT(bugprone-macro-parentheses): it is a name */ \
  INSTANTIATE_TEST_SUITE_P(Engines, Suite, testing::Values(engine_under_test()),             \
                           [](const auto& instance) { return instance.param.name; })
