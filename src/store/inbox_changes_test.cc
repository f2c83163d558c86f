#include "store/inbox_changes.h"

#include <gtest/gtest.h>

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using Outcome = PutInbox::Outcome;

constexpr UnixMillis monday{1'000'000ms};
constexpr UnixMillis tuesday{2'000'000ms};

InboxName name(const std::string& text) { return InboxName::parse(text).value(); }

InboxRecord record(const std::string& text, std::uint64_t number) {
  return {name(text), {}, number, 1, monday, monday};
}

InboxRecords with(std::initializer_list<InboxRecord> records) {
  InboxRecords all{{InboxName(), InboxRecord()}};
  for (const InboxRecord& one : records) all.emplace(one.name, one);
  return all;
}

/// A filter with this many different conditions at one path.
std::string conditions(std::size_t count, std::size_t first) {
  std::string filter = R"({"payload":{"x":[)";
  for (std::size_t i = 0; i != count; ++i) {
    filter += (i == 0 ? "" : ",") + (R"({"prefix":")" + std::to_string(first + i)) + R"(-"})";
  }
  return filter + "]}}";
}

TEST(InboxChanges, NewInboxHasItsNumberAndItsFirstRevision) {
  const auto change = put_inbox(with({}), name("crm"), {.description = "x"}, {}, 7, monday).value();
  EXPECT_EQ(change.answer.outcome, Outcome::created);
  EXPECT_EQ(change.answer.inbox, (InboxRecord{name("crm"), {.description = "x"}, 7, 1, monday, monday}));
  EXPECT_TRUE(change.routes);
}

TEST(InboxChanges, ReplacingKeepsNumberAndCreation) {
  const auto change = put_inbox(with({record("crm", 7)}), name("crm"), {.collect = false}, {}, 8, tuesday).value();
  EXPECT_EQ(change.answer.outcome, Outcome::replaced);
  EXPECT_EQ(change.answer.inbox, (InboxRecord{name("crm"), {.collect = false}, 7, 2, monday, tuesday}));
  EXPECT_TRUE(change.routes);
}

TEST(InboxChanges, SameSettingsChangeNothing) {
  const auto change = put_inbox(with({record("crm", 7)}), name("crm"), {}, {}, 8, tuesday).value();
  EXPECT_EQ(change.answer.outcome, Outcome::replaced);
  EXPECT_EQ(change.answer.inbox, record("crm", 7));
  EXPECT_FALSE(change.routes);
}

TEST(InboxChanges, FirstChangeOfDefaultIsItsFirstRevision) {
  const auto change = put_inbox(with({}), InboxName(), {.lease_duration = 60s}, InboxTag{0, 0}, 8, tuesday).value();
  EXPECT_EQ(change.answer.outcome, Outcome::replaced);
  EXPECT_EQ(change.answer.inbox.tag(), (InboxTag{0, 1}));
  EXPECT_EQ(change.answer.inbox.created_at, UnixMillis{});
}

TEST(InboxChanges, AnotherTagChangesNothing) {
  const auto records = with({record("crm", 7)});
  for (const InboxTag tag : {InboxTag{7, 2}, InboxTag{6, 1}}) {
    const auto put = put_inbox(records, name("crm"), {.description = "x"}, tag, 8, tuesday).value();
    EXPECT_EQ(put.answer.outcome, Outcome::no_match);
    EXPECT_EQ(put.answer.inbox, record("crm", 7));
    EXPECT_FALSE(put.routes);
    const auto change =
        change_inbox(records, name("crm"), [](inbox::Settings&) -> Status { return Done{}; }, tag, tuesday);
    EXPECT_EQ(change.value().answer.outcome, Outcome::no_match);
    EXPECT_FALSE(may_remove_inbox(records, name("crm"), tag).value());
  }
  EXPECT_EQ(put_inbox(records, name("new"), {}, InboxTag{8, 1}, 8, tuesday).value().answer.outcome, Outcome::no_match);
  EXPECT_TRUE(may_remove_inbox(records, name("crm"), InboxTag{7, 1}).value());
  EXPECT_TRUE(may_remove_inbox(records, name("crm"), {}).value());
}

TEST(InboxChanges, TheHundredAndFirstInboxIsOneTooMany) {
  InboxRecords records = with({});
  for (std::uint64_t i = 1; i != 99; ++i) {
    records.emplace(name("inbox-" + std::to_string(i)), record("inbox-" + std::to_string(i), i));
  }
  const auto last = put_inbox(records, name("last"), {}, {}, 99, monday).value();
  EXPECT_EQ(last.answer.outcome, Outcome::created);
  records.emplace(name("last"), last.answer.inbox);
  ASSERT_EQ(records.size(), 100U);
  const auto refused = put_inbox(records, name("more"), {}, {}, 100, monday).value();
  EXPECT_EQ(refused.answer.outcome, Outcome::too_many);
  EXPECT_EQ(refused.answer.inbox.name, name("more"));
  EXPECT_FALSE(refused.routes);
  EXPECT_EQ(put_inbox(records, name("last"), {.collect = false}, {}, 100, monday).value().answer.outcome,
            Outcome::replaced);
}

TEST(InboxChanges, FaultOfASettingIsAnError) {
  for (const InboxName& inbox : {InboxName(), name("new")}) {
    const auto refused = put_inbox(with({}), inbox, {.lease_duration = 0s}, {}, 1, monday);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(refused.error().message.find("lease_seconds must be"), std::string::npos);
  }
}

TEST(InboxChanges, FiltersThatDoNotFitTogetherAreAnErrorThatNamesTheInbox) {
  InboxRecords records = with({});
  for (std::uint64_t i = 0; i != 4; ++i) {
    InboxRecord full = record("full-" + std::to_string(i), i + 1);
    full.settings.filter = conditions(64, 64 * i);
    records.emplace(full.name, full);
  }
  const auto refused = put_inbox(records, name("crm"), {.filter = conditions(1, 256)}, {}, 5, monday);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(refused.error().message.find("the filter of the inbox crm does not fit"), std::string::npos);
  EXPECT_NE(refused.error().message.find("$.payload.x"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(put_inbox(records, name("crm"), {.filter = conditions(1, 256), .collect = false}, {}, 5, monday));
}

TEST(InboxChanges, ErrorOfAChangeIsPassedOn) {
  const auto refuse = [](inbox::Settings& settings) -> Status {
    settings.collect = false;
    return Error{ErrorCode::conflict, "no"};
  };
  EXPECT_EQ(change_inbox(with({}), InboxName(), refuse, {}, monday).error().code, ErrorCode::conflict);
  EXPECT_EQ(change_inbox(with({}), name("crm"), refuse, {}, monday).error().code, ErrorCode::not_found);
}

TEST(InboxChanges, DefaultCannotBeRemovedNorWhatIsNotThere) {
  EXPECT_EQ(may_remove_inbox(with({}), InboxName(), {}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(may_remove_inbox(with({}), name("crm"), {}).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace triggers::store
