#pragma once

// Makes the text page on a thread of its own, with a bounded cost. The metrics are in metrics.h; the endpoint is in
// api/endpoints/service/get_metrics.h.

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "metrics/metrics.h"

namespace triggers::metrics {

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

  /// Awaitable: the text; nullptr if waiting_max others wait.
  auto scrape() { return Awaiter{*this}; }

 private:
  struct Awaiter {
    Scraper& scraper;
    std::shared_ptr<const std::string> text = nullptr;
    std::coroutine_handle<> waiter = nullptr;
    Executor* executor = nullptr;

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle) {
      waiter = handle;
      executor = &Executor::current();
      return scraper.wait(*this);
    }
    std::shared_ptr<const std::string> await_resume() noexcept { return std::move(text); }
  };

  /// False if too many wait.
  bool wait(Awaiter& awaiter);
  void run() noexcept;
  [[nodiscard]] std::shared_ptr<const std::string> expose() const noexcept;

  const Registry& registry_;
  Mutex mutex_;
  Condition wake_;
  std::vector<Awaiter*> waiting_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_ GUARDED_BY(mutex_);
};

}  // namespace triggers::metrics
