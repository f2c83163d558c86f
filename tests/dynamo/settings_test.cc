// Settings of inboxes on a fleet: what every node uses after a change was answered, what one change costs, and what
// happens to changes whose calls fail. What a change decides is in src/store/inbox_changes_test.cc; the contract is in
// tests/contract/inbox_settings_test.cc.

#include <atomic>
#include <latch>
#include <set>
#include <thread>

#include "base/mutex.h"
#include "base/turn_pool.h"
#include "dynamo/fleet.h"
#include "store/dynamo/events/layout.h"
#include "store/dynamo/settings/settings_directory.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using dynamo::ApiCall;
using dynamo::CallError;
using dynamo::CallResult;
using dynamo::SettingsConfig;
using dynamo::SettingsDirectory;
using Outcome = PutInbox::Outcome;

InboxName named(const std::string& text) { return InboxName::parse(text).value(); }

/// A node as far as settings are concerned.
struct SettingsNode {
  SettingsNode(dynamo::Caller& real, ManualClock& clock, const std::string& events_table, SettingsConfig config)
      : caller(real), table(caller, events_table), directory(table, clock, config) {
    caller.on_sleep = [&clock](std::chrono::milliseconds time) { clock.advance(time); };
    caller.before = [this](ApiCall, const auto&) { ++calls; };
  }
  PutInbox put(const Tenant& tenant, const InboxName& name, const inbox::Settings& settings = {},
               std::optional<InboxTag> if_match = {}) {
    return sync_wait(directory.put(table, tenant, name, settings, if_match)).value();
  }
  SettingsDirectory::Known of(const Tenant& tenant) { return sync_wait(directory.of(tenant)).value(); }

  WatchedCaller caller;
  dynamo::Table table;
  SettingsDirectory directory;
  std::atomic<int> calls{0};
};

class SettingsTest : public FleetTest {
 protected:
  std::unique_ptr<SettingsNode> settings_node(const SettingsConfig& with = {}) {
    return std::make_unique<SettingsNode>(*real, clock, config.events_table, with);
  }

  std::unique_ptr<SettingsNode> one_ = settings_node(), two_ = settings_node();
  const InboxName crm = named("crm");
};

TEST_F(SettingsTest, PlainTenantIsOneReadASecond) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(one_->of(tenant)->managed());
    clock.advance(100ms);
  }
  EXPECT_EQ(one_->calls, 1);
  EXPECT_EQ(one_->of(tenant)->records.size(), 1U);
  EXPECT_EQ(one_->calls, 2);
}

TEST_F(SettingsTest, ManagedTenantIsOneReadASecondUnlessItsSettingsChange) {
  one_->put(tenant, crm);
  EXPECT_TRUE(two_->of(tenant)->find(crm));
  two_->calls = 0;
  two_->caller.forget_units();
  clock.advance(1s);
  two_->of(tenant);
  EXPECT_EQ(two_->calls, 1);
  EXPECT_EQ(two_->caller.read_units, 1);
  one_->put(tenant, crm, {.collect = false});
  two_->calls = 0;
  EXPECT_FALSE(two_->of(tenant)->find(crm)->settings.collect);
  EXPECT_EQ(two_->calls, 4);  // The head, and again with all inboxes between two looks at it.
}

TEST_F(SettingsTest, ConcurrentRequestsShareOneRead) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) threads.emplace_back([&] { one_->of(tenant); });
  }
  one_->calls = 0;
  clock.advance(1s);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) threads.emplace_back([&] { one_->of(tenant); });
  }
  EXPECT_LE(one_->calls, 2);  // One that came later than the first read may need another.
}

TEST_F(SettingsTest, RefreshKeepsWhatIsInUseFreshAndForgetsTheRest) {
  one_->of(tenant);
  for (int i = 0; i < 6; ++i) {
    clock.advance(500ms);
    sync_wait(one_->directory.refresh());
    one_->calls = 0;
    one_->of(tenant);
    EXPECT_EQ(one_->calls, 0) << i;
  }
  clock.advance(1s);
  one_->calls = 0;
  sync_wait(one_->directory.refresh());
  EXPECT_EQ(one_->calls, 0);
}

