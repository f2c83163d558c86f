#pragma once

// Makes the text page on a thread of its own, one for all waiting scrapes, with a bounded cost. The metrics are in
// metrics.h; the endpoint is in api/endpoints/service/get_metrics.h.

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "metrics/metrics.h"

namespace triggers::metrics {

/// The text page.
struct Page {
  std::string text;
  std::size_t common_bytes = 0;  ///< What follows is only for readers who may know of every tenant.

  [[nodiscard]] std::string_view common() const noexcept { return std::string_view(text).substr(0, common_bytes); }
};

/// Makes expositions on a thread of its own, so that an IO loop neither makes one nor waits for /proc.
///
/// The cost of all scrapes together is bounded. All waiting scrapes get the same text, which was begun after they
/// arrived. Then the thread rests nine times as long as the text took, at most a second. So scrapes use at most a tenth
/// of a core. Any thread with an Executor may call scrape().
class Scraper {
 public:
  static constexpr std::size_t waiting_max = 100;

  /// Part of `registry`. The thread starts with the first scrape.
  explicit Scraper(const Registry& registry) : registry_(registry) {}
  Scraper(const Scraper&) = delete;
  Scraper& operator=(const Scraper&) = delete;
  /// No scrape may be in progress.
  ~Scraper();

  /// Adds a part to the end of the page for readers who may know of every tenant: complete families, of which the
  /// registry has none. Not during a scrape.
  void add_tenants_part(std::function<std::string()> make) { tenants_parts_.push_back(std::move(make)); }

  /// Awaitable: the page; nullptr if waiting_max others wait.
  auto scrape() { return Awaiter{*this}; }

 private:
  struct Awaiter {
    Scraper& scraper;
    std::shared_ptr<const Page> page = nullptr;
    std::coroutine_handle<> waiter = nullptr;
    Executor* executor = nullptr;

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle) {
      waiter = handle;
      executor = &Executor::current();
      return scraper.wait(*this);
    }
    std::shared_ptr<const Page> await_resume() noexcept { return std::move(page); }
  };

  /// False if too many wait.
  bool wait(Awaiter& awaiter);
  void run() noexcept;
  [[nodiscard]] std::shared_ptr<const Page> expose() const noexcept;

  const Registry& registry_;
  std::vector<std::function<std::string()>> tenants_parts_;
  Mutex mutex_;
  Condition wake_;
  std::vector<Awaiter*> waiting_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_ GUARDED_BY(mutex_);
};

}  // namespace triggers::metrics
