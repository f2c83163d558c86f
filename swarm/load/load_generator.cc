#include "swarm/load/load_generator.h"

#include <algorithm>
#include <system_error>

#include "swarm/load/load_thread.h"

namespace triggers::swarm {
namespace {

using std::chrono::nanoseconds;

class ThreadedGenerator final : public LoadGenerator {
 public:
  ThreadedGenerator(Target target, std::vector<const UserClass*> classes, LoadOptions options,
                    std::unique_ptr<net::TlsClientContext> tls)
      : target_(std::move(target)),
        classes_(std::move(classes)),
        options_(std::move(options)),
        tls_(std::move(tls)),
        shared_(options_.iterations) {
    for (std::size_t index = 0; index < options_.threads; ++index) {
      threads_.push_back(std::make_unique<LoadThread>(target_, classes_, options_, tls_.get(), shared_, index));
    }
  }

  void set_users(const std::vector<std::size_t>& by_class, nanoseconds stop_timeout) override {
    for (std::size_t index = 0; index < threads_.size(); ++index) {
      threads_[index]->set_users(share_of(by_class, index), stop_timeout);
    }
  }

  void start_schedule(std::chrono::steady_clock::time_point start) override {
    for (const auto& thread : threads_) thread->start_schedule(start);
  }

  void count_from(std::chrono::steady_clock::time_point from) override {
    for (const auto& thread : threads_) thread->count_from(from);
  }

  void stop(nanoseconds stop_timeout) override {
    set_users(std::vector<std::size_t>(classes_.size(), 0), stop_timeout);
    for (const auto& thread : threads_) thread->wait_until_idle();
  }

  [[nodiscard]] std::vector<std::size_t> users() const override {
    std::vector<std::size_t> counts(classes_.size(), 0);
    for (const auto& thread : threads_) {
      for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += thread->users(i);
    }
    return counts;
  }

  [[nodiscard]] bool starting() const override {
    return std::any_of(threads_.begin(), threads_.end(), [](const auto& thread) { return thread->starting(); });
  }

  [[nodiscard]] bool idle() const override {
    return std::all_of(threads_.begin(), threads_.end(), [](const auto& thread) { return thread->idle(); });
  }

  [[nodiscard]] std::optional<std::string> start_refusal() const override { return shared_.start.refusal(); }

  [[nodiscard]] Statistics collect() override {
    Statistics all = threads_.front()->take();
    for (std::size_t i = 1; i < threads_.size(); ++i) all.merge(threads_[i]->take());
    return all;
  }

  [[nodiscard]] Uncounted uncounted() const override {
    Uncounted all;
    for (const auto& thread : threads_) all.merge(thread->uncounted());
    return all;
  }

  [[nodiscard]] Schedule schedule() const override {
    Schedule all;
    for (const auto& thread : threads_) {
      const Schedule one = thread->schedule();
      all.arrivals += one.arrivals;
      all.waited_for_user += one.waited_for_user;
      all.behind += one.behind;
      all.behind_max = std::max(all.behind_max, one.behind_max);
      all.unsent += one.unsent;
      all.unsent_without_user += one.unsent_without_user;
      all.unsent_behind += one.unsent_behind;
      all.unfinished += one.unfinished;
      all.unconnected += one.unconnected;
      all.lateness.merge(one.lateness);
      all.own_lateness.merge(one.own_lateness);
      all.unsent_ages.merge(one.unsent_ages);
    }
    // Threads share the tasks of --iterations, and each has counted those that were left for all.
    if (shared_.budget.is_limited()) all.unsent = std::min(all.unsent, shared_.budget.left());
    all.unsent_without_user = std::min(all.unsent_without_user, all.unsent);
    all.unsent_behind = std::min(all.unsent_behind, all.unsent - all.unsent_without_user);
    return all;
  }

  [[nodiscard]] nanoseconds processor_time() const override {
    nanoseconds sum{0};
    for (const auto& thread : threads_) sum += thread->processor_time();
    return sum;
  }

  [[nodiscard]] nanoseconds busiest_processor_time() const override {
    nanoseconds most{0};
    for (const auto& thread : threads_) most = std::max(most, thread->processor_time());
    return most;
  }

  [[nodiscard]] nanoseconds longest_processor_wait() const override {
    nanoseconds longest{0};
    for (const auto& thread : threads_) longest = std::max(longest, thread->processor_wait());
    return longest;
  }

  [[nodiscard]] Shortages shortages() const override { return shared_.shortages.read(); }
  [[nodiscard]] bool tasks_used_up() const override { return shared_.budget.used_up(); }

  [[nodiscard]] const std::vector<const UserClass*>& classes() const noexcept override { return classes_; }
  [[nodiscard]] std::size_t threads() const noexcept override { return threads_.size(); }

 private:
  /// Distributes users evenly. The remainder of each class goes to different threads, so that no thread gets all of it.
  [[nodiscard]] std::vector<std::size_t> share_of(const std::vector<std::size_t>& by_class, std::size_t index) const {
    std::vector<std::size_t> share(by_class.size());
    std::size_t next = 0;  // the thread that gets the next remaining user
    for (std::size_t i = 0; i < by_class.size(); ++i) {
      const std::size_t left_over = by_class[i] % threads_.size();
      const std::size_t turn = (index + threads_.size() - next) % threads_.size();
      share[i] = by_class[i] / threads_.size() + (turn < left_over ? 1 : 0);
      next = (next + left_over) % threads_.size();
    }
    return share;
  }

  Target target_;
  std::vector<const UserClass*> classes_;
  LoadOptions options_;
  std::unique_ptr<net::TlsClientContext> tls_;
  LoadShared shared_;
  std::vector<std::unique_ptr<LoadThread>> threads_;
};

}  // namespace

Result<std::unique_ptr<LoadGenerator>> LoadGenerator::create(Target target, std::vector<const UserClass*> classes,
                                                             LoadOptions options) {
  for (const UserClass* user_class : classes) {
    if (auto checked = user_class->check(); !checked) return std::move(checked).error();
  }
  std::unique_ptr<net::TlsClientContext> tls;
  if (target.tls) {
    auto context = net::TlsClientContext::create(options.ca_file, options.verify_tls);
    if (!context) return std::move(context).error();
    tls = std::move(*context);
  }
  try {
    std::unique_ptr<LoadGenerator> load =
        std::make_unique<ThreadedGenerator>(std::move(target), std::move(classes), std::move(options), std::move(tls));
    return load;
  } catch (const std::system_error& error) {
    return Error{ErrorCode::internal, std::string{"cannot start the load threads: "} + error.what()};
  }
}

}  // namespace triggers::swarm
