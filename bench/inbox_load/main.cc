// One run of the load of ./dev bench inboxes against one server that is ready. Prints its result as JSON. Where the
// servers come from, and how runs are compared, is in bench/inboxes.py.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "amqp_intake.h"
#include "amqp_outlet.h"
#include "base/invariant.h"
#include "http_intake.h"
#include "http_outlet.h"
#include "load.h"
#include "triggers_protocol.h"
#include "webdis_protocol.h"

namespace triggers::bench {
namespace {

struct Options {
  std::string protocol, run, inbox, group, wake_group, script, queue_type = "quorum";
  int port = 0, waiting_port = 0;
  std::size_t in_flight = 100, post_batch = 1, publishers = 1, workers = 32, batch = 10;
  std::uint16_t prefetch = 20;
  double rate = 0, warm_up = 1, seconds = 5;
};

/// What is wrong with options that are right each alone; empty if nothing is.
std::string_view fault_of(const Options& options) {
  if (options.run.size() != EventText::run_size) return "--run: give 24 characters, others in each run";
  if (options.post_batch > 1 && options.protocol != "triggers") return "--post-batch: only triggers takes batches";
  if (options.prefetch < options.batch) return "--prefetch: give at least --batch, or no batch is ever full";
  return {};
}

/// False: the program ends with `status`.
bool parse(int count, char** arguments, Options& options, int& status) {
  CLI::App app{"Sends events to one server, leases them and acknowledges them, and accounts for each."};
  app.add_option("--protocol", options.protocol)->required()->check(CLI::IsMember({"amqp", "triggers", "webdis"}));
  app.add_option("--port", options.port)->required();
  app.add_option("--run", options.run, "marks the events of this run: 24 letters, digits or dashes")->required();
  app.add_option("--inbox", options.inbox, "the inbox, stream or queue")->required();
  app.add_option("--in-flight", options.in_flight, "events without an answer, at most")->check(CLI::PositiveNumber);
  app.add_option("--post-batch", options.post_batch, "triggers: events of a request")->check(CLI::Range(1, 500));
  app.add_option("--workers", options.workers)->check(CLI::PositiveNumber);
  app.add_option("--batch", options.batch, "events of a lease and of an acknowledgement")->check(CLI::PositiveNumber);
  app.add_option("--rate", options.rate, "events a second on a schedule; 0: as many as the server accepts");
  app.add_option("--warm-up", options.warm_up, "seconds before the measured ones");
  app.add_option("--seconds", options.seconds, "measured seconds");
  app.add_option("--queue-type", options.queue_type, "amqp")->check(CLI::IsMember({"classic", "quorum"}));
  app.add_option("--publishers", options.publishers, "amqp: connections that publish")->check(CLI::PositiveNumber);
  app.add_option("--prefetch", options.prefetch, "amqp: unacknowledged events of a worker, at most");
  app.add_option("--waiting-port", options.waiting_port, "webdis: where requests may block");
  app.add_option("--group", options.group, "webdis: the workers' group");
  app.add_option("--wake-group", options.wake_group, "webdis: the group whose answers wake workers");
  app.add_option("--script", options.script, "webdis: the SHA-1 of the script that leases");
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    status = app.exit(error);
    return false;
  }
  const std::string_view fault = fault_of(options);
  if (!fault.empty()) std::fprintf(stderr, "inbox_load: %s\n", std::string{fault}.c_str());
  status = 2;
  return fault.empty();
}

LoadSettings settings_of(const Options& options) {
  const auto milliseconds = [](double seconds) {
    return std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)};
  };
  return {.rate = options.rate, .warm_up = milliseconds(options.warm_up), .measured = milliseconds(options.seconds)};
}

/// All that connections of one thread to one port share.
struct Place {
  swarm::Target target;
  swarm::ConnectionContext context;

  Place(swarm::Reactor& reactor, swarm::Target to)
      : target(std::move(to)),
        context{.reactor = reactor, .target = target, .request_timeout = std::chrono::seconds{60}} {}
};

swarm::Target target_of(int port) {
  auto target = swarm::Target::parse("http://127.0.0.1:" + std::to_string(port));
  INVARIANT(target, "%s", target.error().message.c_str());
  return std::move(*target);
}

