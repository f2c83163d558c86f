#include "swarm/stats/request_name.h"

#include <atomic>
#include <deque>
#include <map>
#include <utility>

#include "base/invariant.h"
#include "base/mutex.h"

namespace triggers::swarm {
namespace {

constexpr std::string_view limited_prefix = "429 ";

std::string limited_name(std::string_view method, std::string_view name) {
  const bool named_by_method = name.starts_with(method) && name.substr(method.size()).starts_with(' ');
  std::string text{limited_prefix};
  text.append(named_by_method ? name.substr(method.size() + 1) : name);
  return text.append(" (").append(method).append(")");
}

}  // namespace

struct RequestName::Known {
  Known(std::size_t at, std::string_view of_method, std::string_view text)
      : index(at), method(of_method), name(text), is_limited(name.starts_with(limited_prefix)) {}

  const std::size_t index;
  const std::string method, name;
  const bool is_limited;
  mutable std::atomic<const Known*> limited = nullptr;
};

/// All names of the program. They never move, so pointers to them need no lock.
class RequestName::Registry {
 public:
  /// Never destroyed: names at namespace scope may be used until the process ends.
  static Registry& instance() {
    static Registry& registry = *new Registry;
    return registry;
  }

  const Known* find_or_add(std::string_view method, std::string_view name) {
    const MutexLock lock(mutex_);
    auto [place, added] = by_text_.try_emplace({std::string(method), std::string(name)}, nullptr);
    if (added) place->second = &all_.emplace_back(all_.size(), method, name);
    return place->second;
  }

  const Known* at(std::size_t index) {
    const MutexLock lock(mutex_);
    INVARIANT(index < all_.size(), "the request name %zu of %zu", index, all_.size());
    return &all_[index];
  }

 private:
  Mutex mutex_;
  std::deque<Known> all_ GUARDED_BY(mutex_);
  std::map<std::pair<std::string, std::string>, const Known*> by_text_ GUARDED_BY(mutex_);
};

RequestName::RequestName(std::string_view method, std::string_view name)
    : RequestName(Registry::instance().find_or_add(method, name)) {}

RequestName::RequestName(const Known* known) noexcept : index_(known->index), known_(known) {}

RequestName RequestName::at(std::size_t index) { return RequestName(Registry::instance().at(index)); }

const std::string& RequestName::method() const noexcept { return known_->method; }
const std::string& RequestName::name() const noexcept { return known_->name; }
bool RequestName::is_limited() const noexcept { return known_->is_limited; }

RequestName RequestName::limited() const {
  if (known_->is_limited) return *this;
  const Known* limited = known_->limited.load(std::memory_order_acquire);
  if (limited == nullptr) {
    limited = RequestName(known_->method, limited_name(known_->method, known_->name)).known_;
    known_->limited.store(limited, std::memory_order_release);
  }
  return RequestName(limited);
}

}  // namespace triggers::swarm
