#pragma once

// Routes events by the settings of their tenant (settings_directory.h). How filters are evaluated is in store/routes.h.

#include "store/dynamo/events/router.h"
#include "store/dynamo/settings/settings_directory.h"

namespace triggers::store::dynamo {

class SettingsRouter final : public Router {
 public:
  /// `settings` outlives this.
  explicit SettingsRouter(SettingsDirectory& settings) : settings_(settings) {}

  /// Errors: those of a call to DynamoDB, and of Routes::takers().
  Task<Result<Destination>> route(const Tenant& tenant, const IncomingEvent& event) override;
  Task<Result<Destination>> route(const Tenant& tenant) override;

 private:
  SettingsDirectory& settings_;
};

}  // namespace triggers::store::dynamo
