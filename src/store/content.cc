#include "store/content.h"

namespace triggers::store {

bool same_event(const Append& event, std::string_view event_type, std::string_view payload) {
  return event.event_type == event_type && event::same_content(event.payload, payload);
}

}  // namespace triggers::store