TEST_F(SettingsTest, ChangeIsAnsweredWhenNoNodeUsesOlderSettings) {
  two_->of(tenant);
  // The other node reads at the last moment before the change is stored.
  one_->caller.before = [&](ApiCall api_call, const auto&) {
    if (api_call != ApiCall::transact_write_items) return;
    std::jthread([&] {
      clock.advance(1s);
      EXPECT_FALSE(two_->of(tenant)->find(crm));
    }).join();
  };
  std::chrono::milliseconds slept{0};
  one_->caller.on_sleep = [&](std::chrono::milliseconds time) {
    slept = time;
    // It may use them for a second.
    clock.advance(999ms);
    std::jthread([&] { EXPECT_FALSE(two_->of(tenant)->find(crm)); }).join();
    clock.advance(time - 999ms);
  };
  one_->put(tenant, crm);
  EXPECT_EQ(slept, 1'050ms);
  EXPECT_TRUE(two_->of(tenant)->find(crm));
}

TEST_F(SettingsTest, SettingsThatAreTheSameAreAnsweredAsLate) {
  one_->put(tenant, crm);
  bool slept = false;
  two_->caller.on_sleep = [&](auto) { slept = true; };
  EXPECT_EQ(two_->put(tenant, crm).outcome, Outcome::replaced);
  EXPECT_TRUE(slept);
}

TEST_F(SettingsTest, ReadWhoseAnswerIsLateIsUsedOnlyForWhatBeganBeforeIt) {
  one_->of(tenant);
  clock.advance(1s);
  // The answer comes when it is a second old: good for this call, and too old for the next one.
  one_->caller.lose_answer = [&](ApiCall, const auto&) {
    clock.advance(1s);
    return false;
  };
  one_->of(tenant);
  one_->caller.lose_answer = {};
  one_->calls = 0;
  one_->of(tenant);
  EXPECT_EQ(one_->calls, 1);
}

TEST_F(SettingsTest, SettingsAreNeverAMixtureOfTwoChanges) {
  // Two inboxes, one of which collects. Each change is of one inbox; in between, both or none collects.
  const InboxName other = named("other");
  one_->put(tenant, crm);
  one_->put(tenant, other);
  one_->put(tenant, crm, {.description = "0"});
  std::atomic<bool> stop{false};
  std::jthread writer([&] {
    for (int i = 1; i < 40; ++i) {
      one_->put(tenant, crm, {.description = std::to_string(i)});
      one_->put(tenant, other, {.description = std::to_string(i)});
    }
    stop = true;
  });
  dynamo::SettingsItems items(two_->table);
  while (!stop) {
    const auto read = sync_wait(items.read(tenant));
    if (!read) continue;
    const auto number = [&](const InboxName& name) {
      const std::string& text = read->records.at(name).settings.description;
      return text.empty() ? 0 : std::stoi(text);
    };
    const int ahead = number(crm) - number(other);
    EXPECT_TRUE(ahead == 0 || ahead == 1) << ahead;
  }
}

TEST_F(SettingsTest, NoInboxNumberIsGivenTwice) {
  Mutex mutex;
  std::multiset<std::uint64_t> numbers;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        SettingsNode& node = thread % 2 == 0 ? *one_ : *two_;
        for (int i = 0; i < 6; ++i) {
          const InboxName name = named("t" + std::to_string(thread));
          const PutInbox made = node.put(tenant, name);
          EXPECT_EQ(made.outcome, Outcome::created);
          {
            const MutexLock lock(mutex);
            numbers.insert(made.inbox.number);
          }
          EXPECT_TRUE(sync_wait(node.directory.remove(node.table, tenant, name, made.inbox.tag())).value().has_value());
        }
      });
    }
  }
  EXPECT_EQ(numbers.size(), 24U);
  EXPECT_EQ(std::set(numbers.begin(), numbers.end()).size(), 24U);
  EXPECT_EQ(numbers.count(0), 0U);
}

TEST_F(SettingsTest, OfChangesOfOneTagOnTwoNodesOneIsMade) {
  const InboxTag tag = one_->put(tenant, crm).inbox.tag();
  std::atomic<int> made{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        SettingsNode& node = thread % 2 == 0 ? *one_ : *two_;
        const PutInbox put = node.put(tenant, crm, {.description = std::to_string(thread)}, tag);
        made += put.outcome == Outcome::replaced ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(made, 1);
}

TEST_F(SettingsTest, ChangeWhoseAnswerIsLostIsMadeOnce) {
  int lost = 0;
  one_->caller.lose_answer = [&](ApiCall api_call, const auto&) {
    return api_call == ApiCall::transact_write_items && lost++ == 0;
  };
  const PutInbox made = one_->put(tenant, crm);
  EXPECT_EQ(lost, 2);
  EXPECT_EQ(made.outcome, Outcome::created);
  EXPECT_EQ(made.inbox.revision, 1U);
  EXPECT_EQ(two_->of(tenant)->find(crm)->number, made.inbox.number);
}

TEST_F(SettingsTest, ChangeThatDynamoNeverConfirmsIsUnavailable) {
  one_->caller.lose_request = [](ApiCall api_call, const auto&) { return api_call == ApiCall::transact_write_items; };
  dynamo::Table hurried = one_->table.until(std::chrono::steady_clock::now() + 300ms);
  const auto put = sync_wait(one_->directory.put(hurried, tenant, crm, {}, {}));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, ErrorCode::unavailable);
  one_->caller.lose_request = {};
  EXPECT_EQ(one_->put(tenant, crm).outcome, Outcome::created);
}

