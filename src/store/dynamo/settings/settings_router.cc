#include "store/dynamo/settings/settings_router.h"

#include <algorithm>

namespace triggers::store::dynamo {

Task<Result<Takers>> SettingsRouter::takers_of(const Tenant& tenant, const Routes& routes, const IncomingEvent& event) {
  const std::size_t bytes = event.payload.size() + event.metadata.size();
  if (pool_ == nullptr || routes.steps_at_worst(bytes) <= steps_at_once) co_return routes.takers(filtered(event));
  auto evaluated = pool_->run(tenant.id, [&] { return routes.takers(filtered(event)); });
  co_return co_await evaluated;
}

Task<Result<Destination>> SettingsRouter::route(const Tenant& tenant, const IncomingEvent& event) {
  const auto known = co_await settings_.of(tenant);
  if (!known) co_return known.error();
  const TenantInboxes& inboxes = **known;
  Destination destination;
  if (!inboxes.managed()) co_return destination;
  const auto takers = co_await takers_of(tenant, *inboxes.routes, event);
  if (!takers) co_return takers.error();
  destination.managed = true;
  destination.managed_since = inboxes.managed_since;
  for (std::size_t i = 0; i < inboxes.numbers.size(); ++i) {
    if (takers->test(i)) destination.takers.push_back(inboxes.numbers[i]);
  }
  std::ranges::sort(destination.takers);
  co_return destination;
}

Task<Result<Destination>> SettingsRouter::route(const Tenant& tenant) {
  const auto known = co_await settings_.of(tenant);
  if (!known) co_return known.error();
  Destination destination;
  destination.managed = (*known)->managed();
  destination.managed_since = (*known)->managed_since;
  co_return destination;
}

}  // namespace triggers::store::dynamo
