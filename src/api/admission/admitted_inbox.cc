#include "api/admission/admitted_inbox.h"

namespace triggers::api {

OrRefusal<inbox::InboxName> admitted_inbox(const Exchange& exchange) {
  if (exchange.route.inbox.empty()) return inbox::InboxName();
  auto name = inbox::InboxName::parse(exchange.route.inbox);
  if (!name) return invalid(name.error().field, name.error().message);
  return *std::move(name);
}

Refusal no_such_inbox(const inbox::InboxName& name) {
  return {Code::not_found,
          "There is no inbox " + name.text() + "; GET /inboxes lists those that there are.",
          Details().text("inbox", name.text()).json(),
          {},
          {}};
}

Refusal from_inbox_error(const Error& error, const inbox::InboxName& name) {
  return error.code == ErrorCode::not_found ? no_such_inbox(name) : from_error(error);
}

}  // namespace triggers::api
