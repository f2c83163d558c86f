#include "metrics/scraper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/gather.h"
#include "base/sync_wait.h"

namespace triggers::metrics {
namespace {

using Text = std::shared_ptr<const Page>;

Task<void> scrape_into(Scraper& scraper, Text& text) {
  auto scrape = scraper.scrape();
  text = co_await scrape;
}

/// `count` scrapes from one thread, all before any of them is answered, then `after`.
std::vector<Text> scrapes(Registry& registry, std::size_t count, const std::function<void()>& after) {
  std::vector<Text> texts(count);
  auto all = [&]() -> Task<void> {
    std::vector<Task<void>> tasks;
    for (auto& text : texts) tasks.push_back(scrape_into(registry.scraper(), text));
    auto last = [](const std::function<void()>& work) -> Task<void> {
      work();
      co_return;
    };
    tasks.push_back(last(after));
    Gather gather(std::move(tasks), count + 1);
    co_await gather;
  };
  sync_wait(all());
  return texts;
}

TEST(Scraper, TextIsTheExpositionMadeOnItsOwnThread) {
  Registry registry;
  registry.counter("triggers_test_total", "Tests.").add(3);
  std::thread::id made_by;
  registry.on_scrape([&] { made_by = std::this_thread::get_id(); });
  const auto texts = scrapes(registry, 1, [] {});
  EXPECT_NE(texts[0]->text.find("triggers_test_total 3"), std::string::npos);
  EXPECT_NE(made_by, std::this_thread::get_id());
}

TEST(Scraper, PartsThatNameTenantsFollowWhatIsForAllReaders) {
  Registry registry;
  registry.counter("triggers_test_total", "Tests.").add(3);
  registry.scraper().add_tenants_part([] { return std::string("triggers_of{user_id=\"a\"} 1\n"); });
  registry.scraper().add_tenants_part([] { return std::string("triggers_of_other{user_id=\"a\"} 2\n"); });
  const auto pages = scrapes(registry, 1, [] {});
  EXPECT_EQ(pages[0]->common(), registry.exposition());
  EXPECT_EQ(pages[0]->text,
            registry.exposition() + "triggers_of{user_id=\"a\"} 1\ntriggers_of_other{user_id=\"a\"} 2\n");
}

TEST(Scraper, WaitingScrapesShareOneExpositionThatBeganAfterThem) {
  Registry registry;
  auto& gauge = registry.gauge("triggers_expositions", "Expositions.");
  std::atomic<int> expositions{0};
  std::promise<void> first_began, go_on;
  registry.on_scrape([&] {
    gauge.set(++expositions);
    if (expositions == 1) {
      first_began.set_value();
      go_on.get_future().wait();
    }
  });
  std::thread first([&] { (void)scrapes(registry, 1, [] {}); });
  first_began.get_future().wait();
  const auto texts = scrapes(registry, 50, [&] { go_on.set_value(); });
  first.join();
  EXPECT_EQ(expositions, 2);
  for (const auto& text : texts) EXPECT_NE(text->text.find("triggers_expositions 2"), std::string::npos);
}

TEST(Scraper, RefusesWhenTooManyWait) {
  Registry registry;
  std::promise<void> began, go_on;
  bool first = true;
  registry.on_scrape([&] {
    if (!std::exchange(first, false)) return;
    began.set_value();
    go_on.get_future().wait();
  });
  std::thread waits([&] { (void)scrapes(registry, 1, [] {}); });
  began.get_future().wait();
  const auto texts = scrapes(registry, Scraper::waiting_max + 7, [&] { go_on.set_value(); });
  waits.join();
  EXPECT_EQ(std::count(texts.begin(), texts.end(), nullptr), 7);
}

TEST(Scraper, BlockedHookStopsNobodyFromCounting) {
  Registry registry;
  std::promise<void> began, go_on;
  bool first = true;
  registry.on_scrape([&] {
    if (!std::exchange(first, false)) return;
    began.set_value();
    go_on.get_future().wait();
  });
  std::thread scraping([&] { (void)scrapes(registry, 1, [] {}); });
  began.get_future().wait();
  // Would hang if the exposition held the lock that a counter's first use takes.
  registry.counter("triggers_refusals_total", "Refusals.", {{"reason", "new"}}).add();
  go_on.set_value();
  scraping.join();
  EXPECT_NE(registry.exposition().find(R"(triggers_refusals_total{reason="new"} 1)"), std::string::npos);
}

}  // namespace
}  // namespace triggers::metrics
