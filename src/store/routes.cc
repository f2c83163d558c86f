#include "store/routes.h"

#include <optional>
#include <utility>

#include "base/invariant.h"
#include "base/mutex.h"
#include "filter/filter_set.h"

namespace triggers::store {
namespace {

// Measured: see Routes.MemoryIsAtMostWhatTheySay, for filters of many short conditions.
constexpr std::size_t memory_of_a_filter = 1024;
constexpr std::size_t memory_a_filter_byte = 200;

/// Evaluators of one set that no thread uses now. There are at most as many as threads have used at once.
class Evaluators {
 public:
  explicit Evaluators(filter::FilterSet set) : set_(std::move(set)) {}

  filter::Evaluator take() {
    const MutexLock lock(mutex_);
    if (idle_.empty()) return filter::Evaluator(set_);
    filter::Evaluator evaluator = std::move(idle_.back());
    idle_.pop_back();
    return evaluator;
  }

  void give_back(filter::Evaluator evaluator) {
    const MutexLock lock(mutex_);
    idle_.push_back(std::move(evaluator));
  }

 private:
  const filter::FilterSet set_;
  Mutex mutex_;
  std::vector<filter::Evaluator> idle_ GUARDED_BY(mutex_);
};

}  // namespace

struct Routes::State {
  Takers always;                       // Inboxes that take everything.
  std::vector<std::size_t> filtering;  // The position of the inbox of each filter.
  std::size_t filter_bytes = 0;        // Of the filters' texts.
  std::size_t steps_a_byte = 0;
  mutable std::optional<Evaluators> evaluators;
};

Result<Routes> Routes::make(const std::vector<InboxRecord>& inboxes) {
  INVARIANT(inboxes.size() <= Takers().size(), "more inboxes than a tenant may have");
  auto state = std::make_shared<State>();
  std::vector<filter::Filter> filters;
  for (std::size_t i = 0; i != inboxes.size(); ++i) {
    const inbox::Settings& settings = inboxes[i].settings;
    if (!settings.collect) continue;
    if (settings.filter.empty()) {
      state->always.set(i);
      continue;
    }
    auto parsed = filter::Filter::parse(settings.filter);
    INVARIANT(parsed.ok(), "the filter of an inbox was not checked");
    filters.push_back(*std::move(parsed));
    state->filter_bytes += settings.filter.size();
    state->filtering.push_back(i);
  }
  if (!filters.empty()) {
    auto set = filter::FilterSet::make(filters);
    if (!set) return std::move(set).error();
    state->steps_a_byte = 1 + set->conditions_at_worst_path();
    state->evaluators.emplace(*std::move(set));
  }
  return Routes(std::move(state));
}

Result<Takers> Routes::takers(const filter::Event& event) const {
  Takers takers = state_->always;
  if (!state_->evaluators) return takers;
  filter::Evaluator evaluator = state_->evaluators->take();
  const auto matches = evaluator.evaluate(event);
  state_->evaluators->give_back(std::move(evaluator));
  if (!matches) return matches.error();
  for (std::size_t i = 0; i != state_->filtering.size(); ++i) {
    if ((*matches)[i]) takers.set(state_->filtering[i]);
  }
  return takers;
}

std::size_t Routes::steps_at_worst(std::size_t bytes) const noexcept { return bytes * state_->steps_a_byte; }

std::size_t Routes::memory_bytes() const noexcept {
  return sizeof(State) + memory_of_a_filter * state_->filtering.size() + memory_a_filter_byte * state_->filter_bytes;
}

}  // namespace triggers::store
