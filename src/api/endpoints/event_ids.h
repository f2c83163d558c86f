#pragma once

// The list of event ids in a body. The results for each of them are in inboxes/entry_results.h and inbox/post_ack.cc.

#include <string>
#include <vector>

#include "api/exchange/json_body.h"
#include "api/exchange/refusal.h"
#include "event/event.h"

namespace triggers::api {

/// A client may send any strings: the response says for each whether an event has this id.
struct AskedIds {
  std::vector<std::string> texts;   ///< As sent.
  std::vector<event::EventId> ids;  ///< These go to the store.
  std::vector<bool> is_id;          ///< For each text.
};

/// `value`: the member `event_ids`. Refused unless it is a list of 1 to acknowledged_events_max strings.
[[nodiscard]] OrRefusal<AskedIds> parse_event_ids(const boost::json::value& value);

}  // namespace triggers::api
