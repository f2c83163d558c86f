#pragma once

// One connection: read a request, have it admitted, decode its body, call the handler, write the response, repeat; also
// its deadlines and how it closes. Parsing is http/wire, bytes and TLS are in net/transport.h. Parts with a file of
// their own: giving way to a new connection (session_eviction.cc), watching the client of a waiting handler
// (session_watch.cc), and streamed responses (session_stream.cc).

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/cancellation.h"
#include "base/task.h"
#include "http/server/eviction_queue.h"
#include "http/server/open_count.h"
#include "http/server/read_buffer.h"
#include "http/server/server_state.h"
#include "http/wire/caller.h"
#include "http/wire/request_parser.h"
#include "net/transport.h"

namespace triggers::http {

class SessionHost;

/// One connection: a coroutine that reads a request, calls the handler, writes the response, and repeats. Only its
/// loop's thread touches it.
class Session final : public Evictable, private Caller {
 public:
  using TimePoint = Evictable::TimePoint;

  /// `refused`: there are too many connections; the session says so and closes.
  Session(SessionHost& loop, ServerState& state, UniqueFd socket, Peer peer, bool refused, OpenCount counted);
  ~Session();

  /// Runs until it suspends. When the session has ended it tells its loop, which destroys it.
  void start() { live(); }
  /// Ends the current wait if its deadline has passed.
  void check_deadline(TimePoint now);
  /// The server stops: ends the session unless part of a request has arrived. A client that is sending one must send
  /// the next bytes within a moment.
  void stop();
  /// The server drains: a handler that waits is to answer now.
  void drain() { tell(Cancellation::Reason::stopping); }
  /// Closes the socket, whatever is under way. The session ends once its handler has returned.
  void abort() { transport_.close(); }
  /// Makes it the next victim (http/server/eviction.h). `choice` numbers the choices of its loop.
  void choose(std::uint64_t choice, TimePoint now);
  [[nodiscard]] std::uint64_t choice() const noexcept { return choice_; }
  /// For a chosen session: closes the socket and passes its place to a new connection. False if unread bytes of a
  /// request have arrived; then it is no longer chosen.
  bool give_place(OpenCount& newcomer);

  std::size_t index = 0;  ///< Where it is in the loop's list. The loop sets it.

 private:
  enum class Phase { handshake, idle, header, body, handling, writing, closing };
  class StreamWriter;

  RootTask live();
  Task<void> converse();
  Task<bool> handshake();
  Task<bool> serve_request();
  Task<bool> read_request();
  Task<bool> admit();
  Task<bool> take_turns();
  Task<bool> drop_rest();
  Task<bool> send_continue();
  Task<bool> write_rest(const Response& response);
  Task<bool> respond_to_problem(ProtocolError problem);
  Task<bool> respond_before_body(Response response);
  Task<void> linger();
  Task<bool> respond_with_stream(const Response& response, bool close);
  Task<bool> send_piece(std::string_view first, std::string_view second);

  void watch(Cancellation& told, TimePoint until) override;
  void unwatch() noexcept override;
  [[nodiscard]] bool takes_streams() const noexcept override { return true; }
  void tell(Cancellation::Reason reason) noexcept;
  RootTask read_ahead();
  Task<void> end_reading_ahead();
  void handle_again() noexcept;

  std::span<char> read_space();
  bool take_read(const net::IoOperation& read);
  bool timed_out();
  bool ended_early();
  void feed_parser();
  Task<void> feed_aside();
  void count_decoded(std::size_t bytes_before);
  std::size_t slice_here() const noexcept;
  bool body_has_come() noexcept;
  bool body_unwanted();
  void begin_body();
  void charge_body();
  bool hold_body();
  void release_body();
  bool write_answer(const Response& response, bool close);
  void enter(Phase phase, std::chrono::milliseconds time);
  void await_client();
  void client_goes_on();
  void hurry();

  SessionHost& loop_;
  ServerState& state_;
  net::Transport transport_;
  RequestParser parser_;
  ReadBuffer buffer_;
  std::string unsent_;                    // of the answer's head
  std::size_t body_unsent_ = 0;           // bytes, at its end
  std::optional<ProtocolError> problem_;  // that the parser does not know of
  std::optional<Response> refusal_;       // by the request's head
  FairBudget::Share body_share_;          // of state_.bodies
  TimePoint deadline_ = TimePoint::max();
  TimePoint entered_;                    // its phase
  Cancellation* told_ = nullptr;         // while a handler watches the client
  TimePoint watched_until_;              // with told_
  std::coroutine_handle<> ahead_ended_;  // resumed by read_ahead() when it has ended
  std::uint64_t choice_ = 0;
  Phase phase_ = Phase::handshake;
  OpenCount counted_;
  bool local_;
  bool refused_;
  bool first_ = true;
  bool expired_ = false;
  bool reads_body_ = false;  // the read under way goes to the body, not to buffer_
  bool lingers_ = false;
  bool streams_ = false;      // its response
  bool reads_ahead_ = false;  // a read for the watch is under way; its bytes go to buffer_
  bool client_left_ = false;  // found by such a read
};

}  // namespace triggers::http
