#include "api/admission/endpoint_access.h"

#include "base/invariant.h"

namespace triggers::api {

AccessRule access_of(Endpoint endpoint) noexcept {
  using auth::Action;
  switch (endpoint) {
    case Endpoint::root:
    case Endpoint::status:
    case Endpoint::docs:
    case Endpoint::openapi:
    case Endpoint::favicon:
    case Endpoint::metrics: return {Caller::anybody, Action::read, false};
    case Endpoint::post_event:
    case Endpoint::post_batch: return {Caller::key, Action::send, true};
    case Endpoint::me:
    case Endpoint::get_inbox:
    case Endpoint::get_event: return {Caller::key, Action::read, false};
    case Endpoint::post_ack: return {Caller::key, Action::acknowledge, true};
    case Endpoint::delete_event: return {Caller::key, Action::acknowledge, false};
    case Endpoint::create_key:
    case Endpoint::update_key:
    case Endpoint::rotate_key: return {Caller::manager, Action::manage_keys, true};
    case Endpoint::list_keys:
    case Endpoint::show_key:
    case Endpoint::revoke_key: return {Caller::manager, Action::manage_keys, false};
    case Endpoint::backup: return {Caller::on_socket, Action::manage_keys, true};
  }
  INVARIANT(false, "an endpoint without a rule of access");
}

}  // namespace triggers::api
