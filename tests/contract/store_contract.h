#pragma once

// The fixture of the contract suite, with a blocking verb for each call of a store. The engine below it is in engine.h.
// Tests of one engine alone are in tests/rocks and tests/dynamo.

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/manual_clock.h"
#include "contract/engine.h"
#include "support/draft.h"

namespace triggers::store::contract {

/// The verbs of the suite. Every verb blocks until the engine has answered, and may be called on any thread; one that
/// returns a plain value fails the test when the engine answers an error.
class StoreContract : public testing::TestWithParam<EngineFactory> {
 protected:
  /// For a test that needs others than the defaults: set before the first verb.
  EngineOptions options;
  /// In the year 2100: what expires by this clock must not have expired by DynamoDB's own.
  ManualClock clock{UnixMillis{std::chrono::milliseconds{4'102'444'800'000}}};
  const Tenant tenant{"acme"};

  Engine& engine();
  EventLog& log() { return engine().log(); }
  DefaultInbox& inbox() { return engine().inbox(); }
  StoreStatus& status() { return engine().status(); }
  KeyStore& keys() { return engine().keys(); }
  void restart() { engine().restart(); }

  Appended append(const Draft& draft) { return append(tenant, draft); }
  Appended append(const Tenant& to, const Draft& draft);
  std::vector<Appended> append_batch(const std::vector<Draft>& drafts);
  /// Appends numbered(first) and those after it, in batches; the ids in order.
  std::vector<EventId> fill(std::size_t count, std::size_t first = 0);

  Page page(const PageQuery& query = {}) { return page(tenant, query); }
  Page page(const Tenant& of, const PageQuery& query);
  /// Follows the pages to the end, from `query` on.
  std::vector<StoredEvent> drain(PageQuery query = {}) { return drain(tenant, std::move(query)); }
  std::vector<StoredEvent> drain(const Tenant& of, PageQuery query = {});
  std::optional<StoredEvent> get(EventId id) { return get(tenant, id); }
  std::optional<StoredEvent> get(const Tenant& of, EventId id);
  std::uint64_t unacknowledged() { return page().total_unacknowledged; }

  AckStatus acknowledge(EventId id) { return acknowledge(tenant, {id}).at(0); }
  std::vector<AckStatus> acknowledge(const std::vector<EventId>& ids) { return acknowledge(tenant, ids); }
  std::vector<AckStatus> acknowledge(const Tenant& of, const std::vector<EventId>& ids);

 private:
  std::unique_ptr<Engine> engine_;
};

std::vector<EventId> ids_of(const std::vector<StoredEvent>& events);
std::vector<EventId> ids_of(const std::vector<Appended>& answers);

/// Runs `work(0)` … `work(threads - 1)`, each on its own thread, all let go at once.
void race(std::size_t threads, const std::function<void(std::size_t)>& work);

}  // namespace triggers::store::contract

/// Makes a suite of this file's own and runs it over the engine under test.
#define TRIGGERS_CONTRACT(Suite)                                                                \
  class Suite : public StoreContract {}; /* NOLINT(bugprone-macro-parentheses): it is a name */ \
  INSTANTIATE_TEST_SUITE_P(Engines, Suite, testing::Values(engine_under_test()),                \
                           [](const auto& instance) { return instance.param.name; })
