#include "inboxes_command.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>

#include "api_client.h"
#include "auth/validate.h"
#include "base/clock.h"
#include "base/percent_encoding.h"
#include "base/timestamp.h"
#include "duration_text.h"
#include "inbox/inbox_name.h"
#include "inbox_settings_flags.h"
#include "inboxes_output.h"

namespace triggers {
namespace {

namespace json = boost::json;

/// For one request. The service answers a purge or a replay at once, and works on it afterwards.
constexpr std::chrono::seconds answer_deadline{60};

int complain(const std::string& message) {
  std::fprintf(stderr, "triggers: %s\n", message.c_str());
  return 1;
}

std::string text_problem(const std::string& text) { return auth::is_utf8(text) ? "" : "it must be UTF-8"; }

std::string name_problem(const std::string& text) {
  const auto name = inbox::InboxName::parse(text);
  return name ? "" : name.error().message;
}

/// A header must not end in the middle of its value.
std::string tag_problem(const std::string& text) {
  return auth::is_plain_text(text) && !text.empty() ? "" : "it must be an ETag, as show prints it";
}

std::string time_problem(const std::string& text) {
  constexpr std::chrono::days span_max{36'500};
  const auto span = parse_duration(text);
  if (span ? *span <= span_max : parse_timestamp(text).has_value()) return {};
  return "it takes an RFC 3339 time, or how long ago (90s, 15m, 12h, 30d)";
}

/// A time, or how long ago.
std::string time_text(const std::string& text) {
  const auto span = parse_duration(text);
  return span ? format_timestamp(Clock::system().now() - *span) : text;
}

}  // namespace

/// Where CLI11 puts what was given, and which command was given.
struct InboxesCommand::Flags {
  CLI::App* list = nullptr;
  CLI::App* show = nullptr;
  CLI::App* create = nullptr;
  CLI::App* update = nullptr;
  CLI::App* remove = nullptr;
  CLI::App* purge = nullptr;
  CLI::App* replay = nullptr;
  CLI::App* requeue = nullptr;
  CLI::App* discard = nullptr;
  CLI::App* job = nullptr;

  ApiFlags api;
  InboxSettingsFlags settings;
  std::string name, confirmed, if_match, since, until, event_type, job_id;
  std::vector<std::string> event_ids;
  bool all = false;
  bool as_json = false;

