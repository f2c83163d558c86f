#include "log/line_writer.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "log/output.h"

namespace triggers::log {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Emptied texts that keep their memory for the next ones.
constexpr std::size_t spare_max = 16;
constexpr std::size_t shared_chunk_bytes_max = 32 * 1024;

/// A thread inherits the mask. A signal that the program waits for must never end up in, or end it by, this thread.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

class LineWriter::State {
 public:
  State(int descriptor, Config config) : config_(std::move(config)), output_(descriptor) {
    spare_.reserve(spare_max);
    const SignalsBlocked no_signals;
    thread_ = std::thread([this] { run(); });
  }

  ~State() { finish(); }

  void finish() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      stop_at_ = SteadyClock::now() + patience_at_end;
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

  void push(std::string& text, std::uint64_t lines) noexcept {
    if (lines == 0) return;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_bytes_ + text.size() > config_.waiting_bytes_max) {
        text.clear();
        count_dropped(lines);
        return;
      }
      waiting_bytes_ += text.size();
      enqueue(text, lines);
    }
    wake_.notify_one();
  }

  bool flush(milliseconds patience) {
    std::unique_lock lock(mutex_);
    return idle_.wait_for(lock, patience, [this] { return queue_.empty() && !writing_; });
  }

  void count_dropped(std::uint64_t lines) noexcept {
    dropped_.fetch_add(lines, std::memory_order_relaxed);
    untold_.fetch_add(lines, std::memory_order_relaxed);
  }
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Chunk {
    std::string text;
    std::uint64_t lines = 0;
    std::uint64_t dropped_before = 0;
  };

  /// Single lines share a chunk, so that one write takes many and the queue's own memory stays small.
  void enqueue(std::string& text, std::uint64_t lines) {
    const std::size_t bytes = text.size();
    try {
      const bool shares = !queue_.empty() && queue_.back().text.size() + bytes <= shared_chunk_bytes_max &&
                          untold_.load(std::memory_order_relaxed) == 0;
      if (shares) {
        queue_.back().text.append(text);
        queue_.back().lines += lines;
        text.clear();
        return;
      }
      Chunk& chunk = queue_.emplace_back();
      if (!spare_.empty()) {
        chunk.text = std::move(spare_.back());
        spare_.pop_back();
      }
      std::swap(chunk.text, text);
      chunk.lines = lines;
      chunk.dropped_before = take_untold();
    } catch (...) {
      // Out of memory, and nothing has changed: a log line is not worth the request.
      waiting_bytes_ -= bytes;
      text.clear();
      count_dropped(lines);
    }
  }

  std::uint64_t take_untold() noexcept { return untold_.exchange(0, std::memory_order_relaxed); }

  void run() {
    auto collect_at = SteadyClock::now() + config_.flush_interval;
    std::unique_lock lock(mutex_);
    while (true) {
      wait(lock, collect_at);
      if (queue_.empty() && stopping_) return;
      if (config_.collect && (queue_.empty() || SteadyClock::now() >= collect_at)) {
        lock.unlock();
        collect();
        collect_at = SteadyClock::now() + config_.flush_interval;
        lock.lock();
      }
      if (!queue_.empty()) write_front(lock);
    }
  }

  void wait(std::unique_lock<std::mutex>& lock, SteadyClock::time_point collect_at) {
    const auto called = [this] { return !queue_.empty() || stopping_; };
    if (config_.collect) {
      wake_.wait_until(lock, collect_at, called);
    } else {
      wake_.wait(lock, called);
    }
  }

  void collect() noexcept {
    try {
      config_.collect();
    } catch (...) {
      return;  // Out of memory: what waits is collected the next time.
    }
  }

  void write_front(std::unique_lock<std::mutex>& lock) {
    Chunk chunk = std::move(queue_.front());
    queue_.pop_front();
    writing_ = true;
    lock.unlock();
    tell(chunk.dropped_before);
    if (!write(chunk.text)) count_dropped(chunk.lines);
    lock.lock();
    waiting_bytes_ -= chunk.text.size();
    chunk.text.clear();
    if (spare_.size() < spare_max) spare_.push_back(std::move(chunk.text));
    if (queue_.empty()) {
      // Nothing followed what was dropped last, so it is told now.
      lock.unlock();
      tell(take_untold());
      lock.lock();
    }
    writing_ = false;
    if (queue_.empty()) idle_.notify_all();
  }

  void tell(std::uint64_t lines) noexcept {
    if (lines == 0) return;
    try {
      if (write(config_.tell_dropped(lines))) return;
    } catch (...) {
      // Out of memory: it is told later.
    }
    untold_.fetch_add(lines, std::memory_order_relaxed);
  }

  bool write(std::string_view text) {
    return output_.write(text, [this] {
      const std::lock_guard lock(mutex_);
      return !stopping_ || SteadyClock::now() < stop_at_;
    });
  }

  const Config config_;
  Output output_;
  std::atomic<std::uint64_t> dropped_{0}, untold_{0};

  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::deque<Chunk> queue_;
  std::vector<std::string> spare_;
  std::size_t waiting_bytes_ = 0;
  bool writing_ = false, stopping_ = false;
  SteadyClock::time_point stop_at_{};

  std::thread thread_;
};

LineWriter::LineWriter(int descriptor, Config config)
    : state_(std::make_unique<State>(descriptor, std::move(config))) {}
LineWriter::~LineWriter() = default;

void LineWriter::push(std::string& text, std::uint64_t lines) noexcept { state_->push(text, lines); }
void LineWriter::finish() { state_->finish(); }
bool LineWriter::flush(milliseconds patience) { return state_->flush(patience); }
void LineWriter::count_dropped(std::uint64_t lines) noexcept { state_->count_dropped(lines); }
std::uint64_t LineWriter::dropped() const noexcept { return state_->dropped(); }

}  // namespace triggers::log
