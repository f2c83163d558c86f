#include "store/rocks/upkeep/shown_inboxes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <string>

namespace triggers::store {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t shown_max = ShownInboxes::shown_max;

/// Tenants whose inboxes `0`, `1` and so on hold so many entries.
class ShownInboxesTest : public testing::Test {
 protected:
  void fill(const std::string& tenant, std::size_t inbox, std::uint64_t available) {
    auto& inboxes = tenants_[tenant];
    while (inboxes.size() <= inbox) {
      const std::string& name = names_.emplace_back(std::to_string(inboxes.size()));
      inboxes.push_back({.state = &states_.emplace_back(tenant, name), .name = name});
    }
    inboxes[inbox].counts.available = available;
  }
  void fill_many(const std::string& tenant, std::size_t inboxes, std::uint64_t available) {
    for (std::size_t i = 0; i < inboxes; ++i) fill(tenant, i, available);
  }
  void remove(const std::string& tenant) { tenants_.erase(tenant); }

  /// How many inboxes of each tenant are shown after so much time.
  std::map<std::string, std::size_t> shown(std::chrono::seconds later = {}) {
    now_ += later;
    shown_.begin(now_);
    for (const auto& [tenant, inboxes] : tenants_) {
      auto offered = inboxes;
      shown_.offer(offered);
    }
    last_ = shown_.take();
    std::map<std::string, std::size_t> counts;
    for (const auto& one : last_) ++counts[one.tenant];
    return counts;
  }
  std::vector<InboxFigures> last_;

 private:
  std::deque<std::string> names_;
  std::deque<InboxState> states_;
  std::map<std::string, std::vector<ShownInboxes::Candidate>> tenants_;
  ShownInboxes shown_;
  std::chrono::steady_clock::time_point now_{};
};

TEST_F(ShownInboxesTest, AllAreShownByTenantAndNameIfTheyAreFew) {
  fill("b", 0, 0);
  fill("a", 0, 1);
  fill("a", 1, 7);
  shown();
  ASSERT_EQ(last_.size(), 3U);
  EXPECT_EQ(last_[1].tenant + "/" + last_[1].inbox, "a/1");
  EXPECT_EQ(last_[1].counts.available, 7U);
  EXPECT_EQ(last_[2].tenant + "/" + last_[2].inbox, "b/0");
  fill("c", 0, 0);
  EXPECT_EQ(shown().count("c"), 1U) << "a new inbox is shown at once while there is a place";
}

TEST_F(ShownInboxesTest, ATenantWithManyFullInboxesDoesNotDisplaceASmallOne) {
  fill_many("flood", shown_max, 1'000'000);
  fill("small", 0, 0);
  fill("small", 1, 3);
  const auto counts = shown();
  EXPECT_EQ(counts.at("small"), 2U);
  EXPECT_EQ(counts.at("flood"), shown_max - 2);
}

TEST_F(ShownInboxesTest, AmongMoreTenantsThanPlacesEachHasItsFullestInboxShownAndTheFullestWin) {
  fill_many("flood", shown_max, 5);
  for (std::size_t i = 0; i < shown_max + 9; ++i) {
    fill("t" + std::to_string(i), 0, 1);
    fill("t" + std::to_string(i), 1, 10 + i);
  }
  const auto counts = shown();
  EXPECT_EQ(counts.size(), shown_max);
  for (const auto& one : last_) EXPECT_EQ(one.inbox, "1") << one.tenant;
  EXPECT_EQ(counts.count("flood"), 0U);
  EXPECT_EQ(counts.count("t8"), 0U);
  EXPECT_EQ(counts.count("t9"), 1U);
}

TEST_F(ShownInboxesTest, AChoiceStaysForAWhileAndIsThenMadeAgain) {
  for (std::size_t i = 0; i < shown_max + 1; ++i) fill("t" + std::to_string(i), 0, 10 + i);
  EXPECT_EQ(shown().count("t0"), 0U);
  fill("t0", 0, 99'999);
  EXPECT_EQ(shown(ShownInboxes::choice_lasts - 1s).count("t0"), 0U);
  fill("t5", 0, 6);
  shown();
  const auto t5 = std::ranges::find(last_, "t5", &InboxFigures::tenant);
  ASSERT_NE(t5, last_.end()) << "the fewer entries do not matter yet";
  EXPECT_EQ(t5->counts.available, 6U) << "the counts are new, not those of the choice";
  const auto counts = shown(1s);
  EXPECT_EQ(counts.count("t0"), 1U);
  EXPECT_EQ(counts.count("t5"), 0U);
}

TEST_F(ShownInboxesTest, ARemovedInboxIsNotShownAndWhenAllFitAgainAllAreShown) {
  for (std::size_t i = 0; i < shown_max + 1; ++i) fill("t" + std::to_string(i), 0, 10 + i);
  EXPECT_EQ(shown().count("t0"), 0U);
  remove("t7");
  EXPECT_EQ(shown().count("t7"), 0U);
  EXPECT_EQ(shown().count("t0"), 1U);
}

}  // namespace
}  // namespace triggers::store
