#include "swarm/stats/request_name.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace triggers::swarm {
namespace {

TEST(RequestName, EqualNamesAreTheSame) {
  const RequestName name("GET", "GET /a");
  EXPECT_EQ(name, RequestName("GET", "GET /a"));
  EXPECT_EQ(name.index(), RequestName("GET", "GET /a").index());
  EXPECT_NE(name, RequestName("POST", "GET /a"));
  EXPECT_NE(name, RequestName("GET", "GET /b"));
}

TEST(RequestName, IsFoundByItsIndex) {
  const RequestName name("PUT", "PUT /thing");
  EXPECT_EQ(RequestName::at(name.index()), name);
  EXPECT_EQ(RequestName::at(name.index()).method(), "PUT");
  EXPECT_EQ(RequestName::at(name.index()).name(), "PUT /thing");
}

TEST(RequestName, WhatWasLimitedIsARowOfItsOwn) {
  const RequestName name("POST", "POST /limited");
  const RequestName limited = name.limited();
  EXPECT_EQ(limited.method(), "POST");
  EXPECT_EQ(limited.name(), "429 /limited (POST)");
  EXPECT_EQ(limited.name().find(name.name()), std::string::npos) << "grep finds two rows";
  EXPECT_EQ(RequestName("GET", "checkout").limited().name(), "429 checkout (GET)");
  EXPECT_NE(limited, name);
  EXPECT_EQ(limited, name.limited());
  EXPECT_EQ(limited, limited.limited());
  EXPECT_TRUE(limited.is_limited());
  EXPECT_FALSE(name.is_limited());
}

TEST(RequestName, ThreadsAgreeOnIndexes) {
  std::vector<std::vector<std::size_t>> seen(8);
  std::vector<std::thread> threads;
  threads.reserve(seen.size());
  for (auto& indexes : seen) {
    threads.emplace_back([&indexes] {
      for (int i = 0; i < 200; ++i) {
        const RequestName name("GET", "GET /threads/" + std::to_string(i));
        indexes.push_back(name.index());
        indexes.push_back(name.limited().index());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& indexes : seen) EXPECT_EQ(indexes, seen.front());
  EXPECT_EQ(std::set<std::size_t>(seen.front().begin(), seen.front().end()).size(), 400U);
}

}  // namespace
}  // namespace triggers::swarm
