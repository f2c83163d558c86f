#include "api/admission/still_admitted.h"

#include "auth/authorize.h"
#include "auth/bearer.h"

namespace triggers::api {

Task<bool> still_admitted(const AdmissionContext& context, const http::Request& request, const AccessRule& rule,
                          const inbox::InboxName& inbox) {
  const auto field = request.headers.find("Authorization");
  const auto token = field ? auth::bearer_token(*field) : std::nullopt;
  if (!token) co_return false;
  const auth::KeyHash hash = auth::hash_key(*token);
  auto key = context.ring.find(hash);
  if (!key) {
    auto read = co_await context.ring.load(hash);
    if (!read || *read == nullptr) co_return false;
    key = *std::move(read);
  }
  const bool good = auth::denial_of(key->record, hash, context.clock.now()) == auth::Denial::none;
  co_return good&& auth::allows(key->record.role, rule.action) && auth::may_use_inbox(key->record, inbox.text());
}

}  // namespace triggers::api
