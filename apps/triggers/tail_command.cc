#include "tail_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "api_client.h"
#include "auth/validate.h"
#include "base/percent_encoding.h"
#include "config/printable.h"
#include "http/wire/event_stream.h"
#include "inbox/inbox_name.h"
#include "interrupt.h"
#include "output.h"
#include "tail_output.h"

namespace triggers {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds answer_deadline{20};
/// The service sends a comment every 15 s. A connection on which nothing has come for this long is dead.
constexpr std::chrono::seconds silence_max{45};
constexpr std::chrono::seconds pause_first{1}, pause_max{15};
/// An event takes 512 KiB at most.
constexpr std::size_t message_bytes_max = std::size_t{16} * 1024 * 1024;

int complain(const std::string& message) {
  std::fprintf(stderr, "triggers: %s\n", message.c_str());
  return 1;
}

std::string name_problem(const std::string& text) {
  const auto name = inbox::InboxName::parse(text);
  return name ? "" : name.error().message;
}

std::string type_problem(const std::string& text) {
  return auth::is_utf8(text) && !text.empty() ? "" : "it must be UTF-8, and not empty";
}

/// The same request may succeed later.
bool is_passing(unsigned status) { return status == 408 || status == 429 || status >= 500; }

}  // namespace

/// Where CLI11 puts what was given.
struct TailCommand::Flags {
  ApiFlags api;
  std::string inbox = "default", type;
  bool as_json = false;

  [[nodiscard]] http::Request request(const std::string& last_id) const;
};

http::Request TailCommand::Flags::request(const std::string& last_id) const {
  http::Request request;
  request.target = "/inboxes/" + inbox + "/stream";
  if (!type.empty()) request.target += "?event_type=" + percent_encode(type);
  request.headers.add("Accept", "text/event-stream");
  if (!last_id.empty()) request.headers.add("Last-Event-ID", last_id);
  return request;
}

namespace {

/// Follows one inbox over any number of connections.
class Tail {
 public:
  using MakeRequest = std::function<http::Request(const std::string& last_id)>;

  Tail(ApiClient& client, const Interrupt& interrupt, MakeRequest make_request, bool as_json)
      : client_(client), interrupt_(interrupt), make_request_(std::move(make_request)), as_json_(as_json) {}

  int run() {
    std::chrono::seconds pause = pause_first;
    while (!interrupt_.requested()) {
      const auto problem = follow();
      if (!problem) return output_ended_ ? 1 : 0;
      const bool gives_up = !problem->is_passing || !was_open_;
      if (gives_up) return complain(problem->message);
      if (has_read_) pause = pause_first;
      has_read_ = false;
      // Once for each time that the stream was there.
      if (!std::exchange(told_, true))
        complain(problem->message + "; the command continues when the stream is there again");
      if (!interrupt_.wait(pause)) return 0;
      pause = std::min(pause * 2, pause_max);
    }
    return 0;
  }

 private:
  /// Reads one stream to its end. Nothing: the command is to end.
  std::optional<NoAnswer> follow() {
    auto opened = client_.open_stream(make_request_(last_id_), answer_deadline);
    if (!opened) return opened.error();
    http::StreamedFetch& stream = **opened;
    const http::ClientResponse& response = stream.response();
    if (response.status != 200) {
      return NoAnswer{.message = problem_of(response), .is_passing = is_passing(response.status)};
    }
    const auto kind = response.headers.find("Content-Type");
    if (!kind || !kind->starts_with("text/event-stream")) {
      return NoAnswer{.message = "the response is not a stream of events: is it a server of Triggers?",
                      .is_passing = false};
    }
    was_open_ = true;
    http::EventStreamReader reader(message_bytes_max);
    for (;;) {
      std::string bytes;
      const auto step = stream.read(bytes);
      if (auto problem = take(reader, bytes)) return problem;
      if (output_ended_) return std::nullopt;
      if (step == http::StreamedFetch::Step::ended) return NoAnswer{.message = "the server has ended the stream"};
      if (step == http::StreamedFetch::Step::broken) return NoAnswer{.message = "the stream has broken off"};
      switch (interrupt_.wait_readable(stream.fd(), steady_clock::now() + silence_max)) {
        case Interrupt::Ready::readable: break;
        case Interrupt::Ready::timed_out: return NoAnswer{.message = "the stream has fallen silent"};
        case Interrupt::Ready::interrupted: return std::nullopt;
      }
    }
  }

  std::optional<NoAnswer> take(http::EventStreamReader& reader, const std::string& bytes) {
    if (bytes.empty()) return std::nullopt;
    has_read_ = true;
    told_ = false;
    std::vector<http::StreamMessage> messages;
    if (!reader.feed(bytes, messages)) {
      return NoAnswer{.message = "the stream has a message of over 16 MiB: is it a server of Triggers?",
                      .is_passing = false};
    }
    for (const auto& message : messages) show(message.data);
    if (!messages.empty() && !flush_output()) {
      complain("cannot write to standard output");
      output_ended_ = true;
    }
    if (!reader.last_id().empty() && reader.last_id() != last_id_) {
      last_id_ = reader.last_id();
      unplaced_.clear();
    }
    return std::nullopt;
  }

  /// The service sends a place behind each group of events. If the stream broke off within a group, it sends the group
  /// again.
  void show(const std::string& data) {
    std::string id = event_id_of(data);
    if (id.empty() || std::ranges::find(unplaced_, id) != unplaced_.end()) return;
    std::printf("%s\n", as_json_ ? data.c_str() : event_line(data).c_str());
    unplaced_.push_back(std::move(id));
  }

  ApiClient& client_;
  const Interrupt& interrupt_;
  const MakeRequest make_request_;
  const bool as_json_;
  std::string last_id_;
  std::vector<std::string> unplaced_;  ///< What was shown since the last place.
  bool was_open_ = false, has_read_ = false, told_ = false, output_ended_ = false;
};

}  // namespace

TailCommand::TailCommand(CLI::App& app) : flags_(std::make_unique<Flags>()) {
  Flags& flags = *flags_;
  app.add_option("--inbox", flags.inbox, "Inbox to follow")
      ->check(name_problem)
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--type", flags.type, "Shows only events of exactly this type")
      ->check(type_problem)
      ->type_name("TYPE");
  app.add_flag("--json", flags.as_json, "Prints each event as JSON, one per line");
  flags.api.declare(app);
  app.footer(
      "Shows events that are accepted from now on, and changes nothing. Exit status: 0, after Ctrl+C. 1, the stream "
      "cannot be read, or the output cannot be written. 2, the arguments are wrong.");
}

TailCommand::~TailCommand() = default;

int TailCommand::run(const config::Settings& settings) const {
  auto client = ApiClient::create(flags_->api, settings);
  if (!client) return complain(client.error().message);
  const Interrupt interrupt;
  const auto request = [this](const std::string& last_id) { return flags_->request(last_id); };
  return Tail(**client, interrupt, request, flags_->as_json).run();
}

}  // namespace triggers