TEST_F(SettingsTest, TenantIsManagedForEverFromItsFirstChange) {
  EXPECT_EQ(one_->put(tenant, {}).outcome, Outcome::replaced);
  EXPECT_FALSE(one_->of(tenant)->managed());  // Nothing has changed.
  EXPECT_TRUE(sync_wait(one_->directory.manage(one_->table, tenant)).value()->managed());
  one_->put(tenant, crm);
  EXPECT_TRUE(sync_wait(one_->directory.remove(one_->table, tenant, crm, {})).value().has_value());
  EXPECT_TRUE(two_->of(tenant)->managed());
  EXPECT_FALSE(two_->of(tenant)->find(crm));
  EXPECT_EQ(sync_wait(two_->directory.manage(two_->table, tenant)).value()->version, two_->of(tenant)->version);
}

TEST_F(SettingsTest, NodesThatManageATenantAtOnceAgree) {
  {
    std::vector<std::jthread> threads;
    for (SettingsNode* node : {one_.get(), two_.get(), one_.get(), two_.get()}) {
      threads.emplace_back(
          [&, node] { EXPECT_TRUE(sync_wait(node->directory.manage(node->table, tenant)).value()->managed()); });
    }
  }
  EXPECT_EQ(one_->of(tenant)->version, 1U);
}

TEST_F(SettingsTest, RemovedInboxLeavesAnItemSoThatItsEntriesAreDeletedLater) {
  const auto number = one_->put(tenant, crm).inbox.number;
  EXPECT_TRUE(sync_wait(one_->directory.remove(one_->table, tenant, crm, {})).value().has_value());
  EXPECT_FALSE(sync_wait(one_->table.get(dynamo::layout::removed_inbox_key(tenant, number))).value().empty());
}

TEST_F(SettingsTest, HundredInboxesOfLongFiltersAreRead) {
  inbox::Settings settings;
  settings.filter = R"({"event_type":["e"],"payload":{"number":[)" + std::string(7'000, ' ') + "1]}}";
  for (int i = 1; i < 100; ++i) one_->put(tenant, named("inbox-" + std::to_string(i)), settings);
  EXPECT_EQ(two_->of(tenant)->records.size(), 100U);
  EXPECT_EQ(one_->put(tenant, crm).outcome, Outcome::too_many);
}

TEST_F(SettingsTest, MemoryIsBounded) {
  auto small = settings_node({.tenants_max = 3});
  for (int i = 0; i < 10; ++i) small->of(Tenant{"tenant " + std::to_string(i)});
  EXPECT_EQ(small->directory.tenants(), 3U);
  inbox::Settings settings;
  settings.filter = R"({"event_type":[")" + std::string(200, 'x') + R"("]})";
  for (int i = 0; i < 5; ++i) one_->put(Tenant{"tenant " + std::to_string(i)}, crm, settings);
  auto narrow = settings_node({.bytes_max = 100'000});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(narrow->of(Tenant{"tenant " + std::to_string(i)})->find(crm));
  EXPECT_LT(narrow->directory.tenants(), 5U);
  EXPECT_GE(narrow->directory.tenants(), 1U);
}

TEST_F(SettingsTest, FiltersThatTakeLongAreEvaluatedBesideTheRequestsOfOthers) {
  TurnPool pool(1);
  config.inboxes = true;
  config.pool = &pool;
  Node at = node();
  inbox::Settings settings;
  settings.filter = R"({"payload":{"a":[{"wildcard":"*x*y*"}]}})";
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(
        sync_wait(at.store->put_inbox(tenant, named("inbox" + std::to_string(i)), settings, std::nullopt)).ok());
  }
  std::latch begun(1), go_on(1);
  std::jthread keeps_the_pool_busy([&] {
    sync_wait([&]() -> Task<void> {
      auto work = pool.run("another", [&] {
        begun.count_down();
        go_on.wait();
        return 0;
      });
      co_await work;
    }());
  });
  begun.wait();
  std::atomic<bool> ended = false;
  std::jthread long_one([&] {
    Draft large;
    large.payload = R"({"a":")" + std::string(256 * 1024, 'x') + R"("})";
    EXPECT_EQ(append(at, large).outcome, Appended::Outcome::accepted);
    ended = true;
  });
  EXPECT_EQ(append(at, {.payload = R"({"a":"x to y"})"}).outcome, Appended::Outcome::accepted);
  EXPECT_FALSE(ended);
  go_on.count_down();
  long_one.join();
  EXPECT_TRUE(ended);
}

TEST_F(SettingsTest, DamagedSettingsAreAnErrorThatSaysSo) {
  one_->put(tenant, crm);
  dynamo::Item item = dynamo::layout::settings_key(tenant, "crm");
  item["w"] = dynamo::text_value("{");
  ASSERT_TRUE(sync_wait(one_->table.put(std::move(item), {}, dynamo::Repeat::safe)));
  const auto read = sync_wait(two_->directory.of(tenant));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::internal);
  EXPECT_NE(read.error().message.find("settings of an inbox"), std::string::npos) << read.error().message;
}

}  // namespace
}  // namespace triggers::store
