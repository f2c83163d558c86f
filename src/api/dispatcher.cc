#include "api/dispatcher.h"

#include "api/endpoints/service/get_docs.h"
#include "base/invariant.h"

namespace triggers::api {
namespace {

event::Limits event_limits(const config::Config& config) {
  event::Limits limits;
  limits.payload_bytes_max = config.payload_bytes_max;
  return limits;
}

store::TenantLimits tenant_limits(const config::Config& config) {
  return {.bytes_max = config.tenant_bytes_max, .undelivered_max = config.tenant_undelivered_max};
}

/// The response of an endpoint that waits for nothing.
Task<OrRefusal<http::Response>> at_once(OrRefusal<http::Response> response) { co_return response; }

}  // namespace

Dispatcher::Dispatcher(const Services& services, const AdmissionContext& admission)
    : event_intake_{admission, services.log, event_limits(services.config), tenant_limits(services.config),
                    services.parsers},
      batch_intake_{event_intake_, services.answers},
      event_reading_{admission, services.log, services.answers, services.parsers},
      event_removal_{admission, services.inbox},
      inbox_{admission, services.inbox, services.inboxes, services.cursor_secret, services.answers, services.parsers},
      acknowledgement_{admission, services.inbox, services.answers, services.parsers},
      inboxes_{admission,
               services.inboxes,
               services.cursor_secret,
               services.answers,
               services.parsers,
               event_limits(services.config),
               services.streams,
               services.config.tenant_tracked_max},
      keys_{admission,
            services.keys,
            services.ring,
            services.answers,
            services.parsers,
            services.clock,
            services.config.default_rate_limit_per_minute},
      key_listing_{admission, services.keys, services.answers, services.parsers},
      own_key_{admission, services.config.request_bytes_max, services.config.batch_bytes_max,
               services.config.payload_bytes_max},
      metrics_{admission, services.registry, services.config.metrics_access == config::MetricsAccess::open,
               services.config.metrics_access == config::MetricsAccess::loopback},
      root_{services.config.api_title, services.config.api_version, !services.config.tls_cert_path.empty()},
      status_{services.status, services.clock, services.started_at, services.stopping, services.config.api_version},
      backup_(services.backup),
      own_tls_(!services.config.tls_cert_path.empty()) {}

Task<OrRefusal<http::Response>> Dispatcher::dispatch(Exchange& exchange) const {
  switch (exchange.route.endpoint) {
    case Endpoint::root: return at_once(get_root(root_, exchange));
    case Endpoint::status: return at_once(get_status(status_));
    case Endpoint::docs: return at_once(get_docs(own_tls_, exchange));
    case Endpoint::openapi: return at_once(get_openapi(own_tls_, exchange));
    case Endpoint::favicon: return at_once(get_favicon());
    case Endpoint::metrics: return get_metrics(metrics_, exchange);
    case Endpoint::me: return get_me(own_key_, exchange);
    case Endpoint::post_event: return post_event(event_intake_, exchange);
    case Endpoint::post_batch: return post_batch(batch_intake_, exchange);
    case Endpoint::get_inbox: return get_inbox(inbox_, exchange);
    case Endpoint::post_ack: return post_ack(acknowledgement_, exchange);
    case Endpoint::get_event: return get_event(event_reading_, exchange);
    case Endpoint::delete_event: return delete_event(event_removal_, exchange);
    case Endpoint::list_inboxes: return list_inboxes(inboxes_, exchange);
    case Endpoint::try_filter: return try_filter(inboxes_, exchange);
    case Endpoint::show_inbox: return show_inbox(inboxes_, exchange);
    case Endpoint::put_inbox: return put_inbox(inboxes_, exchange);
    case Endpoint::change_inbox: return change_inbox(inboxes_, exchange);
    case Endpoint::remove_inbox: return remove_inbox(inboxes_, exchange);
    case Endpoint::list_entries: return list_entries(inboxes_, exchange);
    case Endpoint::stream_entries: return stream_entries(inboxes_, exchange);
    case Endpoint::lease: return lease(inboxes_, exchange);
    case Endpoint::ack: return ack(inboxes_, exchange);
    case Endpoint::release: return release(inboxes_, exchange);
    case Endpoint::extend: return extend(inboxes_, exchange);
    case Endpoint::requeue: return requeue(inboxes_, exchange);
    case Endpoint::discard: return discard(inboxes_, exchange);
    case Endpoint::purge: return purge(inboxes_, exchange);
    case Endpoint::replay: return replay(inboxes_, exchange);
    case Endpoint::show_job: return show_job(inboxes_, exchange);
    case Endpoint::create_key: return create_key(keys_, exchange);
    case Endpoint::list_keys: return list_keys(key_listing_, exchange);
    case Endpoint::show_key: return show_key(keys_, exchange);
    case Endpoint::update_key: return update_key(keys_, exchange);
    case Endpoint::revoke_key: return revoke_key(keys_, exchange);
    case Endpoint::rotate_key: return rotate_key(keys_, exchange);
    case Endpoint::backup: return post_backup(backup_, exchange);
  }
  INVARIANT(false, "an endpoint without a handler");
}

}  // namespace triggers::api
