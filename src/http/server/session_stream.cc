// The part of Session that sends responses whose body is made meanwhile (http/wire/streamed_body.h). Everything else of
// a session is in session.cc.

#include <algorithm>
#include <utility>

#include "base/process_start.h"
#include "http/server/session.h"
#include "http/server/session_host.h"
#include "log/log.h"

namespace triggers::http {
namespace {

// What the system may hold of a stream that was not sent. By default, that would be megabytes, and a client that does
// not read would be found late.
constexpr int unsent_bytes_max = 64 * 1024;

constexpr std::string_view nothing_more;

}  // namespace

/// Writes the pieces of one body.
class Session::StreamWriter final : public BodyWriter {
 public:
  StreamWriter(Session& session, FairBudget::Share& memory, bool chunked)
      : session_(session), memory_(memory), chunked_(chunked) {}

  Task<bool> write(std::string piece) override {
    if (broken_) co_return false;
    if (!piece.empty()) {
      broken_ = !memory_.resize(piece.capacity());
      if (!broken_) broken_ = !co_await send(piece);
      std::string{}.swap(piece);
      memory_.shrink(memory_.bytes());
    }
    co_return !broken_ && !session_.loop_.stopping();
  }
  [[nodiscard]] bool broken() const noexcept { return broken_; }

 private:
  Task<bool> send(std::string_view piece) {
    if (!chunked_) co_return co_await session_.send_piece(piece, nothing_more);
    std::string& out = session_.loop_.answer_buffer();
    write_chunk_line(out, piece.size());
    if (piece.size() <= body_copied_bytes_max) {
      out.append(piece).append("\r\n");
      co_return co_await session_.send_piece(out, nothing_more);
    }
    const bool sent = co_await session_.send_piece(out, piece);
    if (!sent) co_return false;
    co_return co_await session_.send_piece("\r\n", nothing_more);
  }

  Session& session_;
  FairBudget::Share& memory_;
  const bool chunked_;
  bool broken_ = false;
};

/// True if the connection goes on.
Task<bool> Session::respond_with_stream(const Response& response, bool close) {
  const bool chunked = !parser_.is_http10();
  const Framing framing{
      .head = parser_.request().method == Method::head, .close = close || !chunked, .http10 = parser_.is_http10()};
  std::string& out = loop_.answer_buffer();
  write_stream_head(out, response, framing, loop_.date());
  streams_ = true;
  transport_.limit_unsent(unsent_bytes_max);
  bool sent = co_await send_piece(out, nothing_more);
  if (sent && !framing.head) {
    StreamWriter writer(*this, response.stream->memory(), chunked);
    try {
      sent = co_await response.stream->send(writer);
    } catch (...) {
      sent = false;
      log::error("stream_failed", {{"cause", cause_of(std::current_exception())}});
    }
    sent = sent && !writer.broken();
    if (sent && chunked) sent = co_await send_piece(last_chunk, nothing_more);
  }
  streams_ = false;
  if (reads_ahead_) co_await end_reading_ahead();
  const bool leaving = loop_.stopping() || state_.draining.load(std::memory_order_relaxed);
  const bool ends = framing.close || leaving;
  if (sent && ends) lingers_ = transport_.has_tls() || !buffer_.empty() || transport_.available() > 0;
  co_return sent && !ends;
}

/// Writes both completely. False if the client does not take them.
Task<bool> Session::send_piece(std::string_view first, std::string_view second) {
  const std::size_t sent = transport_.write_now(first, second);
  if (sent == first.size() + second.size()) co_return true;
  const std::size_t first_sent = std::min(sent, first.size());
  unsent_.assign(first, first_sent);  // `first` may be the loop's buffer.
  enter(Phase::writing, state_.config.write_deadline);
  const net::IoOperation rest = co_await transport_.write(unsent_, second.substr(sent - first_sent));
  std::string{}.swap(unsent_);
  handle_again();
  co_return !rest.error;
}

/// After a piece was written.
void Session::handle_again() noexcept {
  phase_ = Phase::handling;
  deadline_ = told_ != nullptr ? watched_until_ : TimePoint::max();
}

}  // namespace triggers::http
