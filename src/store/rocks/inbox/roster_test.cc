#include "store/rocks/inbox/roster.h"

#include <gtest/gtest.h>

namespace triggers::store {
namespace {

InboxRecord record(const std::string& name, std::uint64_t number, const inbox::Settings& settings = {}) {
  InboxRecord record;
  record.name = InboxName::parse(name).value();
  record.number = number;
  record.revision = 1;
  record.settings = settings;
  return record;
}

Roster roster(const std::vector<InboxRecord>& records) {
  std::vector<RosterEntry> entries;
  for (const InboxRecord& one : records) entries.push_back(roster_entry(one, nullptr));
  return Roster(std::move(entries));
}

const inbox::Settings no_more{.collect = false};
const inbox::Settings filtering{.filter = R"({"event_type":["a"]})"};
const inbox::Settings filtering_no_more{.filter = R"({"event_type":["a"]})", .collect = false};

TEST(Roster, UnfilteredAreThoseThatCollectEverything) {
  const Roster four =
      roster({record("a", 1, no_more), record("b", 2), record("default", 0), record("x", 3, filtering)});
  EXPECT_EQ(four.unfiltered().to_ulong(), 0b0110U);
  EXPECT_EQ(four.default_alone().to_ulong(), 0b0100U);
  EXPECT_TRUE(four.filters());
}

TEST(Roster, FilterOfAnInboxThatDoesNotCollectIsNotAsked) {
  EXPECT_FALSE(roster({record("a", 1, filtering_no_more), record("default", 0)}).filters());
}

TEST(Roster, FindsInboxesByName) {
  const Roster three = roster({record("a", 1), record("b", 2), record("default", 0)});
  for (const RosterEntry& entry : three.entries()) EXPECT_EQ(three.find(entry.name), &entry);
  EXPECT_EQ(three.find(InboxName::parse("c").value()), nullptr);
}

TEST(Roster, IsOfItsRecordsAndOfNoOthers) {
  const auto records = [](const std::vector<InboxRecord>& list) {
    InboxRecords map;
    for (const InboxRecord& one : list) map.emplace(one.name, one);
    return map;
  };
  const InboxRecord first = record("a", 1), standard = record("default", 0);
  InboxRecord changed = first;
  ++changed.revision;
  const Roster two = roster({first, standard});
  EXPECT_TRUE(is_of(two, records({first, standard})));
  EXPECT_FALSE(is_of(two, records({changed, standard})));
  EXPECT_FALSE(is_of(two, records({record("a", 2), standard})));
  EXPECT_FALSE(is_of(two, records({standard})));
  EXPECT_FALSE(is_of(two, records({first, record("b", 2), standard})));
}

}  // namespace
}  // namespace triggers::store
