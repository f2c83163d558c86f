#include "api/endpoints/service/post_backup.h"

#include "api/admission/admit.h"
#include "api/exchange/json_body.h"

namespace triggers::api {

Task<OrRefusal<http::Response>> post_backup(const Backup& backup, Exchange& exchange) {
  // The directory is on this machine, so only its operator may name one. For others the path does not exist.
  if (!exchange.request.peer.local || !backup) co_return operator_only();
  const auto body = json_object(exchange.request);
  if (!body) co_return body.error();
  const auto* directory = body->if_contains("directory");
  if (directory == nullptr || !directory->is_string() || !directory->get_string().starts_with("/")) {
    co_return invalid("directory", "is required: an absolute path that does not exist yet");
  }
  const std::string path{directory->get_string()};
  const auto done = co_await backup(path);
  if (!done) {
    Refusal refusal = from_error(done.error());
    refusal.message = done.error().message;
    co_return refusal;
  }
  http::Response response;
  response.body = boost::json::serialize(boost::json::object{{"status", "ok"}, {"directory", path}}) + "\n";
  co_return response;
}

}  // namespace triggers::api
