#pragma once

// The interface by which events/ learns which inboxes take an event. settings/settings_router.h implements it by the
// tenant's settings.

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "store/dynamo/events/inbox_numbers.h"
#include "store/event_log.h"

namespace triggers::store::dynamo {

/// Where events of a tenant go.
struct Destination {
  /// False: the tenant is plain. It has only `default`, which takes every event, and its events are in its log only
  /// once they are acknowledged.
  bool managed = false;
  UnixMillis managed_since{};
  InboxNumbers takers{};  ///< Ascending. Only of a managed tenant, and of an event.
};

/// Any thread with an Executor.
class Router {
 public:
  Router() = default;
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;
  virtual ~Router() = default;

  /// By settings that no change preceded whose answer was given before this call.
  virtual Task<Result<Destination>> route(const Tenant& tenant, const IncomingEvent& event) = 0;
  /// Without the takers.
  virtual Task<Result<Destination>> route(const Tenant& tenant) = 0;
};

/// Takes every tenant for a plain one.
class PlainRouter final : public Router {
 public:
  Task<Result<Destination>> route(const Tenant&, const IncomingEvent&) override { co_return Destination{}; }
  Task<Result<Destination>> route(const Tenant&) override { co_return Destination{}; }
};

}  // namespace triggers::store::dynamo
