#include "send_command.h"

#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "api_client.h"
#include "auth/validate.h"
#include "base/random.h"
#include "duration_text.h"
#include "json_argument.h"
#include "patient_client.h"
#include "send_lines.h"
#include "send_report.h"

namespace triggers {
namespace {

namespace json = boost::json;

constexpr int refused_status = 3;
constexpr std::size_t key_chars_max = 255;
constexpr std::size_t line_number_chars_max = 21;  // With its slash: a key of lines ends with the number of a line.
/// A line of this size is accepted from a service that takes larger batches; a batch of several lines stays smaller.
constexpr std::size_t line_bytes_max = std::size_t{64} * 1024 * 1024;

int complain(const std::string& message) {
  std::fprintf(stderr, "triggers: %s\n", message.c_str());
  return 1;
}

std::string text_problem(const std::string& text) { return auth::is_utf8(text) ? "" : "it must be UTF-8"; }

std::string key_problem(const std::string& text) {
  const bool visible = std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != '"'; });
  const bool fits = !text.empty() && text.size() <= key_chars_max;
  return visible && fits ? "" : "it must be 1 to 255 visible ASCII characters without quotes";
}

std::string duration_problem(const std::string& text) {
  const auto span = parse_duration(text);
  return span && *span <= std::chrono::days{1} ? "" : "it takes a duration: 0, 30s, 2m, at most 24h";
}

std::string attempt_problem(const std::string& text) {
  return parse_duration(text) == std::chrono::seconds{0} ? "it must be longer than 0" : duration_problem(text);
}

/// A key that nobody else makes.
std::string random_key() {
  std::string key = "send-";
  for (int i = 0; i < 2; ++i) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::uint64_t bits = random_u64(), n = 0; n < 16; ++n, bits >>= 4) key += digits[bits & 15];
  }
  return key;
}

/// The bounds of a batch, from GET /me. Those of an answer that does not name them are the usual ones.
BatchLimits limits_of(const http::ClientResponse& answer) {
  json::error_code error;
  const auto value = json::parse(answer.body, error);
  const auto* limits = error || !value.is_object() ? nullptr : value.get_object().if_contains("limits");
  const auto number = [&](std::string_view name, std::size_t usual, std::size_t max) -> std::size_t {
    const auto* found = limits == nullptr || !limits->is_object() ? nullptr : limits->get_object().if_contains(name);
    if (found == nullptr || !found->is_int64() || found->get_int64() <= 0) return usual;
    return std::min(static_cast<std::size_t>(found->get_int64()), max);
  };
  const BatchLimits usual;
  return {number("batch_events", usual.events_max, 10'000), number("batch_bytes", usual.bytes_max, line_bytes_max)};
}

/// Size of a regular file; otherwise 0.
std::uint64_t size_of_input() {
  struct stat status{};
  const bool known = ::fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode);
  return known ? static_cast<std::uint64_t>(status.st_size) : 0;
}

}  // namespace

/// Where CLI11 puts what was given.
struct SendCommand::Flags {
  CLI::App* app = nullptr;
  ApiFlags api;
  std::string event_type, payload, source, metadata, key, refused_path, retry_for = "2m", timeout = "60s";
  std::uint64_t from_line = 1;
  bool as_json = false;

  [[nodiscard]] bool one_event() const { return app->count("event_type") > 0; }
  [[nodiscard]] Patience patience() const {
    return {.attempt = parse_duration(timeout).value(), .total = parse_duration(retry_for).value()};
  }
  [[nodiscard]] std::string key_or_new() const { return key.empty() ? random_key() : key; }
  [[nodiscard]] std::string problem() const;
  [[nodiscard]] http::Request request(const std::string& idempotency_key) const;
  int send_one(ApiClient& client, const Interrupt& interrupt) const;
  int send_lines(ApiClient& client, const Interrupt& interrupt) const;
};

/// What is wrong with the arguments together; empty if nothing is.
std::string SendCommand::Flags::problem() const {
  if (one_event() && app->count("payload") == 0) return "a payload must follow the event type, such as '{\"id\":1}'";
  for (const auto* name : {"--from-line", "--refused"}) {
    if (one_event() && app->count(name) > 0) return std::string(name) + " is for lines of standard input only";
  }
  for (const auto* name : {"--source", "--metadata"}) {
    if (!one_event() && app->count(name) > 0) {
      return std::string(name) + " needs an event type and a payload; each line of standard input has its own";
    }
  }
  if (!one_event() && key.size() + line_number_chars_max > key_chars_max)
    return "--idempotency-key must leave room for the number of a line: 234 characters at most";
  return {};
}

http::Request SendCommand::Flags::request(const std::string& idempotency_key) const {
  http::Request request;
  request.method = http::Method::post;
  request.target = "/events";
  request.headers.add("Content-Type", "application/json");
  request.headers.add("Idempotency-Key", idempotency_key);
  // Payload and metadata stay as they were typed.
  request.body = "{\"event_type\":" + json::serialize(json::value(event_type)) + ",\"payload\":" + payload;
  if (app->count("--source") > 0) request.body += ",\"source\":" + json::serialize(json::value(source));
  if (app->count("--metadata") > 0) request.body += ",\"metadata\":" + metadata;
  request.body += '}';
  return request;
}

