#include "log/line_writer.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "base/invariant.h"
#include "base/mutex.h"
#include "base/thread_name.h"
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
      const MutexLock lock(mutex_);
      stop_at_ = SteadyClock::now() + patience_at_end;
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

  void push(std::string& text, std::uint64_t lines) noexcept {
    if (lines == 0) return;
    {
      const MutexLock lock(mutex_);
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
    MutexLock lock(mutex_);
    const auto until = SteadyClock::now() + patience;
    while (!idle() && idle_.wait_until(lock, until) == std::cv_status::no_timeout) {
    }
    return idle();
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

  bool idle() const REQUIRES(mutex_) { return queue_.empty() && !writing_; }

  /// Single lines share a chunk, so that one write takes many and the queue's own memory stays small.
  void enqueue(std::string& text, std::uint64_t lines) REQUIRES(mutex_) {
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
    name_thread(config_.thread_name);
    auto collect_at = SteadyClock::now() + config_.flush_interval;
    MutexLock lock(mutex_);
    while (true) {
      wait(lock, collect_at);
      if (queue_.empty() && stopping_) return;
      if (config_.collect && (queue_.empty() || SteadyClock::now() >= collect_at)) {
        lock.unlock();
        collect();
        collect_at = SteadyClock::now() + config_.flush_interval;
        lock.lock();
      }
      if (queue_.empty()) continue;
      Chunk chunk = take_front();
      lock.unlock();
      tell(chunk.dropped_before);
      if (!write(chunk.text)) count_dropped(chunk.lines);
      lock.lock();
      keep(std::move(chunk.text));
      if (queue_.empty()) {
        // No line followed the last dropped ones, so their number is logged now.
        lock.unlock();
        tell(take_untold());
        lock.lock();
      }
      writing_ = false;
      if (queue_.empty()) idle_.notify_all();
    }
  }

  /// Until there is a chunk, or it is time to stop or to collect.
  void wait(MutexLock& lock, SteadyClock::time_point collect_at) REQUIRES(mutex_) {
    while (queue_.empty() && !stopping_) {
      if (!config_.collect) {
        wake_.wait(lock);
      } else if (wake_.wait_until(lock, collect_at) == std::cv_status::timeout) {
        return;
      }
    }
  }

  void collect() noexcept {
    try {
      config_.collect();
    } catch (...) {
      return;  // Out of memory: what waits is collected the next time.
    }
  }

  Chunk take_front() REQUIRES(mutex_) {
    Chunk chunk = std::move(queue_.front());
    queue_.pop_front();
    writing_ = true;
    return chunk;
  }

  /// The memory of a chunk that was written, for a later one.
  void keep(std::string text) REQUIRES(mutex_) {
    INVARIANT(waiting_bytes_ >= text.size(), "the log's writer counts fewer waiting bytes than it has written");
    waiting_bytes_ -= text.size();
    text.clear();
    if (spare_.size() < spare_max) spare_.push_back(std::move(text));
  }

  void tell(std::uint64_t lines) noexcept {
    if (lines == 0) return;
    try {
      if (write(config_.tell_dropped(lines))) return;
    } catch (...) {
      // Out of memory: log the number later.
    }
    untold_.fetch_add(lines, std::memory_order_relaxed);
  }

  bool write(std::string_view text) {
    return output_.write(text, [this] {
      const MutexLock lock(mutex_);
      return !stopping_ || SteadyClock::now() < stop_at_;
    });
  }

  const Config config_;
  Output output_;
  std::atomic<std::uint64_t> dropped_{0}, untold_{0};

  Mutex mutex_;
  Condition wake_, idle_;
  std::deque<Chunk> queue_ GUARDED_BY(mutex_);
  std::vector<std::string> spare_ GUARDED_BY(mutex_);
  std::size_t waiting_bytes_ GUARDED_BY(mutex_) = 0;
  bool writing_ GUARDED_BY(mutex_) = false, stopping_ GUARDED_BY(mutex_) = false;
  SteadyClock::time_point stop_at_ GUARDED_BY(mutex_){};

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
