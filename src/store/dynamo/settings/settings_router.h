#pragma once

// Routes events by the settings of their tenant (settings_directory.h). How filters are evaluated is in store/routes.h.

#include "base/turn_pool.h"
#include "store/dynamo/events/router.h"
#include "store/dynamo/settings/settings_directory.h"

namespace triggers::store::dynamo {

class SettingsRouter final : public Router {
 public:
  /// More steps than this are taken on the pool: about a millisecond.
  static constexpr std::size_t steps_at_once = 1024 * 1024;

  /// Both outlive this. Null: filters are evaluated on the caller's thread, however long that takes.
  explicit SettingsRouter(SettingsDirectory& settings, TurnPool* pool) : settings_(settings), pool_(pool) {}

  /// Errors: those of a call to DynamoDB, and of Routes::takers().
  Task<Result<Destination>> route(const Tenant& tenant, const IncomingEvent& event) override;
  Task<Result<Destination>> route(const Tenant& tenant) override;

 private:
  Task<Result<Takers>> takers_of(const Tenant& tenant, const Routes& routes, const IncomingEvent& event);

  SettingsDirectory& settings_;
  TurnPool* const pool_;
};

}  // namespace triggers::store::dynamo
