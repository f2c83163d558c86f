#include "store/dynamo/events/batch_order.h"

#include <map>
#include <utility>

#include "store/content.h"

namespace triggers::store::dynamo {
namespace {

/// The value of `key` before, and `place` from now on.
template <class Map, class Key>
std::optional<std::size_t> replace(Map& places, const Key& key, std::size_t place) {
  const auto [found, is_new] = places.try_emplace(key, place);
  if (is_new) return std::nullopt;
  return std::exchange(found->second, place);
}

}  // namespace

std::vector<EqualBefore> equal_before(std::span<const IncomingEvent> events, bool by_content) {
  std::map<event::Fingerprint, std::size_t> by_fingerprint;
  std::map<std::string_view, std::size_t> by_key;
  std::vector<EqualBefore> before(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].idempotency_key) {
      before[i].by_key = replace(by_key, std::string_view{*events[i].idempotency_key}, i);
      // It is an event of its own. Of those with a key, the first makes the content known.
      const auto [first, is_new] = by_fingerprint.try_emplace(events[i].fingerprint, i);
      if (by_content && !is_new) before[i].by_content = first->second;
    } else if (by_content) {
      before[i].by_content = replace(by_fingerprint, events[i].fingerprint, i);
    }
  }
  return before;
}

std::optional<Appended> answer_of_equal(std::span<const IncomingEvent> events,
                                        std::span<const Result<Appended>> answers, std::size_t place,
                                        const EqualBefore& before) {
  const IncomingEvent& event = events[place];
  const auto stored = [&](std::optional<std::size_t> at) {
    return at && answers[*at] && answers[*at]->outcome != Appended::Outcome::idempotency_mismatch &&
           answers[*at]->outcome != Appended::Outcome::no_room;
  };
  const auto equal = [&](std::size_t at) { return same_event(event, events[at].event_type, events[at].payload); };
  if (event.idempotency_key) {
    if (!stored(before.by_key)) return std::nullopt;
    const auto outcome = equal(*before.by_key) ? Appended::Outcome::duplicate : Appended::Outcome::idempotency_mismatch;
    return Appended{outcome, answers[*before.by_key]->id};
  }
  if (!stored(before.by_content) || !equal(*before.by_content)) return std::nullopt;
  // A key is known for longer than a content: what it repeats may be too old for this event to repeat it.
  const bool by_key = events[*before.by_content].idempotency_key.has_value();
  if (by_key && answers[*before.by_content]->outcome != Appended::Outcome::accepted) return std::nullopt;
  return Appended{Appended::Outcome::duplicate, answers[*before.by_content]->id};
}

void Turns::end(std::size_t task) {
  tasks_[task].ended = true;
  const auto waiting = std::exchange(tasks_[task].waiting, {});
  for (const auto handle : waiting) handle.resume();
}

}  // namespace triggers::store::dynamo
