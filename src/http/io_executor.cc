#include "http/io_executor.h"

#include <boost/asio/post.hpp>

namespace triggers::http {

IoExecutor::IoExecutor() = default;
IoExecutor::~IoExecutor() = default;

void IoExecutor::resume(std::span<const std::coroutine_handle<>> handles) {
  if (handles.empty()) return;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = ready_.empty();
    ready_.insert(ready_.end(), handles.begin(), handles.end());
  }
  if (first) boost::asio::post(io_, [this] { run_ready(); });
}

void IoExecutor::run_ready() {
  {
    const std::lock_guard lock(mutex_);
    running_.swap(ready_);
  }
  for (const auto handle : running_) handle.resume();
  running_.clear();
}

void* IoExecutor::attached(std::uint64_t owner) const noexcept {
  for (const auto& [of, what] : attached_) {
    if (of == owner) return what.get();
  }
  return nullptr;
}

}  // namespace triggers::http
