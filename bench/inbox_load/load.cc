#include "load.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/mutex.h"

namespace triggers::bench {

using std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds look_interval{5};
/// Room for this many events from the beginning: copying a journal that grows would delay an event.
constexpr std::size_t journal_reserve = std::size_t{1} << 22U;

/// What the threads of a run share.
class Progress {
 public:
  std::atomic<std::uint64_t> sent{0}, accepted{0}, received{0}, acknowledged{0};
  std::atomic<bool> sending{true};    ///< False: no further event is sent.
  std::atomic<bool> draining{false};  ///< True: all events that will be sent are accepted.
  std::atomic<bool> failed{false};
  std::atomic<std::uint64_t> finished{0};  ///< 1: the workers have finished.

  /// Keeps the first text.
  void fail(std::string_view why) {
    const MutexLock lock(mutex_);
    if (failure_.empty()) failure_ = why;
    failed = true;
  }

  [[nodiscard]] std::string failure() const {
    const MutexLock lock(mutex_);
    return failure_;
  }

 private:
  mutable Mutex mutex_;
  std::string failure_ GUARDED_BY(mutex_);
};

/// The sending thread's part.
class Sending final : public Intake::Listener, private swarm::Reactor::Timer {
 public:
  Sending(OnThread<Intake> intake, const LoadSettings& settings, Progress& progress)
      : reactor_(intake.reactor), intake_(intake.side), settings_(settings), progress_(progress) {
    journal_.reserve(journal_reserve);
  }

  void begin() {
    begun_ = steady_clock::now();
    intake_.start(*this);
    send();
  }

  void end() { reactor_.cancel(*this); }

  [[nodiscard]] const std::vector<SentEvent>& journal() const { return journal_; }
  [[nodiscard]] std::chrono::nanoseconds late_max() const { return late_max_; }

 private:
  void send() {
    send_due();
    if (!progress_.sending || settings_.rate > 0) intake_.flush();
  }

  void send_due() {
    while (progress_.sending && intake_.has_room()) {
      const Time now = steady_clock::now();
      const Time due = due_time(now);
      if (due > now) {
        if (!waits()) reactor_.start(*this, due);
        return;
      }
      if (settings_.rate > 0) late_max_ = std::max<std::chrono::nanoseconds>(late_max_, now - due);
      journal_.push_back({.sent = now});
      progress_.sent = journal_.size();
      intake_.send(journal_.size() - 1);
    }
  }

  /// When the next event is due.
  [[nodiscard]] Time due_time(Time now) const {
    if (settings_.rate > 0) {
      const std::chrono::duration<double> after{static_cast<double>(journal_.size()) / settings_.rate};
      return begun_ + std::chrono::duration_cast<std::chrono::nanoseconds>(after);
    }
    const auto backlog = static_cast<std::int64_t>(progress_.accepted) - static_cast<std::int64_t>(progress_.received);
    return backlog < settings_.backlog_max ? now : now + std::chrono::milliseconds{1};
  }

  void fire() override { send(); }

  void accepted(std::uint64_t number) override {
    journal_[number].accepted = steady_clock::now();
    ++progress_.accepted;
    send();
  }

  void failed(std::string_view why) override { progress_.fail(why); }

  swarm::Reactor& reactor_;
  Intake& intake_;
  const LoadSettings& settings_;
  Progress& progress_;
  Time begun_{};
  std::vector<SentEvent> journal_;
  std::chrono::nanoseconds late_max_{};
};

/// The receiving thread's part.
class Receiving final : public Outlet::Listener {
 public:
  Receiving(OnThread<Outlet> outlet, const LoadSettings& settings, Progress& progress)
      : outlet_(outlet.side), waits_(settings.rate > 0), progress_(progress) {
    journal_.reserve(journal_reserve);
  }

  void begin() { outlet_.start(*this); }

  [[nodiscard]] const std::vector<ReceivedEvent>& journal() const { return journal_; }
  [[nodiscard]] std::uint64_t batches() const { return batches_; }