  CLI::App* add(CLI::App& app, const std::string& command, const std::string& help);
  void add_confirmation(CLI::App& app, const std::string& flag);
  void add_if_match(CLI::App& app);
  void add_dead(CLI::App& app);
  void add_changes(CLI::App& app);
  [[nodiscard]] http::Request request() const;
  [[nodiscard]] std::string body() const;
  [[nodiscard]] std::string sentence(const http::ClientResponse& answer) const;
  int change_all_dead(ApiClient& client) const;
};

CLI::App* InboxesCommand::Flags::add(CLI::App& app, const std::string& command, const std::string& help) {
  auto* added = app.add_subcommand(command, help);
  added->add_option("name", name, "Name of the inbox")->required()->check(name_problem);
  return added;
}

void InboxesCommand::Flags::add_confirmation(CLI::App& app, const std::string& flag) {
  app.add_option(flag, confirmed, "Name of the inbox once more, to confirm")->required();
  app.final_callback([this, flag] {
    if (confirmed != name) throw CLI::ValidationError(flag, "it must be the name of the inbox, " + name);
  });
}

void InboxesCommand::Flags::add_if_match(CLI::App& app) {
  app.add_option("--if-match", if_match, "ETag that show printed; if the settings have changed since, nothing is done")
      ->check(tag_problem);
}

void InboxesCommand::Flags::add_dead(CLI::App& app) {
  app.add_option("event_ids", event_ids, "Ids of dead entries, at most 500")->expected(1, 500)->check(text_problem);
  app.add_flag("--all", all, "All dead entries");
  app.add_option("--event-type", event_type, "With --all: only the dead entries of this type")->check(text_problem);
  app.final_callback([this, &app] {
    if (all == !event_ids.empty()) throw CLI::ValidationError(app.get_name(), "name either event ids or --all");
    if (!all && app.count("--event-type") > 0) throw CLI::ValidationError("--event-type", "it needs --all");
  });
}

void InboxesCommand::Flags::add_changes(CLI::App& app) {
  create = add(app, "create",
               "Creates an inbox, or replaces all settings of one that exists; omitted settings get their defaults");
  settings.declare(*create);
  add_if_match(*create);
  update = add(app, "update", "Changes the given settings of an inbox, and keeps the rest");
  settings.declare(*update);
  add_if_match(*update);
  update->final_callback([this] {
    if (settings.body(*update) == "{}")
      throw CLI::ValidationError("inboxes update", "name a setting to change, for instance --lease-seconds 60");
  });
  remove = add(app, "delete", "Deletes an inbox with all its entries; the events stay in the log");
  add_confirmation(*remove, "--yes-delete");
  add_if_match(*remove);
}

InboxesCommand::InboxesCommand(CLI::App& app) : flags_(std::make_unique<Flags>()) {
  Flags& flags = *flags_;
  app.require_subcommand(1);
  flags.list = app.add_subcommand("list", "Lists the inboxes, with the number of entries in each state");
  flags.show = flags.add(app, "show", "Shows the settings and the state of an inbox");
  flags.add_changes(app);
  flags.purge = flags.add(app, "purge", "Removes all entries that are not dead from an inbox");
  flags.add_confirmation(*flags.purge, "--yes-purge");
  flags.replay = flags.add(app, "replay", "Puts events of the log into an inbox again, if its filter takes them");
  flags.replay
      ->add_option("--since", flags.since,
                   "Takes events accepted at this time or later: RFC 3339, or how long ago (90s, 15m, 12h, 30d)")
      ->required()
      ->check(time_problem);
  flags.replay->add_option("--until", flags.until, "Takes only events accepted before this time; same forms as --since")
      ->check(time_problem);
  flags.replay->add_option("--event-type", flags.event_type, "Only events of this type")->check(text_problem);
  flags.requeue = flags.add(app, "requeue", "Makes dead entries available again");
  flags.add_dead(*flags.requeue);
  flags.discard = flags.add(app, "discard", "Removes dead entries from an inbox");
  flags.add_dead(*flags.discard);
  flags.job = flags.add(app, "job", "Shows the progress of a purge or a replay");
  flags.job->add_option("job_id", flags.job_id, "Id that purge or replay printed")
      ->required()
      ->check([](const std::string& text) { return std::string{text.empty() ? "it is empty" : ""}; });
  for (auto* command : app.get_subcommands({})) {
    command->add_flag("--json", flags.as_json, "Prints JSON");
    flags.api.declare(*command);
  }
}

InboxesCommand::~InboxesCommand() = default;

std::string InboxesCommand::Flags::body() const {
  if (create->parsed()) return settings.body(*create);
  if (update->parsed()) return settings.body(*update);
  json::object body;
  if (replay->parsed()) {
    body["since"] = time_text(since);
    if (!until.empty()) body["until"] = time_text(until);
    if (!event_type.empty()) body["event_type"] = event_type;
  } else if (all) {
    body["all"] = true;
    if (!event_type.empty()) body["event_type"] = event_type;
  } else if (!event_ids.empty()) {
    body["event_ids"] = json::array(event_ids.begin(), event_ids.end());
  }
  return json::serialize(body);
}

http::Request InboxesCommand::Flags::request() const {
  http::Request request;
  request.target = "/inboxes";
  if (list->parsed()) return request;
  request.target += "/" + percent_encode(name);
  if (show->parsed()) return request;
  if (job->parsed()) {
    request.target += "/jobs/" + percent_encode(job_id);
    return request;
  }
  if (!if_match.empty()) request.headers.add("If-Match", if_match);
  if (remove->parsed()) {
    request.method = http::Method::del;
    return request;
  }
  request.method = create->parsed() ? http::Method::put : update->parsed() ? http::Method::patch : http::Method::post;
  for (const auto* action : {purge, replay, requeue, discard}) {
    if (action->parsed()) request.target += "/" + action->get_name();
  }
  request.headers.add("Content-Type", "application/json");
  request.body = body();
  return request;
}

/// For a person, where the answer alone does not say what happened.
std::string InboxesCommand::Flags::sentence(const http::ClientResponse& answer) const {
  if (create->parsed()) {
    return answer.status == 201 ? "The inbox " + name + " is new."
                                : "The inbox " + name + " was there already. It now has these settings.";
  }
  if (remove->parsed()) return "The inbox " + name + " is deleted. The server removes its entries in the background.";
  if (purge->parsed() || replay->parsed()) {
    return "A server runs the job in the background; if none is running, the next one will. To see its progress: "
           "triggers inboxes job " +
           name + " JOB_ID";
  }
  return {};
}

/// The service changes a bounded number of entries in one request.
int InboxesCommand::Flags::change_all_dead(ApiClient& client) const {
  std::int64_t count = 0;
  for (;;) {
    auto answer = client.send(request(), answer_deadline);
    json::error_code error;
    const auto value = json::parse(answer ? answer->body : "", error);
    const auto* object = error ? nullptr : value.if_object();
    const auto* done = object == nullptr ? nullptr : object->if_contains("count");
    const auto* more = object == nullptr ? nullptr : object->if_contains("has_more");
    if (!answer || answer->status != 200 || done == nullptr || !done->is_int64() || more == nullptr ||
        !more->is_bool()) {
      if (count > 0) complain("after " + std::to_string(count) + " entries:");
      return answer ? print_inboxes_response(*answer, {.as_json = as_json}) : complain(answer.error().message);
    }
    count += done->get_int64();
    if (more->get_bool()) continue;
    if (as_json) {
      std::printf("{\"count\":%lld,\"has_more\":false}\n", static_cast<long long>(count));
    } else {
      std::printf("%s %lld entries.\n", requeue->parsed() ? "Requeued" : "Discarded", static_cast<long long>(count));
    }
    return 0;
  }
}

int InboxesCommand::run(const config::Settings& settings) const {
  auto client = ApiClient::create(flags_->api, settings);
  if (!client) return complain(client.error().message);
  if (flags_->all) return flags_->change_all_dead(**client);
  const auto answer = (*client)->send(flags_->request(), answer_deadline);
  if (!answer) return complain(answer.error().message);
  return print_inboxes_response(*answer, {.as_json = flags_->as_json, .sentence = flags_->sentence(*answer)});
}

}  // namespace triggers
