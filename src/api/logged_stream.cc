#include "api/logged_stream.h"

#include <memory>
#include <string>
#include <utility>

namespace triggers::api {
namespace {

/// Counts what was sent.
class CountingWriter final : public http::BodyWriter {
 public:
  CountingWriter(http::BodyWriter& to, std::size_t& bytes) : to_(to), bytes_(bytes) {}

  Task<bool> write(std::string piece) override {
    const std::size_t bytes = piece.size();
    const bool goes_on = co_await to_.write(std::move(piece));
    // Of a client that has left, nobody knows whether it got the piece.
    if (goes_on) bytes_ += bytes;
    co_return goes_on;
  }

 private:
  http::BodyWriter& to_;
  std::size_t& bytes_;
};

/// Takes the place of the body that it holds.
class LoggedStream final : public http::StreamedBody {
 public:
  LoggedStream(http::Response& response, log::AccessLog& log, const Clock& clock,
               std::chrono::steady_clock::time_point started, const log::AccessEntry& entry)
      : StreamedBody(std::move(response.stream->memory())),
        held_(std::move(response.held)),
        body_(*response.stream),
        log_(log),
        clock_(clock),
        started_(started),
        entry_(entry),
        request_id_(entry.request_id),
        route_(entry.route),
        key_id_(entry.key_id),
        user_id_(entry.user_id),
        client_(entry.client) {
    entry_.request_id = request_id_;
    entry_.route = route_;
    entry_.key_id = key_id_;
    entry_.user_id = user_id_;
    entry_.client = client_;
  }
  /// However the stream has ended; also if it never began.
  ~LoggedStream() override {
    entry_.time = clock_.now();
    entry_.duration = clock_.steady() - started_;
    log_.write(entry_);
  }

  Task<bool> send(http::BodyWriter& writer) override {
    CountingWriter counting(writer, entry_.bytes_out);
    co_return co_await body_.send(counting);
  }

 private:
  const std::shared_ptr<const void> held_;
  http::StreamedBody& body_;
  log::AccessLog& log_;
  const Clock& clock_;
  const std::chrono::steady_clock::time_point started_;
  log::AccessEntry entry_;  ///< Its texts are those below. The method is static.
  const std::string request_id_, route_, key_id_, user_id_, client_;
};

}  // namespace

void log_at_end(http::Response& response, log::AccessLog& log, const Clock& clock,
                std::chrono::steady_clock::time_point started, const log::AccessEntry& entry) {
  response.set_stream(std::make_shared<LoggedStream>(response, log, clock, started, entry));
}

}  // namespace triggers::api
