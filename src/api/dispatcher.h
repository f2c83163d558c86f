#pragma once

// Calls the endpoint that the router has found, with the parts of the service that it uses. Which path belongs to which
// endpoint is in exchange/endpoint_table.h.

#include "api/admission/admission_context.h"
#include "api/endpoints/events/delete_event.h"
#include "api/endpoints/events/get_event.h"
#include "api/endpoints/events/post_batch.h"
#include "api/endpoints/events/post_event.h"
#include "api/endpoints/inbox/get_inbox.h"
#include "api/endpoints/inbox/post_ack.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/endpoints/keys/get_me.h"
#include "api/endpoints/keys/key_management.h"
#include "api/endpoints/keys/list_keys.h"
#include "api/endpoints/service/get_metrics.h"
#include "api/endpoints/service/get_root.h"
#include "api/endpoints/service/get_status.h"
#include "api/services.h"

namespace triggers::api {

/// Gives each endpoint what it uses of the services, and no more. Any thread.
class Dispatcher {
 public:
  /// Both outlive this.
  Dispatcher(const Services& services, const AdmissionContext& admission);
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  /// What the endpoint of the exchange's route answers. `exchange` outlives the task.
  Task<OrRefusal<http::Response>> dispatch(Exchange& exchange) const;

 private:
  const EventIntake event_intake_;
  const BatchIntake batch_intake_;
  const EventReading event_reading_;
  const EventRemoval event_removal_;
  const InboxPages inbox_;
  const Acknowledgement acknowledgement_;
  const Inboxes inboxes_;
  const KeyManagement keys_;
  const KeyListing key_listing_;
  const OwnKey own_key_;
  const MetricsPage metrics_;
  const RootPage root_;
  const ServiceStatus status_;
  const Backup& backup_;
  const bool own_tls_;
};

}  // namespace triggers::api
