// Making, changing and removing inboxes, on every engine that keeps them. Which change gives which answer is decided by
// pure code and tested in src/store/inbox_changes_test.cc.

#include <atomic>

#include "base/sync_wait.h"
#include "contract/inbox_verbs.h"

namespace triggers::store::contract {
namespace {

using namespace std::chrono_literals;
using Outcome = PutInbox::Outcome;
using Ids = std::vector<EventId>;
TRIGGERS_INBOX_CONTRACT(InboxSettingsContract);

const InboxName crm = named("crm");

TEST_P(InboxSettingsContract, DefaultIsThereBeforeAnythingElse) {
  const InboxView inbox = view();
  EXPECT_EQ(inbox.inbox, InboxRecord{});
  EXPECT_EQ(inbox.counts, inbox::Counts{});
  EXPECT_FALSE(inbox.oldest_available_at);
  EXPECT_FALSE(inbox.last_consumed_at);
  EXPECT_EQ(sync_wait(inboxes().inboxes(tenant)).value().size(), 1U);
}

TEST_P(InboxSettingsContract, SettingsComeBackAsTheyWerePutAlsoAfterARestart) {
  const inbox::Settings settings{.description = "é \"x\"",
                                 .filter = R"({"event_type":[{"prefix":"order."}]})",
                                 .collect = false,
                                 .lease_duration = 60s,
                                 .max_attempts = std::nullopt,
                                 .retention = std::chrono::days(7),
                                 .dead_retention = std::chrono::days(3)};
  const PutInbox made = put(crm, settings);
  EXPECT_EQ(made.outcome, Outcome::created);
  EXPECT_EQ(made.inbox.name, crm);
  EXPECT_EQ(made.inbox.settings, settings);
  EXPECT_EQ(made.inbox.created_at, clock.now());
  restart();
  EXPECT_EQ(view(crm).inbox, made.inbox);
  clock.advance(1h);
  const PutInbox replaced = put(crm);
  EXPECT_EQ(replaced.outcome, Outcome::replaced);
  EXPECT_EQ(replaced.inbox.settings, inbox::Settings());
  EXPECT_EQ(replaced.inbox.created_at, made.inbox.created_at);
  EXPECT_EQ(replaced.inbox.updated_at, clock.now());
  EXPECT_EQ(replaced.inbox.number, made.inbox.number);
  EXPECT_GT(replaced.inbox.revision, made.inbox.revision);
  restart();
  EXPECT_EQ(view(crm).inbox, replaced.inbox);
}

TEST_P(InboxSettingsContract, PuttingTheSameAgainChangesNothing) {
  const PutInbox made = put(crm);
  clock.advance(1h);
  const PutInbox again = put(crm);
  EXPECT_EQ(again.outcome, Outcome::replaced);
  EXPECT_EQ(again.inbox, made.inbox);
}

TEST_P(InboxSettingsContract, DefaultIsChangedAsAnyOther) {
  EXPECT_EQ(put({}, {.lease_duration = 5s}, InboxTag{0, 0}).outcome, Outcome::replaced);
  restart();
  EXPECT_EQ(view().inbox.settings.lease_duration, 5s);
  EXPECT_EQ(view().inbox.number, 0U);
  fill(1);
  EXPECT_EQ(lease(1).until, clock.now() + 5s);
}

TEST_P(InboxSettingsContract, ChangeKeepsTheOtherSettings) {
  put(crm, {.description = "x", .max_attempts = 3});
  const auto change = [](inbox::Settings& settings) -> Status {
    settings.collect = false;
    return Done{};
  };
  const PutInbox changed = sync_wait(inboxes().change_inbox(tenant, crm, change, std::nullopt)).value();
  EXPECT_EQ(changed.outcome, Outcome::replaced);
  EXPECT_EQ(changed.inbox.settings, (inbox::Settings{.description = "x", .collect = false, .max_attempts = 3}));
  EXPECT_EQ(view(crm).inbox, changed.inbox);
}

TEST_P(InboxSettingsContract, ErrorOfAChangeLeavesEverything) {
  const PutInbox made = put(crm);
  const auto refuse = [](inbox::Settings& settings) -> Status {
    settings.collect = false;
    return Error{ErrorCode::conflict, "no"};
  };
  EXPECT_EQ(sync_wait(inboxes().change_inbox(tenant, crm, refuse, std::nullopt)).error().code, ErrorCode::conflict);
  const auto spoil = [](inbox::Settings& settings) -> Status {
    settings.filter = "{";
    return Done{};
  };
  EXPECT_EQ(sync_wait(inboxes().change_inbox(tenant, crm, spoil, std::nullopt)).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(view(crm).inbox, made.inbox);
}

TEST_P(InboxSettingsContract, OfRacingChangesEachIsMadeOnThatBefore) {
  put(crm, {.max_attempts = 1});
  race(8, [&](std::size_t) {
    for (int i = 0; i != 10; ++i) {
      const auto increment = [](inbox::Settings& settings) -> Status {
        ++*settings.max_attempts;
        return Done{};
      };
      EXPECT_TRUE(sync_wait(inboxes().change_inbox(tenant, crm, increment, std::nullopt)));
    }
  });
  EXPECT_EQ(view(crm).inbox.settings.max_attempts, 81U);
  EXPECT_EQ(view(crm).inbox.revision, 81U);
}

TEST_P(InboxSettingsContract, ChangesOfAnOldTagAreRefused) {
  const InboxTag old = put(crm).inbox.tag();
  const InboxRecord now = put(crm, {.collect = false}, old).inbox;
  EXPECT_EQ(put(crm, {.description = "x"}, old).outcome, Outcome::no_match);
  const auto keep = [](inbox::Settings&) -> Status { return Done{}; };
  EXPECT_EQ(sync_wait(inboxes().change_inbox(tenant, crm, keep, old)).value().outcome, Outcome::no_match);
  EXPECT_FALSE(remove(crm, old));
  EXPECT_EQ(view(crm).inbox, now);
  EXPECT_TRUE(remove(crm, now.tag()));
}

TEST_P(InboxSettingsContract, ListIsInTheOrderOfNames) {
  for (const char* name : {"b", "a.1", "B"}) put(named(name));
  fill(2);
  std::vector<std::string> names;
  const std::vector<InboxView> views = sync_wait(inboxes().inboxes(tenant)).value();
  for (const InboxView& inbox : views) {
    names.push_back(inbox.inbox.name.text());
    EXPECT_EQ(inbox.counts.available, 2U);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"B", "a.1", "b", "default"}));
}

TEST_P(InboxSettingsContract, TenantsHaveTheirOwnInboxes) {
  put(crm);
  const Tenant other{"globex"};
  EXPECT_EQ(sync_wait(inboxes().inbox(other, crm)).error().code, ErrorCode::not_found);
  EXPECT_EQ(sync_wait(inboxes().inboxes(other)).value().size(), 1U);
}

TEST_P(InboxSettingsContract, AHundredInboxesAndNoMore) {
  for (int i = 1; i != 100; ++i) EXPECT_EQ(put(named("inbox-" + std::to_string(i))).outcome, Outcome::created);
  EXPECT_EQ(put(crm).outcome, Outcome::too_many);
  const EventId id = append(numbered(1)).id;
  EXPECT_EQ(ids_of(lease(1, named("inbox-99"))), Ids{id});
  remove(named("inbox-50"));
  EXPECT_EQ(put(crm).outcome, Outcome::created);
}

TEST_P(InboxSettingsContract, WhatIsNotThereIsNotFound) {
  const auto code = [](const auto& result) { return result.ok() ? ErrorCode::internal : result.error().code; };
  const LeaseId by;
  const auto keep = [](inbox::Settings&) -> Status { return Done{}; };
  EXPECT_EQ(code(sync_wait(inboxes().inbox(tenant, crm))), ErrorCode::not_found);
  EXPECT_EQ(code(sync_wait(inboxes().change_inbox(tenant, crm, keep, {}))), ErrorCode::not_found);
  EXPECT_EQ(code(sync_wait(inboxes().remove_inbox(tenant, crm, {}))), ErrorCode::not_found);
  EXPECT_EQ(code(sync_wait(inboxes().entries(tenant, EntryQuery{.inbox = crm}))), ErrorCode::not_found);
  EXPECT_EQ(code(sync_wait(inboxes().lease(tenant, LeaseRequest{.inbox = crm}))), ErrorCode::not_found);
  EXPECT_EQ(code(sync_wait(inboxes().acknowledge(tenant, crm, by, {}))), ErrorCode::not_found);
  EXPECT_EQ(code(sync_wait(inboxes().release(tenant, crm, by, {}, 0s, {}))), ErrorCode::not_found);
  EXPECT_EQ(code(sync_wait(inboxes().extend(tenant, crm, by, {}, 1s))), ErrorCode::not_found);
  EXPECT_EQ(code(sync_wait(inboxes().requeue(tenant, crm, Ids{}))), ErrorCode::not_found);
  EXPECT_EQ(code(sync_wait(inboxes().discard(tenant, crm, Ids{}))), ErrorCode::not_found);
  EXPECT_EQ(code(sync_wait(inboxes().requeue_all(tenant, crm, {}))), ErrorCode::not_found);
  EXPECT_EQ(code(sync_wait(inboxes().discard_all(tenant, crm, {}))), ErrorCode::not_found);
  EXPECT_EQ(code(sync_wait(inboxes().purge(tenant, crm))), ErrorCode::not_found);
  EXPECT_EQ(code(sync_wait(inboxes().replay(tenant, crm, {}))), ErrorCode::not_found);
  EXPECT_EQ(code(sync_wait(inboxes().job(tenant, crm, Uuid7{}))), ErrorCode::not_found);
}

TEST_P(InboxSettingsContract, DefaultCannotBeRemoved) {
  const auto ids = fill(1);
  EXPECT_EQ(sync_wait(inboxes().remove_inbox(tenant, {}, {})).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(ids_of(drain()), ids);
}

TEST_P(InboxSettingsContract, InboxThatIsMadeAgainIsAnotherAndEmpty) {
  const InboxRecord first = put(crm).inbox;
  const auto ids = fill(3);
  const Leased leased = lease(2, crm);
  acknowledge_by(leased, Ids{ids[0]}, crm);
  EXPECT_TRUE(remove(crm));
  const InboxRecord second = put(crm).inbox;
  EXPECT_NE(second.number, first.number);
  for (int round = 0; round != 2; ++round) {
    EXPECT_EQ(counts(crm), inbox::Counts{});
    EXPECT_TRUE(entries(crm).empty());
    EXPECT_FALSE(view(crm).last_consumed_at);
    EXPECT_EQ(acknowledge_by(leased, ids, crm), all(ids, EntryStatus::not_found));
    EXPECT_EQ(lease(3, crm).outcome, Leased::Outcome::nothing);
    restart();
    settle();
  }
  EXPECT_EQ(ids_of(drain()), ids);
}

}  // namespace
}  // namespace triggers::store::contract
