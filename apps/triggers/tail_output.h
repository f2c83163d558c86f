#pragma once

// Prints what `triggers tail` has received: one line for each event. The command is in tail_command.h.

#include <string>

namespace triggers {

/// The id of the event in one message of a stream; empty: the text is no event.
[[nodiscard]] std::string event_id_of(const std::string& data);

/// `time TAB type TAB id TAB payload`, without invisible characters. Nothing for a text that is no event.
[[nodiscard]] std::string event_line(const std::string& data);

}  // namespace triggers