 private:
  /// A worker that leases only what is there leases full batches, and no request is answered with nothing. The same
  /// load then costs every server as many requests.
  std::size_t reserve(std::size_t batch) override {
    if (waits_) return batch;
    const auto accepted = static_cast<std::int64_t>(progress_.accepted);
    const auto there = accepted - static_cast<std::int64_t>(progress_.received) - reserved_;
    const auto wanted = static_cast<std::int64_t>(batch);
    if (there < wanted && !progress_.draining) return 0;
    const std::int64_t given = std::clamp<std::int64_t>(there, 0, wanted);
    reserved_ += given;
    return static_cast<std::size_t>(given);
  }

  void unreserve(std::size_t events) override {
    if (!waits_) reserved_ -= static_cast<std::int64_t>(events);
  }

  void received(std::span<const std::uint64_t> numbers) override {
    const Time now = steady_clock::now();
    for (const std::uint64_t number : numbers) {
      if (number >= progress_.sent) return progress_.fail("received an event that was never sent");
      if (number >= journal_.size()) journal_.resize(number + 1);
      ReceivedEvent& event = journal_[number];
      if (++event.receipts == 1) {
        event.received = now;
        ++progress_.received;
      }
    }
  }

  void acknowledged(std::span<const std::uint64_t> numbers) override {
    const Time now = steady_clock::now();
    ++batches_;
    for (const std::uint64_t number : numbers) {
      if (number >= journal_.size()) return;  // The run has failed already.
      ReceivedEvent& event = journal_[number];
      if (++event.acknowledgements > 1) continue;
      event.acknowledged = now;
      ++progress_.acknowledged;
    }
  }

  void finished() override { progress_.finished = 1; }

  void failed(std::string_view why) override { progress_.fail(why); }

  Outlet& outlet_;
  const bool waits_;
  Progress& progress_;
  std::vector<ReceivedEvent> journal_;
  std::int64_t reserved_ = 0;
  std::uint64_t batches_ = 0;
};

void sleep_until(Time end, const Progress& progress) {
  while (!progress.failed && steady_clock::now() < end) std::this_thread::sleep_for(look_interval);
}

/// Waits until `done` reaches `goal`; gives up if it does not move for `stalled_max`.
void wait_for(const std::atomic<std::uint64_t>& done, const std::atomic<std::uint64_t>& goal,
              std::chrono::milliseconds stalled_max, const Progress& progress) {
  std::uint64_t seen = done;
  Time moved = steady_clock::now();
  while (!progress.failed && done < goal && steady_clock::now() - moved < stalled_max) {
    std::this_thread::sleep_for(look_interval);
    if (done == seen) continue;
    seen = done;
    moved = steady_clock::now();
  }
}

}  // namespace

LoadResult run_load(OnThread<Intake> intake, OnThread<Outlet> outlet, const LoadSettings& settings) {
  Progress progress;
  Sending sending(intake, settings, progress);
  Receiving receiving(outlet, settings, progress);
  std::thread receiver([&] {
    receiving.begin();
    outlet.reactor.run();
    outlet.side.stop();
  });
  std::thread sender([&] {
    sending.begin();
    intake.reactor.run();
    sending.end();
  });

  sleep_until(steady_clock::now() + settings.warm_up, progress);
  const Time from = steady_clock::now();
  sleep_until(from + settings.measured, progress);
  const Time to = steady_clock::now();
  progress.sending = false;
  wait_for(progress.accepted, progress.sent, settings.stalled_max, progress);
  intake.reactor.stop();
  sender.join();
  progress.draining = true;
  outlet.reactor.post([&] { outlet.side.drain(); });
  wait_for(progress.acknowledged, progress.accepted, settings.stalled_max, progress);
  // webdis 0.1.9 answers another client if one leaves while its request is in Redis.
  outlet.reactor.post([&] { outlet.side.finish(); });
  const std::atomic<std::uint64_t> all{1};
  wait_for(progress.finished, all, settings.stalled_max, progress);
  outlet.reactor.stop();
  receiver.join();

  return {.failure = progress.failure(),
          .account = judge(sending.journal(), receiving.journal(), from, to),
          .batches = receiving.batches(),
          .late_max = sending.late_max()};
}

}  // namespace triggers::bench
