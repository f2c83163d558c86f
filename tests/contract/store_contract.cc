// The verbs of the contract suite (store_contract.h). The tests are in the files of this folder that are named after
// what they test.

#include "contract/store_contract.h"

#include <algorithm>
#include <barrier>
#include <thread>

#include "base/sync_wait.h"

namespace triggers::store::contract {
namespace {

constexpr std::size_t batch_events_max = 500;

}  // namespace

Engine& StoreContract::engine() {
  if (!engine_) engine_ = GetParam().make(options, clock);
  return *engine_;
}

Appended StoreContract::append(const Tenant& to, const Draft& draft) {
  return sync_wait(log().append(to, draft.append())).value();
}

std::vector<Appended> StoreContract::append_batch(const std::vector<Draft>& drafts) {
  std::vector<IncomingEvent> appends;
  for (const Draft& draft : drafts) appends.push_back(draft.append());
  std::vector<Appended> answers;
  for (auto& answer : sync_wait(log().append_batch(tenant, std::move(appends)))) {
    answers.push_back(std::move(answer).value());
  }
  return answers;
}

std::vector<EventId> StoreContract::fill(std::size_t count, std::size_t first) {
  std::vector<EventId> ids;
  while (ids.size() < count) {
    std::vector<Draft> drafts;
    for (std::size_t i = ids.size(); i < count && drafts.size() < batch_events_max; ++i) {
      drafts.push_back(numbered(first + i));
    }
    for (const Appended& answer : append_batch(drafts)) {
      EXPECT_EQ(answer.outcome, Appended::Outcome::accepted);
      ids.push_back(answer.id);
    }
  }
  return ids;
}

Page StoreContract::page(const Tenant& of, const PageQuery& query) {
  return sync_wait(inbox().page(of, query)).value();
}

std::vector<StoredEvent> StoreContract::drain(const Tenant& of, PageQuery query) {
  std::vector<StoredEvent> all;
  for (;;) {
    Page next = page(of, query);
    EXPECT_LE(next.events.size(), query.limit);
    EXPECT_EQ(next.next_after.has_value(), query.after || next.has_more || !next.events.empty());
    std::ranges::move(next.events, std::back_inserter(all));
    if (!next.has_more) return all;
    query.after = next.next_after;
  }
}

std::optional<StoredEvent> StoreContract::get(const Tenant& of, EventId id) {
  return sync_wait(log().get(of, id)).value();
}

std::vector<AckStatus> StoreContract::acknowledge(const Tenant& of, const std::vector<EventId>& ids) {
  return sync_wait(inbox().acknowledge(of, ids)).value();
}

std::vector<EventId> ids_of(const std::vector<StoredEvent>& events) {
  std::vector<EventId> ids;
  std::ranges::transform(events, std::back_inserter(ids), &StoredEvent::id);
  return ids;
}

std::vector<EventId> ids_of(const std::vector<Appended>& answers) {
  std::vector<EventId> ids;
  std::ranges::transform(answers, std::back_inserter(ids), &Appended::id);
  return ids;
}

void race(std::size_t threads, const std::function<void(std::size_t)>& work) {
  std::barrier start(static_cast<std::ptrdiff_t>(threads));
  std::vector<std::jthread> racers;
  for (std::size_t i = 0; i < threads; ++i) {
    racers.emplace_back([&, i] {
      start.arrive_and_wait();
      work(i);
    });
  }
}

}  // namespace triggers::store::contract
