#include "store/dynamo/settings/settings_router.h"

#include <algorithm>

namespace triggers::store::dynamo {

Task<Result<Destination>> SettingsRouter::route(const Tenant& tenant, const IncomingEvent& event) {
  const auto known = co_await settings_.of(tenant);
  if (!known) co_return known.error();
  const TenantInboxes& inboxes = **known;
  Destination destination;
  if (!inboxes.managed()) co_return destination;
  const auto takers = inboxes.routes->takers(filtered(event));
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
