#include "store/content.h"

#include "auth/sha256.h"
#include "event/canonical.h"

namespace triggers::store {

bool same_event(const IncomingEvent& event, std::string_view event_type, std::string_view payload) {
  return event.event_type == event_type && event::same_content(event.payload, payload);
}

ContentDigest content_digest(std::string_view event_type, std::string_view payload) {
  return auth::sha256(event::canonical(event_type, payload));
}

}  // namespace triggers::store
