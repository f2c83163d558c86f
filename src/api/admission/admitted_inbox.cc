#include "api/admission/admitted_inbox.h"

#include "auth/authorize.h"

namespace triggers::api {

OrRefusal<inbox::InboxName> admitted_inbox(const Exchange& exchange) {
  inbox::InboxName name;
  if (!exchange.route.inbox.empty()) {
    auto parsed = inbox::InboxName::parse(exchange.route.inbox);
    if (!parsed) return invalid(parsed.error().field, parsed.error().message);
    name = *std::move(parsed);
  }
  if (!may_use(exchange, name)) return no_such_inbox(name);
  return name;
}

bool may_use(const Exchange& exchange, const inbox::InboxName& name) {
  return auth::may_use_inbox(exchange.key->record, name.text());
}

Refusal no_such_inbox(const inbox::InboxName& name) {
  return {Code::not_found,
          "There is no inbox " + name.text() + " that this key may use. GET /inboxes lists those that it may use.",
          Details().text("inbox", name.text()).json(),
          {},
          {}};
}

Refusal from_inbox_error(const Error& error, const inbox::InboxName& name) {
  return error.code == ErrorCode::not_found ? no_such_inbox(name) : from_error(error);
}

}  // namespace triggers::api
