#include "metrics/scraper.h"

#include <algorithm>

#include "base/thread_name.h"

namespace triggers::metrics {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int rests_of_its_work = 9;
constexpr SteadyClock::duration rest_max = std::chrono::seconds{1};

}  // namespace

Scraper::~Scraper() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Scraper::wait(Awaiter& awaiter) {
  {
    const MutexLock lock(mutex_);
    if (waiting_.size() >= waiting_max) return false;
    waiting_.reserve(waiting_max);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    waiting_.push_back(&awaiter);
  }
  wake_.notify_one();
  return true;
}

void Scraper::run() noexcept {
  name_thread("scraper");
  MutexLock lock(mutex_);
  for (;;) {
    while (!stopping_ && waiting_.empty()) wake_.wait(lock);
    if (stopping_) return;
    std::vector<Awaiter*> served;
    served.swap(waiting_);
    lock.unlock();
    const auto begun = SteadyClock::now();
    const auto page = expose();
    const auto rest = std::min((SteadyClock::now() - begun) * rests_of_its_work, rest_max);
    for (Awaiter* awaiter : served) {
      awaiter->page = page;
      // The awaiter lives in the waiter's frame: do not use it once the waiter may run.
      const auto waiter = awaiter->waiter;
      awaiter->executor->resume_surely({&waiter, 1});
    }
    lock.lock();
    const auto rested = SteadyClock::now() + rest;
    while (!stopping_ && wake_.wait_until(lock, rested) == std::cv_status::no_timeout) {
    }
  }
}

std::shared_ptr<const Page> Scraper::expose() const noexcept {
  try {
    auto page = std::make_shared<Page>();
    page->text = registry_.exposition();
    page->common_bytes = page->text.size();
    for (const auto& make : tenants_parts_) page->text += make();
    return page;
  } catch (...) {
    return nullptr;  // No memory: the scrape is refused.
  }
}

}  // namespace triggers::metrics
