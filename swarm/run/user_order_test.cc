#include "swarm/run/user_order.h"

#include <gtest/gtest.h>

#include <string>

namespace triggers::swarm {
namespace {

/// The first users as letters, classes being A, B, C in the order of `classes`.
std::string first_users(const std::vector<UserOrder::Class>& classes, std::size_t count) {
  UserOrder order(classes);
  std::string letters;
  for (std::size_t i = 0; i < count; ++i) letters += static_cast<char>('A' + order.next());
  return letters;
}

std::vector<UserOrder::Class> weights(std::initializer_list<double> values) {
  std::vector<UserOrder::Class> classes;
  for (const double value : values) classes.push_back({.weight = value});
  return classes;
}

// What Locust 2.12.1 does with the same weights.
TEST(UserOrder, IsLocustsForEveryRecordedSetOfWeights) {
  EXPECT_EQ(first_users(weights({5, 1}), 26), "AAABAAAAABAAAAABAAAAABAAAA");
  EXPECT_EQ(first_users(weights({2, 5, 6}), 26), "CBACBCBCBCABCCBACBCBCBCABC");
  EXPECT_EQ(first_users(weights({1, 1}), 26), "ABABABABABABABABABABABABAB");
  EXPECT_EQ(first_users(weights({1, 1, 1}), 26), "ABCABCABCABCABCABCABCABCAB");
  EXPECT_EQ(first_users(weights({10, 1}), 26), "AAAAABAAAAAAAAAABAAAAAAAAA");
  EXPECT_EQ(first_users(weights({1, 10}), 26), "BBBBBABBBBBBBBBBABBBBBBBBB");
  EXPECT_EQ(first_users(weights({7, 2, 1}), 26), "AABAACAABAAABAACAABAAABAAC");
  EXPECT_EQ(first_users(weights({0.5, 1.5}), 26), "BABBBABBBABBBABBBABBBABBBA");
  EXPECT_EQ(first_users(weights({60, 30, 10}), 26), "ABAABACABAABAABACABAABAABA");
}

TEST(UserOrder, FixedCountsComeFirst) {
  EXPECT_EQ(first_users({{.weight = 1, .fixed_count = 3}, {.weight = 1}}, 8), "AAABBBBB");
}

TEST(UserOrder, AClassWithoutWeightIsNeverStarted) { EXPECT_EQ(first_users(weights({0, 1}), 4), "BBBB"); }

TEST(UserOrder, OnlyFixedCountsAreAnEnd) {
  const UserOrder order({{.weight = 1, .fixed_count = 2}});
  EXPECT_FALSE(order.endless());
  EXPECT_EQ(order.fixed_total(), 2U);
}

}  // namespace
}  // namespace triggers::swarm
