#pragma once

// Sends the lines of an input as events, in batches. One event of the arguments is in send_command.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "event_batch.h"
#include "line_reader.h"
#include "line_result.h"
#include "patient_client.h"
#include "send_report.h"

namespace triggers {

/// Why the input was not sent to its end.
struct Stop {
  std::string why;
  std::uint64_t next_line = 0;  ///< Every line before it is accepted, a duplicate or refused.
};

/// Sends lines, one batch after the other. The idempotency key of a batch is made of `key` and the number of its first
/// line. So if the lines from there on are sent again with the same `key`, none is stored twice.
class LineSender {
 public:
  struct Options {
    std::string key;
    bool fills_batches = false;    ///< A batch is sent only if it is full or the input has ended.
    std::uint64_t from_line = 1;   ///< Lines before it are skipped.
    std::size_t line_bytes_max{};  ///< A longer line is refused here.
    BatchLimits limits;
  };

  LineSender(PatientClient& client, LineReader& reader, SendReport& report, Options options)
      : client_(client), reader_(reader), report_(report), options_(std::move(options)) {}

  /// Sends the whole input. Nothing: it was read to its end.
  std::optional<Stop> run();
  /// The line at which the sender is.
  [[nodiscard]] std::uint64_t line() const noexcept { return next_line_; }

 private:
  enum class Filled : std::uint8_t { full, paused, ended, interrupted, failed };

  Filled fill();
  bool add(const Line& line);
  std::optional<Stop> refuse_too_long();
  std::optional<Stop> deliver(EventBatch::Range range);
  std::optional<Stop> settle(EventBatch::Range range, const std::vector<LineResult>& results);
  std::optional<Stop> split_or_refuse(EventBatch::Range range, const http::ClientResponse& answer);
  [[nodiscard]] http::Request request_of(EventBatch::Range range) const;
  [[nodiscard]] Stop stop(std::string why) const { return {std::move(why), next_line_}; }

  PatientClient& client_;
  LineReader& reader_;
  SendReport& report_;
  Options options_;
  EventBatch batch_;
  std::optional<EventBatch> carried_;  // A line that found no room in batch_.
  std::optional<Line> too_long_;       // A line behind those in batch_; its text is not kept.
  std::uint64_t next_line_ = 1;
};

}  // namespace triggers