std::unique_ptr<HttpProtocol> protocol_of(const Options& options) {
  EventText text(options.run);
  if (options.protocol == "webdis") {
    return std::make_unique<WebdisProtocol>(
        WebdisProtocol::Names{options.inbox, options.group, options.wake_group, options.script}, std::move(text));
  }
  const char* const key = std::getenv("TRIGGERS_API_KEY");  // Not an option: others see the options of a program.
  return std::make_unique<TriggersProtocol>(options.inbox, key != nullptr ? key : "", std::move(text));
}

LoadResult run_http(const Options& options) {
  swarm::Reactor sending, receiving;
  Place intake_place(sending, target_of(options.port)), outlet_place(receiving, target_of(options.port));
  Place waiting_place(receiving, target_of(options.waiting_port != 0 ? options.waiting_port : options.port));
  const auto intake_protocol = protocol_of(options), outlet_protocol = protocol_of(options);
  HttpIntake intake(
      intake_place.context, *intake_protocol,
      {.connections = std::max<std::size_t>(options.in_flight / options.post_batch, 1), .batch = options.post_batch});
  HttpOutlet outlet(outlet_place.context, waiting_place.context, *outlet_protocol,
                    {.workers = options.workers, .batch = options.batch, .waits = options.rate > 0});
  return run_load({sending, intake}, {receiving, outlet}, settings_of(options));
}

/// `left`: the events that were in the queue after the run.
LoadResult run_amqp(const Options& options, std::uint64_t& left) {
  swarm::Reactor sending, receiving;
  const AmqpPlace place{.port = options.port, .queue = options.inbox};
  const EventText text(options.run);
  AmqpLink owner(sending, place);
  owner.declare_queue(options.queue_type);
  LoadResult result;
  result.failure = owner.failure();
  if (!result.failure.empty()) return result;
  {
    AmqpIntake intake(sending, place, text, options.publishers, options.in_flight);
    AmqpOutlet outlet(receiving, place, text,
                      {.workers = options.workers,
                       .batch = options.batch,
                       .prefetch = options.prefetch,
                       .partial_batches = options.rate > 0});
    result = run_load({sending, intake}, {receiving, outlet}, settings_of(options));
  }
  left = owner.delete_queue();
  if (result.failure.empty()) result.failure = owner.failure();
  return result;
}

void print(const LoadResult& result, std::optional<std::uint64_t> left) {
  const Account& account = result.account;
  const auto number = [](const char* name, std::uint64_t value) {
    std::printf("\"%s\":%llu,", name, static_cast<unsigned long long>(value));
  };
  std::printf("{");
  number("sent", account.sent);
  number("accepted", account.accepted);
  number("received", account.received);
  number("acknowledged", account.acknowledged);
  number("unanswered", account.unanswered);
  number("lost", account.lost);
  number("twice", account.twice);
  number("unacknowledged", account.unacknowledged);
  number("acknowledged_twice", account.acknowledged_twice);
  number("unaccepted", account.unaccepted);
  number("batches", result.batches);
  if (left) number("left", *left);
  std::printf("\"events_per_second\":%.1f,", account.events_per_second);
  std::printf("\"from_sent_ms\":{\"p50\":%.3f,\"p99\":%.3f},", account.from_sent.p50_ms, account.from_sent.p99_ms);
  std::printf("\"from_accepted_ms\":{\"p50\":%.3f,\"p99\":%.3f},", account.from_accepted.p50_ms,
              account.from_accepted.p99_ms);
  std::printf("\"early_share\":%.4f,", account.early_share);
  std::printf("\"late_max_ms\":%.3f}\n", std::chrono::duration<double, std::milli>(result.late_max).count());
}

int run(const Options& options) {
  std::uint64_t left = 0;
  const bool amqp = options.protocol == "amqp";
  const LoadResult result = amqp ? run_amqp(options, left) : run_http(options);
  if (!result.failure.empty()) {
    std::fprintf(stderr, "inbox_load: %s\n", result.failure.c_str());
    return 1;
  }
  print(result, amqp ? std::optional{left} : std::nullopt);
  return 0;
}

}  // namespace
}  // namespace triggers::bench

int main(int count, char** arguments) {
  triggers::bench::Options options;
  int status = 0;
  if (!triggers::bench::parse(count, arguments, options, status)) return status;
  return triggers::bench::run(options);
}