int SendCommand::Flags::send_one(ApiClient& client, const Interrupt& interrupt) const {
  const std::string idempotency_key = key_or_new();
  bool announced = false;
  PatientClient patient(client, interrupt, patience(), [&](const std::string& why, auto /*wait*/, bool /*asked*/) {
    if (!announced) complain(why + "; trying again");
    announced = true;
  });
  const auto answer = patient.send(request(idempotency_key));
  if (!answer) {
    complain(answer.error().why);
    if (!answer.error().may_be_done) return 1;
    return complain("whether the event is stored is not known. To go on, send it again with --idempotency-key " +
                    idempotency_key);
  }
  if (as_json) {
    std::fputs(answer->body.c_str(), answer->status == 201 ? stdout : stderr);
    return answer->status == 201 ? 0 : 1;
  }
  json::error_code error;
  const auto value = json::parse(answer->body, error);
  const auto* id = error || !value.is_object() ? nullptr : value.get_object().if_contains("event_id");
  if (answer->status != 201 || id == nullptr || !id->is_string()) return complain(problem_of(*answer));
  const bool duplicate = value.get_object().contains("duplicate");
  std::printf("%s\t%s\n", duplicate ? "duplicate" : "accepted", id->get_string().c_str());
  return 0;
}

int SendCommand::Flags::send_lines(ApiClient& client, const Interrupt& interrupt) const {
  auto made = SendReport::create({as_json, refused_path, size_of_input()});
  if (!made) return complain(made.error().message);
  SendReport& report = **made;
  const LineSender* sending = nullptr;
  PatientClient patient(client, interrupt, patience(), [&](const std::string& why, auto wait, bool asked) {
    report.waiting(sending == nullptr ? from_line : sending->line(), why, wait, asked);
  });
  http::Request about_me;
  about_me.target = "/me";
  const auto me = patient.send(about_me);
  if (!me) return complain(me.error().why);
  if (me->status != 200) return complain(problem_of(*me));
  if (::isatty(STDIN_FILENO) == 1) report.say("reading one JSON object per line; Ctrl+D ends the input");

  BatchLimits limits = limits_of(*me);
  LineReader reader(STDIN_FILENO, limits.bytes_max, interrupt);
  const std::size_t line_max = limits.bytes_max;
  limits.bytes_max = std::min(limits.bytes_max, BatchLimits{}.bytes_max);
  const std::string run_key = key_or_new();
  LineSender sender(patient, reader, report,
                    {.key = run_key,
                     .fills_batches = !key.empty(),
                     .from_line = from_line,
                     .line_bytes_max = line_max,
                     .limits = limits});
  sending = &sender;
  const auto stopped = sender.run();
  if (stopped) {
    report.say("stopped at line " + std::to_string(stopped->next_line) + ": " + stopped->why);
    report.say("every line before it is done. To go on, send the same input with --from-line " +
               std::to_string(stopped->next_line) + " --idempotency-key " + run_key);
  }
  report.summary();
  return stopped ? 1 : report.refused() > 0 ? refused_status : 0;
}

SendCommand::SendCommand(CLI::App& app) : flags_(std::make_unique<Flags>()) {
  Flags& flags = *flags_;
  flags.app = &app;
  app.add_option("event_type", flags.event_type,
                 "Type of the event. Without it, standard input has one event per line, as JSON: "
                 R"({"event_type":"order.created","payload":{"id":1}})")
      ->check(text_problem);
  app.add_option("payload", flags.payload, "Payload of the event: a JSON object")->check(object_problem);
  app.add_option("--source", flags.source, "Source of the event")->check(text_problem);
  app.add_option("--metadata", flags.metadata, "Metadata of the event: a JSON object")->check(object_problem);
  app.add_option(
         "--idempotency-key", flags.key,
         "Names this event, or this input: sending the same again with the same key stores nothing twice. Without it, "
         "the command generates a key, so that it can repeat its own requests")
      ->check(key_problem);
  app.add_option("--from-line", flags.from_line, "Skips the lines of standard input before this one")
      ->check(CLI::Range(std::uint64_t{1}, std::numeric_limits<std::uint64_t>::max()))
      ->option_text("LINE");
  app.add_option("--refused", flags.refused_path, "File that refused lines of standard input are appended to")
      ->type_name("FILE");
  app.add_option("--retry-for", flags.retry_for,
                 "How long to repeat a request if the server cannot be reached or is too busy")
      ->check(duration_problem)
      ->type_name("DURATION")
      ->capture_default_str();
  app.add_option("--timeout", flags.timeout, "How long the server may take to answer one request")
      ->check(attempt_problem)
      ->type_name("DURATION")
      ->capture_default_str();
  app.add_flag("--json", flags.as_json, "Prints JSON, one object per line");
  flags.api.declare(app);
  app.final_callback([&flags] {
    if (const auto problem = flags.problem(); !problem.empty()) throw CLI::ValidationError("send", problem);
  });
  app.footer(
      "Exit status: 0, every event is stored. 1, the command stopped before the end, and says how to go on. 2, the "
      "arguments are wrong. 3, every line was sent, and the service refused some.");
}

SendCommand::~SendCommand() = default;

int SendCommand::run(const config::Settings& settings) const {
  auto client = ApiClient::create(flags_->api, settings);
  if (!client) return complain(client.error().message);
  const Interrupt interrupt;
  return flags_->one_event() ? flags_->send_one(**client, interrupt) : flags_->send_lines(**client, interrupt);
}

}  // namespace triggers
