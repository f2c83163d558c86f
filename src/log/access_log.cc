#include "log/access_log.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <climits>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/timestamp.h"
#include "log/json_text.h"

namespace triggers::log {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Most requests of a thread come in the millisecond of the one before.
void append_time(std::string& out, UnixMillis time) {
  thread_local UnixMillis last = UnixMillis::min();
  thread_local std::string text;
  if (time != last) {
    text.clear();
    append_timestamp(text, time);
    last = time;
  }
  out.append(text);
}

/// `name` with the comma before it and the colon after it, so that it is one piece to copy.
void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out.append(name);
  append_json_text(out, text);
}

void append_number(std::string& out, std::string_view name, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(name).append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void append_line(std::string& out, const AccessEntry& entry) {
  out.append("{\"time\":\"");
  append_time(out, entry.time);
  out.append("\",\"level\":\"info\",\"event\":\"request\"");
  append_member(out, R"(,"request_id":)", entry.request_id);
  append_member(out, R"(,"method":)", entry.method);
  append_member(out, R"(,"route":)", entry.route);
  const auto duration = std::chrono::duration_cast<std::chrono::microseconds>(entry.duration).count();
  append_number(out, R"(,"status":)", entry.status);
  append_number(out, R"(,"duration_us":)", static_cast<std::uint64_t>(std::max<std::int64_t>(duration, 0)));
  append_number(out, R"(,"bytes_in":)", entry.bytes_in);
  append_number(out, R"(,"bytes_out":)", entry.bytes_out);
  append_member(out, R"(,"key_id":)", entry.key_id);
  append_member(out, R"(,"user_id":)", entry.user_id);
  append_member(out, R"(,"client":)", entry.client);
  out.append("}\n");
}

std::atomic<std::uint64_t> logs_made{0};

bool is_pipe(int descriptor) {
  struct stat status{};
  return fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode);
}

}  // namespace

/// The buffers, the queue of full ones, and the thread that writes them. Locks are taken in the order buffer, queue.
class AccessLog::State {
 public:
  explicit State(int descriptor)
      : descriptor_(descriptor), id_(++logs_made), is_pipe_(is_pipe(descriptor)), writer_([this] { run(); }) {}

  ~State() {
    collect();
    {
      const std::lock_guard lock(queue_mutex_);
      stop_at_ = SteadyClock::now() + patience_at_end;
      stopping_ = true;
    }
    stop_requested_.store(true, std::memory_order_release);
    wake_.notify_all();
    writer_.join();
  }

  void write(const AccessEntry& entry) {
    auto& buffer = buffer_of_this_thread();
    const std::lock_guard lock(buffer.mutex);
    append_line(buffer.text, entry);
    ++buffer.lines;
    if (buffer.text.size() >= buffer_bytes) hand_over(buffer);
  }

  bool flush(milliseconds patience) {
    collect();
    std::unique_lock lock(queue_mutex_);
    return idle_.wait_for(lock, patience, [this] { return queue_.empty() && !writing_; });
  }

  void count_dropped(std::uint64_t lines) noexcept { dropped_.fetch_add(lines, std::memory_order_relaxed); }
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  static constexpr milliseconds patience_at_end{1000};
  static constexpr milliseconds poll_interval{50};

  struct Buffer {
    std::mutex mutex;
    std::string text;
    std::uint64_t lines = 0;
  };
  struct Chunk {
    std::string text;
    std::uint64_t lines = 0;
  };

  Buffer& buffer_of_this_thread() {
    // The id, not the address: another log may have been made where this one's predecessor was.
    thread_local std::uint64_t owner = 0;
    thread_local Buffer* buffer = nullptr;
    if (owner != id_ || buffer == nullptr) {
      const std::lock_guard lock(buffers_mutex_);
      auto made = std::make_unique<Buffer>();
      made->text.reserve(buffer_bytes + 1024);
      // Made before: what is in the map is whole, also when memory has run out. One of this thread's may be there.
      auto& slot = buffers_.try_emplace(std::this_thread::get_id(), std::move(made)).first->second;
      buffer = slot.get();
      owner = id_;
    }
    return *buffer;
  }

