#include "store/rocks/event_router.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace triggers::store {
namespace {

/// A tenant's inboxes may change so often between the evaluation and the commit.
constexpr std::size_t rounds_max = 8;
/// More steps than this are taken on the pool: about a millisecond.
constexpr std::size_t steps_at_once = 1024 * 1024;
/// How much text is evaluated in one turn on the pool. One larger event is a turn of its own.
constexpr std::size_t bytes_a_turn = 256 * 1024;

std::size_t text_bytes(const IncomingEvent& event) noexcept { return event.payload.size() + event.metadata.size(); }

/// Evaluates the next events, until they have `bytes_max` together.
Result<Done> evaluate(const Routes& routes, const Operation& operation, std::size_t bytes_max) {
  Routed& routed = *operation.routed;
  std::size_t bytes = 0;
  for (std::size_t i = routed.begin + routed.takers.size(); i < operation.events.size(); ++i) {
    const IncomingEvent& event = operation.events[i];
    bytes += text_bytes(event);
    if (bytes > bytes_max && bytes != text_bytes(event)) return Done{};
    const auto takers = routes.takers(filtered(event));
    if (!takers) return takers.error();
    routed.takers.push_back(*takers);
  }
  return Done{};
}

}  // namespace

Task<Status> EventRouter::route(Operation& operation) {
  const Tenant& tenant = *operation.tenant;
  const std::size_t rounds = operation.routed ? operation.routed->rounds + 1 : 0;
  if (rounds > rounds_max) {
    co_return Error{ErrorCode::overloaded, "the inboxes of this tenant change too often to route its events"};
  }
  const TenantState* const state = tenants_.find(tenant.id);
  std::shared_ptr<const Roster> roster = state != nullptr ? state->roster() : nullptr;
  if (!roster) {
    operation.routed.reset();
    co_return Done{};
  }
  std::optional<Routes> routes;
  if (roster->filters()) {
    auto found = co_await routes_of(tenant, roster);
    if (!found) co_return std::move(found).error();
    routes = *std::move(found);
  }
  const auto events = operation.events.subspan(operation.part_begin);
  operation.routed = std::make_unique<Routed>();
  operation.routed->rounds = rounds;
  operation.routed->begin = operation.part_begin;
  operation.routed->roster = std::move(roster);
  std::vector<Takers>& takers = operation.routed->takers;
  if (!routes) {
    takers.assign(events.size(), operation.routed->roster->unfiltered());
    co_return Done{};
  }
  takers.reserve(events.size());
  std::size_t bytes = 0;
  for (const IncomingEvent& event : events) bytes += text_bytes(event);
  if (routes->steps_at_worst(bytes) <= steps_at_once) co_return evaluate(*routes, operation, bytes);
  while (takers.size() < events.size()) {
    auto turn = pool_.run(tenant.id, [&] { return evaluate(*routes, operation, bytes_a_turn); });
    const auto done = co_await turn;
    if (!done) co_return done.error();
  }
  co_return Done{};
}

Task<Result<std::optional<Routes>>> EventRouter::routes_of(const Tenant& tenant, std::shared_ptr<const Roster> roster) {
  if (auto kept = routes_.find(tenant.id, *roster)) co_return kept;
  auto compiling = pool_.run(tenant.id, [&] { return compile(tenant, *roster); });
  auto compiled = co_await compiling;
  if (compiled && *compiled) routes_.put(tenant.id, std::move(roster), **compiled);
  co_return compiled;
}

Result<std::optional<Routes>> EventRouter::compile(const Tenant& tenant, const Roster& roster) const {
  auto records = settings_.records(tenant.id);
  if (!records) return std::move(records).error();
  if (!is_of(roster, *records)) return std::optional<Routes>{};
  std::vector<InboxRecord> inboxes;
  inboxes.reserve(records->size());
  for (auto& [name, record] : *records) inboxes.push_back(std::move(record));
  auto routes = Routes::make(inboxes);
  if (!routes) return std::move(routes).error();
  return std::optional{*std::move(routes)};
}

}  // namespace triggers::store
