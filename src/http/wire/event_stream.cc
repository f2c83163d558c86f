#include "http/wire/event_stream.h"

#include <utility>

namespace triggers::http {

bool EventStreamReader::feed(std::string_view bytes, std::vector<StreamMessage>& messages) {
  while (!bytes.empty()) {
    // A line ends with CR, LF, or both.
    if (after_return_ && bytes.front() == '\n') bytes.remove_prefix(1);
    after_return_ = false;
    const auto end = bytes.find_first_of("\r\n");
    line_ += bytes.substr(0, end);
    if (line_.size() + message_.data.size() > message_bytes_max_) return false;
    if (end == std::string_view::npos) return true;
    after_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    take_line(line_, messages);
    line_.clear();
  }
  return true;
}

void EventStreamReader::take_line(std::string_view line, std::vector<StreamMessage>& messages) {
  if (line.empty()) {
    last_id_ = id_;
    if (has_data_) messages.push_back(std::move(message_));
    message_ = {};
    has_data_ = false;
    return;
  }
  const auto colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (has_data_) message_.data += '\n';
    message_.data += value;
    has_data_ = true;
  } else if (field == "event") {
    message_.type = value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    id_ = value;
  }
}

}  // namespace triggers::http
