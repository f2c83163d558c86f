#include "store/dynamo/visits/tenant_visit.h"

#include <vector>

#include "store/dynamo/client/for_each_until.h"
#include "store/dynamo/inbox/inbox_entries.h"

namespace triggers::store::dynamo {
namespace {

/// Parts of the work on one inbox in a row, before the next inbox has its turn.
constexpr unsigned parts_max = 8;
/// Looks for the metrics begin within this time.
constexpr std::chrono::seconds look_for{1};

}  // namespace

Task<Result<TenantVisit::Left>> TenantVisit::visit(const Tenant& tenant, LogPlace& log, Found& found, TimePoint until) {
  Table table = table_.until(until + calls_for);
  const auto known = co_await settings_.of(tenant);
  if (!known) co_return known.error();
  auto inboxes = co_await visit_inboxes(table, tenant, **known, until);
  RemovedInboxes removed(table, shards_, clock_, retention_.event_ttl);
  auto left = co_await removed.empty_some(tenant, until);
  LogUpkeep upkeep(table, clock_, retention_);
  auto walked = co_await upkeep.walk_some(tenant, **known, log, until);
  found = co_await look(table, tenant, **known);
  if (!inboxes) co_return std::move(inboxes).error();
  if (!left) co_return left;
  if (!walked) co_return std::move(walked).error();
  left->more = left->more || *inboxes || *walked;
  co_return left;
}

Task<TenantVisit::Found> TenantVisit::look(Table& table, const Tenant& tenant, const TenantInboxes& known) {
  Found found;
  std::vector<const InboxRecord*> records;
  for (const auto& [name, record] : known.records) {
    records.push_back(&record);
    found.names.insert(name.text());
  }
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): it is awaited while this waits
  auto look_at = [&](std::size_t i) -> Task<Status> {
    InboxEntries entries(inboxes_, table, tenant, *records[i]);
    const auto view = co_await entries.view();
    if (!view) co_return view.error();
    InboxFigures figures;
    figures.tenant = tenant.id;
    figures.inbox = records[i]->name.text();
    figures.counts = view->counts;
    figures.oldest_available = view->oldest_available_at;
    found.inboxes.push_back(std::move(figures));
    co_return Done{};
  };
  const auto looked = co_await for_each_until(records.size(), TimePoint::clock::now() + look_for, std::move(look_at));
  static_cast<void>(looked);  // What was not seen keeps its earlier figures.
  co_return found;
}

Task<Result<bool>> TenantVisit::visit_inboxes(Table& table, const Tenant& tenant, const TenantInboxes& known,
                                              TimePoint until) {
  std::vector<const InboxRecord*> records;
  records.reserve(known.records.size());
  for (const auto& [name, record] : known.records) records.push_back(&record);
  const std::size_t first = first_++;
  bool left = false;
  for (std::size_t i = 0; i < records.size(); ++i) {
    InboxEntries entries(inboxes_, table, tenant, *records[(first + i) % records.size()]);
    bool more = true;
    for (unsigned part = 0; more && part < parts_max; ++part) {
      if (std::chrono::steady_clock::now() >= until) co_return true;
      auto visited = co_await entries.visit();
      if (!visited) co_return visited;
      more = *visited;
    }
    left = left || more;
  }
  co_return left;
}

}  // namespace triggers::store::dynamo
