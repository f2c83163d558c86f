// GET /inboxes/{name}/jobs/{id}: show_job() of inbox_endpoints.h.

#include <fmt/format.h>

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/endpoints/inboxes/job_json.h"

namespace triggers::api {
namespace {

Refusal no_such_job(std::string_view id) {
  return {Code::not_found,
          fmt::format("This inbox has no such job. It shows its last {} jobs, each until {} hours after its end.",
                      store::jobs_per_inbox_max, store::job_shown_for.count()),
          Details().text("job_id", id).json(),
          {},
          {}};
}

}  // namespace

Task<OrRefusal<http::Response>> show_job(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return inbox.error();
  const auto id = Uuid7::parse(exchange.route.id);
  if (!id) co_return no_such_job(exchange.route.id);
  const auto job = co_await inboxes.store->job(exchange.key->tenant, *inbox, *id);
  if (!job) co_return from_inbox_error(job.error(), *inbox);
  if (!*job) co_return no_such_job(exchange.route.id);
  co_return job_response(**job);
}

}  // namespace triggers::api
