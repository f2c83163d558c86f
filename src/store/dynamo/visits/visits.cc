#include "store/dynamo/visits/visits.h"

#include "base/random.h"
#include "store/dynamo/events/layout.h"
#include "store/dynamo/visits/removed_inboxes.h"

namespace triggers::store::dynamo {
namespace {

/// Tenants whose items are read at once: about 6 KB, two read units.
constexpr std::size_t tenants_at_once = 100;

}  // namespace

Visits::Visits(Table& table, Shards& shards, InboxNode& inboxes, SettingsDirectory& settings, const Clock& clock,
               Retention retention, VisitConfig config)
    : table_(table),
      clock_(clock),
      config_(config),
      tenants_(table, shards, inboxes, settings, clock, retention),
      jobs_(table, inboxes, settings, clock, config.jobs),
      // Nodes that start together look at different parts.
      partition_(static_cast<unsigned>(random_u64() % layout::visit_partitions)) {}

Task<Status> Visits::soon(Tenant tenant) {
  Roster roster(table_);
  co_return co_await roster.put_forward(tenant);
}

Task<Status> Visits::visit_some() {
  const TimePoint now = std::chrono::steady_clock::now();
  const auto worked = co_await jobs_.work_some(now + config_.call_time_max / 2);
  Status visited = co_await visit_part(now + config_.call_time_max);
  if (!visited || worked) co_return visited;
  co_return worked.error();
}

Task<Status> Visits::visit_part(TimePoint until) {
  const TimePoint now = std::chrono::steady_clock::now();
  // In a part of the list, the rest follows at once.
  if (after_.empty() && looked_at_ && now - *looked_at_ < config_.look_every) co_return Done{};
  looked_at_ = now;
  Roster roster(table_);
  const auto part = co_await roster.read(partition_, after_, tenants_at_once);
  if (!part) co_return part.error();
  Status visited = Done{};
  for (const VisitItem& tenant : part->tenants) {
    // The next call goes on here: every tenant of the list has its turn.
    if (std::chrono::steady_clock::now() >= until) co_return visited;
    after_ = tenant.tenant.id;
    visited_.seen(tenant);
    if (tenant.next > clock_.now()) continue;
    auto done = co_await visit(tenant);
    if (!done) visited = std::move(done).error();
  }
  if (!part->more || part->tenants.empty()) {
    after_.clear();
    partition_ = (partition_ + 1) % layout::visit_partitions;
  }
  co_return visited;
}

/// True: there is more to do for the tenant at once.
Task<Result<bool>> Visits::visit(const VisitItem& seen) {
  Roster roster(table_);
  const auto claimed = co_await roster.claim(seen, clock_.now() + config_.claimed_for);
  if (!claimed) co_return claimed.error();
  if (!*claimed) co_return false;
  LogPlace log = (*claimed)->log;
  TenantVisit::Found found;
  auto left = co_await tenants_.visit((*claimed)->tenant, log, found,
                                      std::chrono::steady_clock::now() + config_.visit_time_max);
  UnixMillis next = clock_.now() + config_.every;
  if (left && left->waits) next = std::min(next, clock_.now() + RemovedInboxes::late_for);
  // Not at once after an error: the others come first.
  if (left && left->more) next = clock_.now();
  auto released = co_await roster.release(**claimed, next, log);
  if (released) visited_.visited(seen.tenant, next, std::move(found.inboxes), found.names);
  if (!left) co_return std::move(left).error();
  if (!released) co_return std::move(released).error();
  co_return left->more;
}

Task<Status> Visits::settle() {
  for (bool more = true; more;) {
    jobs_.wake();
    auto jobs = co_await jobs_.work_some(TimePoint::max());
    if (!jobs) co_return std::move(jobs).error();
    auto tenants = co_await settle_tenants();
    if (!tenants) co_return std::move(tenants).error();
    more = *jobs || *tenants;
  }
  co_return Done{};
}

Task<Result<bool>> Visits::settle_tenants() {
  bool more = false;
  Roster roster(table_);
  for (unsigned partition = 0; partition < layout::visit_partitions; ++partition) {
    std::string after;
    for (bool more_tenants = true; more_tenants;) {
      const auto part = co_await roster.read(partition, after, tenants_at_once);
      if (!part) co_return part.error();
      for (const VisitItem& tenant : part->tenants) {
        after = tenant.tenant.id;
        auto visited = co_await visit(tenant);
        if (!visited) co_return visited;
        more = more || *visited;
      }
      more_tenants = part->more && !part->tenants.empty();
    }
  }
  co_return more;
}

}  // namespace triggers::store::dynamo
