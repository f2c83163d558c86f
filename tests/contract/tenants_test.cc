// No tenant sees or changes anything of another, on every engine. Over HTTP: tests/e2e/test_tenants.py.

#include "contract/store_contract.h"

namespace triggers::store::contract {
namespace {

using Outcome = Appended::Outcome;
TRIGGERS_CONTRACT(TenantsContract);

const Tenant other{"globex"};

TEST_P(TenantsContract, AnotherTenantsEventIsNotFound) {
  const auto id = append(numbered(1)).id;
  EXPECT_FALSE(get(other, id));
  EXPECT_EQ(acknowledge(other, {id}), std::vector{AckStatus::not_found});
  EXPECT_TRUE(drain(other).empty());
  EXPECT_EQ(page(other, {}).total_unacknowledged, 0U);

  acknowledge(id);
  EXPECT_FALSE(get(other, id));
  EXPECT_EQ(acknowledge(other, {id}), std::vector{AckStatus::not_found});
}

TEST_P(TenantsContract, AnotherTenantsAcknowledgementTakesNothingAway) {
  const auto id = append(numbered(1)).id;
  const auto own = append(other, numbered(2)).id;
  EXPECT_EQ(acknowledge(other, {id, own}), (std::vector{AckStatus::not_found, AckStatus::acknowledged}));
  EXPECT_EQ(unacknowledged(), 1U);
  EXPECT_EQ(page(other, {}).total_unacknowledged, 0U);
  EXPECT_EQ(ids_of(drain()), std::vector{id});
}

TEST_P(TenantsContract, EqualEventsOfTwoTenantsAreTwoEvents) {
  EXPECT_EQ(append(numbered(1)).outcome, Outcome::accepted);
  EXPECT_EQ(append(other, numbered(1)).outcome, Outcome::accepted);
}

TEST_P(TenantsContract, EqualIdempotencyKeysOfTwoTenantsAreTwoKeys) {
  Draft one = numbered(1);
  Draft two = numbered(2);
  one.idempotency_key = two.idempotency_key = "k";
  EXPECT_EQ(append(one).outcome, Outcome::accepted);
  EXPECT_EQ(append(other, two).outcome, Outcome::accepted);
}

TEST_P(TenantsContract, AnotherTenantsCursorIsAPositionInOnesOwnInbox) {
  const auto first = append(numbered(1)).id;
  const auto theirs = append(other, numbered(2)).id;
  const auto last = append(numbered(3)).id;
  EXPECT_EQ(ids_of(drain(tenant, {.after = continue_after(theirs)})), std::vector{last});
  EXPECT_EQ(ids_of(drain(other, {.after = continue_after(first)})), std::vector{theirs});
  EXPECT_TRUE(drain(other, {.after = continue_after(last)}).empty());
}

TEST_P(TenantsContract, SimilarNamesAreDifferentTenants) {
  const std::vector<Tenant> tenants = {{"a"},
                                       {"aa"},
                                       {"aaa"},
                                       {std::string("a\0", 2)},
                                       {std::string("\0", 1)},
                                       {std::string("\x01"
                                                    "a")},
                                       {"a/default"},
                                       {"adefault"},
                                       {"\xff"},
                                       {"\xff\xff"},
                                       {std::string(254, '\xff')},
                                       {std::string(255, '\xff')},
                                       {std::string(255, 'a')},
                                       {"é"}};
  std::vector<std::vector<EventId>> ids(tenants.size());
  for (std::size_t round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < tenants.size(); ++i) ids[i].push_back(append(tenants[i], numbered(round)).id);
  }
  for (std::size_t i = 0; i < tenants.size(); ++i) acknowledge(tenants[i], {ids[i][0]});
  for (int i = 0; i < 2; ++i) {
    for (std::size_t own = 0; own < tenants.size(); ++own) {
      EXPECT_EQ(ids_of(drain(tenants[own])), (std::vector{ids[own][1], ids[own][2]})) << own;
      EXPECT_EQ(page(tenants[own], {}).total_unacknowledged, 2U) << own;
      for (std::size_t theirs = 0; theirs < tenants.size(); ++theirs) {
        EXPECT_EQ(get(tenants[own], ids[theirs][1]).has_value(), own == theirs) << own << ' ' << theirs;
      }
    }
    restart();
  }
  if (!engine().orders_by_commit()) {
    for (const Tenant& each : tenants) page(each, {});
  }
  EXPECT_EQ(status().metrics().unacknowledged, 2 * tenants.size());
}

}  // namespace
}  // namespace triggers::store::contract
