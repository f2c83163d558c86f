#include "net/io_executor.h"

#include <boost/asio/post.hpp>

namespace triggers::net {

IoExecutor::IoExecutor() = default;
IoExecutor::~IoExecutor() = default;

void IoExecutor::resume(std::span<const std::coroutine_handle<>> handles) {
  if (handles.empty()) return;
  const MutexLock lock(mutex_);
  // Room first, and the post before the handles: without memory nothing is resumed, and the caller may try again.
  if (const std::size_t size = ready_.size() + handles.size(); size > ready_.capacity()) ready_.reserve(2 * size);
  if (ready_.empty()) boost::asio::post(io_, [this] { run_ready(); });
  ready_.insert(ready_.end(), handles.begin(), handles.end());
}

void IoExecutor::run_ready() {
  {
    const MutexLock lock(mutex_);
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

}  // namespace triggers::net
