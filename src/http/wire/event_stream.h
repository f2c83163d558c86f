#pragma once

// Reads Server-Sent Events (HTML Standard, section 9.2) from the pieces of a body, for clients. The service writes them
// in api/endpoints/inboxes/entry_stream.h.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace triggers::http {

/// One message of a stream.
struct StreamMessage {
  std::string type;  ///< The field `event`; empty: a message like any other.
  std::string data;  ///< Its lines, joined by line breaks.
};

/// Takes a stream piece by piece. Comments and unknown fields are skipped.
class EventStreamReader {
 public:
  /// `message_bytes_max`: of one message, and of one line.
  explicit EventStreamReader(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

  /// Appends the messages that end in `bytes`. False: a message is too long. Then read no more.
  [[nodiscard]] bool feed(std::string_view bytes, std::vector<StreamMessage>& messages);
  /// The last `id`, also of a message without data. Empty: none.
  [[nodiscard]] const std::string& last_id() const noexcept { return last_id_; }

 private:
  void take_line(std::string_view line, std::vector<StreamMessage>& messages);

  const std::size_t message_bytes_max_;
  std::string line_;  // That has not ended.
  bool after_return_ = false;
  StreamMessage message_;
  bool has_data_ = false;
  std::string id_, last_id_;
};

}  // namespace triggers::http
