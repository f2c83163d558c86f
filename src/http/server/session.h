#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/task.h"
#include "http/server/eviction_queue.h"
#include "http/server/read_buffer.h"
#include "http/server/server_state.h"
#include "http/wire/request_parser.h"
#include "net/transport.h"

namespace triggers::http {

class Loop;

/// One connection: a coroutine that reads a request, has it handled, writes the answer, and again. Belongs to its loop
/// and is touched on the loop's thread only.
class Session final : public Waiting {
 public:
  /// `refused`: there are too many connections; say so and close.
  Session(Loop& loop, ServerState& state, UniqueFd socket, Peer peer, bool refused, OpenCount counted);
  ~Session();

  /// Runs until it suspends. The session tells its loop when it has ended, which destroys it.
  void start() { live(); }
  /// Ends what has waited past its deadline.
  void check_deadline(TimePoint now);
  /// The server stops: ends the session if it waits for a request of which nothing has come. A client that is sending
  /// one must go on within a moment.
  void stop();
  /// Closes the socket whatever happens on it. The session ends once its handler has.
  void abort() { transport_.close(); }
  /// It is the next victim (http/eviction.h). `choice` numbers the choices of its loop.
  void choose(std::uint64_t choice, TimePoint now);
  [[nodiscard]] std::uint64_t choice() const noexcept { return choice_; }
  /// Of a chosen one: closes the socket, and gives its place among the open ones to a new connection. False if the
  /// first bytes of a request have come and were not read yet; then it is not chosen any more.
  bool give_place(OpenCount& newcomer);

  std::size_t index = 0;  ///< Its place in the loop's list; the loop's.

 private:
  enum class Phase { handshake, idle, header, body, handling, writing, closing };

  RootTask live();
  Task<void> converse();
  Task<bool> handshake();
  Task<bool> exchange();
  Task<bool> read_request();
  Task<bool> admit();
  Task<bool> take_turns();
  Task<bool> drop_rest();
  Task<bool> send_continue();
  Task<bool> write_rest(const Response& response);
  Task<bool> respond_to_problem(ProtocolError problem, TimePoint since);
  Task<bool> respond_before_body(Response response, TimePoint since);
  Task<void> linger();

  std::span<char> read_space();
  bool take_read(const Operation& read);
  bool timed_out();
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
  void observe(const Response& response, TimePoint since);

  Loop& loop_;
  ServerState& state_;
  Transport transport_;
  RequestParser parser_;
  ReadBuffer buffer_;
  std::string unsent_;                    // of the answer's head
  std::size_t body_unsent_ = 0;           // bytes, at its end
  std::optional<ProtocolError> problem_;  // that the parser does not know of
  std::optional<Response> refusal_;       // by the request's head
  FairBudget::Share body_share_;          // of state_.bodies
  TimePoint deadline_ = TimePoint::max();
  TimePoint entered_;  // its phase
  std::uint64_t choice_ = 0;
  std::size_t bytes_in_ = 0;
  std::size_t bytes_out_ = 0;
  Phase phase_ = Phase::handshake;
  OpenCount counted_;
  bool local_;
  bool refused_;
  bool first_ = true;
  bool expired_ = false;
  bool reads_body_ = false;  // the read under way goes to the body, not to buffer_
  bool lingers_ = false;
};

}  // namespace triggers::http