  /// Moves a buffer's text to the queue, or drops it if too much waits. The buffer's lock is held.
  void hand_over(Buffer& buffer) {
    Chunk chunk;
    {
      const std::lock_guard lock(queue_mutex_);
      if (waiting_bytes_ + buffer.text.size() > waiting_bytes_max) {
        count_dropped(buffer.lines);
        buffer.text.clear();
        buffer.lines = 0;
        return;
      }
      if (!spare_.empty()) {
        chunk.text = std::move(spare_.back());
        spare_.pop_back();
      }
      std::swap(chunk.text, buffer.text);
      chunk.lines = std::exchange(buffer.lines, 0);
      waiting_bytes_ += chunk.text.size();
      queue_.push_back(std::move(chunk));
    }
    wake_.notify_one();
  }

  void collect() {
    const std::lock_guard lock(buffers_mutex_);
    for (auto& [thread, buffer] : buffers_) {
      const std::lock_guard buffer_lock(buffer->mutex);
      if (buffer->lines > 0) hand_over(*buffer);
    }
  }

  void run() {
    auto tick_at = SteadyClock::now() + flush_interval;
    std::unique_lock lock(queue_mutex_);
    while (true) {
      wake_.wait_until(lock, tick_at, [this] { return !queue_.empty() || stopping_; });
      if (queue_.empty() && stopping_) return;
      if (queue_.empty() || SteadyClock::now() >= tick_at) {
        lock.unlock();
        collect();
        tick_at = SteadyClock::now() + flush_interval;
        lock.lock();
      }
      if (queue_.empty()) continue;
      write_front(lock);
    }
  }

  void write_front(std::unique_lock<std::mutex>& lock) {
    auto chunk = std::move(queue_.front());
    queue_.pop_front();
    writing_ = true;
    lock.unlock();
    if (!write_all(chunk.text)) count_dropped(chunk.lines);
    lock.lock();
    writing_ = false;
    waiting_bytes_ -= chunk.text.size();
    chunk.text.clear();
    if (spare_.size() < spare_max) spare_.push_back(std::move(chunk.text));
    if (queue_.empty()) idle_.notify_all();
  }

  /// False if the reader is gone, or stood still until the end of the process.
  bool write_all(std::string_view text) {
    while (!text.empty()) {
      if (!wait_writable()) return false;
      const auto piece = next_piece(text);
      auto done = send(descriptor_, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (done < 0 && errno == ENOTSOCK) done = ::write(descriptor_, piece.data(), piece.size());
      if (done < 0 && errno != EINTR && errno != EAGAIN) return false;
      if (done > 0) text.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
  }

  /// What a writable pipe takes without blocking and without mixing with other writers is PIPE_BUF (POSIX, write()).
  std::string_view next_piece(std::string_view text) const {
    if (!is_pipe_ || text.size() <= PIPE_BUF) return text;
    const auto line_end = text.substr(0, PIPE_BUF).rfind('\n');
    return text.substr(0, line_end == std::string_view::npos ? PIPE_BUF : line_end + 1);
  }

  bool wait_writable() {
    while (true) {
      pollfd entry{descriptor_, POLLOUT, 0};
      const auto ready = poll(&entry, 1, static_cast<int>(poll_interval.count()));
      if (ready > 0) return (entry.revents & POLLOUT) != 0;
      if (ready < 0 && errno != EINTR) return false;
      if (!stop_requested_.load(std::memory_order_acquire)) continue;
      const std::lock_guard lock(queue_mutex_);
      if (SteadyClock::now() >= stop_at_) return false;
    }
  }

  static constexpr std::size_t spare_max = 16;

  const int descriptor_;
  const std::uint64_t id_;
  const bool is_pipe_;
  std::atomic<bool> stop_requested_{false};
  std::atomic<std::uint64_t> dropped_{0};

  std::mutex buffers_mutex_;
  std::unordered_map<std::thread::id, std::unique_ptr<Buffer>> buffers_;

  std::mutex queue_mutex_;
  std::condition_variable wake_, idle_;
  std::deque<Chunk> queue_;
  std::vector<std::string> spare_;
  std::size_t waiting_bytes_ = 0;
  bool writing_ = false, stopping_ = false;
  SteadyClock::time_point stop_at_{};

  std::thread writer_;  // The last member: it uses the others.
};

AccessLog::AccessLog(int descriptor) : state_(std::make_unique<State>(descriptor)) {}
AccessLog::~AccessLog() = default;

void AccessLog::write(const AccessEntry& entry) noexcept {
  try {
    state_->write(entry);
  } catch (...) {
    // Out of memory, most likely: a log line is not worth the request.
    state_->count_dropped(1);
  }
}

bool AccessLog::flush(std::chrono::milliseconds patience) { return state_->flush(patience); }
std::uint64_t AccessLog::dropped() const noexcept { return state_->dropped(); }

}  // namespace triggers::log
