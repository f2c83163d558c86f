#include "api/endpoints/inboxes/job_json.h"

#include <fmt/format.h>

#include "api/endpoints/inboxes/inbox_json.h"
#include "base/invariant.h"

namespace triggers::api {
namespace {

std::string_view kind_name(store::Job::Kind kind) {
  switch (kind) {
    case store::Job::Kind::purge: return "purge";
    case store::Job::Kind::replay: return "replay";
  }
  INVARIANT(false, "a kind without an entry in this switch");
}

std::string_view state_name(store::Job::State state) {
  switch (state) {
    case store::Job::State::running: return "running";
    case store::Job::State::done: return "done";
    case store::Job::State::failed: return "failed";
  }
  INVARIANT(false, "a state without an entry in this switch");
}

}  // namespace

http::Response job_response(const store::Job& job) {
  http::Response response;
  std::string& body = response.body;
  body = fmt::format(R"({{"job_id":"{}","kind":"{}","state":"{}","count":{})", job.id.text(), kind_name(job.kind),
                     state_name(job.state), job.done);
  if (job.kind == store::Job::Kind::replay) body += fmt::format(",\"skipped_too_old\":{}", job.skipped_too_old);
  append_time(body, "started_at", job.started_at);
  append_time(body, "ended_at", job.ended_at);
  body += "}\n";
  return response;
}

http::Response started_response(const inbox::InboxName& inbox, const store::Job& job) {
  http::Response response = job_response(job);
  response.status = 202;
  response.add("Location", fmt::format("/inboxes/{}/jobs/{}", inbox.text(), job.id.text()));
  return response;
}

}  // namespace triggers::api
