#include "swarm/web/endpoints.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "swarm/load/duration.h"
#include "swarm/load/failure_text.h"
#include "swarm/report/csv_tables.h"
#include "swarm/report/html_report.h"
#include "swarm/report/html_text.h"
#include "swarm/report/json_report.h"
#include "swarm/report/json_writer.h"
#include "swarm/web/chart_json.h"
#include "swarm/web/locust_json.h"
#include "swarm/web/prometheus_text.h"

namespace triggers::swarm {
namespace {

using http::Response;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view csv_type = "text/csv; charset=utf-8";
constexpr std::string_view html_type = "text/html; charset=utf-8";
constexpr std::string_view plain_type = "text/plain; charset=utf-8";
constexpr double users_max = 1'000'000;

Response json_response(std::string body) { return text_response(200, json_type, std::move(body)); }

/// As Locust, whose failures are 200 too.
Response outcome(bool success, std::string_view message) {
  JsonWriter json;
  json.begin_object();
  json.key("success");
  json.truth(success);
  json.member("message", message);
  json.end_object();
  return json_response(json.take());
}

/// Letters and digits of a name, for a file's name.
std::string file_name_part(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    if (plain) {
      out += c;
    } else if (!out.ends_with('_')) {
      out += '_';
    }
  }
  return out;
}

std::string time_part(const TestView& view) {
  return view.report == nullptr ? "no_test" : file_name_part(utc_text(view.report->started).substr(0, 19));
}

Response download(std::string_view type, std::string name, std::string body) {
  Response response = text_response(200, type, std::move(body));
  response.add("Content-Disposition", "attachment; filename=\"" + std::move(name) + "\"");
  return response;
}

const Statistics& statistics_of(const TestView& view) {
  static const Statistics nothing;
  return view.report == nullptr ? nothing : *view.report->statistics;
}

/// A number of the form, if it is there. Error: `invalid_argument`.
Result<std::optional<double>> number_of(const Form& form, std::string_view name, double least, double most,
                                        bool whole) {
  const auto text = form.find(name);
  if (!text || text->empty()) return std::optional<double>{};
  double value = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), value);
  const bool all = read.ec == std::errc{} && read.ptr == text->data() + text->size();
  if (!all || !std::isfinite(value) || value < least || value > most || (whole && value != std::floor(value))) {
    return Error{ErrorCode::invalid_argument, std::string{name} + " is " + python_repr_ascii(*text) + ", and not a " +
                                                  (whole ? "whole number from 0" : "number above 0") + " to " +
                                                  std::to_string(static_cast<std::int64_t>(most))};
  }
  return std::optional{value};
}

Result<LoadRequest> load_request_of(const Form& form) {
  LoadRequest request;
  const auto users = number_of(form, "user_count", 0, users_max, true);
  if (!users) return users.error();
  if (*users) request.users = static_cast<std::size_t>(**users);
  const auto rate = number_of(form, "spawn_rate", 1e-9, users_max, false);
  if (!rate) return rate.error();
  request.spawn_rate = *rate;
  if (const auto host = form.find("host"); host && !host->empty()) request.host = host;
  if (const auto text = form.find("run_time"); text && !text->empty()) {
    request.run_time = parse_duration(*text);
    if (!request.run_time) {
      return Error{ErrorCode::invalid_argument,
                   "run_time is " + python_repr_ascii(*text) +
                       ", and not a time: whole seconds (90), or hours, minutes and seconds in that order (1h30m10s)"};
    }
  }
  request.user_classes = form.all("user_classes");
  return request;
}

Response post_swarm(TestControl& control, const Form& form) {
  auto request = load_request_of(form);
  if (!request) return outcome(false, request.error().message);
  if (!control.settings().load_is_fixed && (!request->users || !request->spawn_rate)) {
    return outcome(false, std::string{"Give "} + (request->users ? "spawn_rate" : "user_count") + ", a number");
  }
  if (const auto shape = form.find("shape_class"); shape && !shape->empty() && *shape != "Default") {
    return outcome(false, "There is no shape class " + python_repr_ascii(*shape) + ". The only one is Default");
  }
  if (const auto started = control.start_or_change(*request); !started) return outcome(false, started.error().message);
  const TestSettings settings = control.settings();
  JsonWriter json;
  json.begin_object();
  json.key("success");
  json.truth(true);
  json.member("message", std::string_view{"Swarming started"});
  json.member("host", settings.host);
  if (request->run_time) json.member("run_time", *form.find("run_time"));
  if (settings.picks_classes) {
    json.key("user_classes");
    json.begin_array();
    for (const UserClass* one : settings.chosen) json.value(one->name());
    json.end_array();
  }
  json.end_object();
  return json_response(json.take());
}

Response get_stop(TestControl& control, const Form&) {
  control.stop();
  return outcome(true, "Test stopped");
}

Response get_reset(TestControl& control, const Form&) {
  control.reset();
  return text_response(200, plain_type, "ok");
}

Response get_stats(TestControl& control, const Form&) { return json_response(stats_json(control.view())); }
Response get_history(TestControl& control, const Form&) { return json_response(history_json(control.view())); }
Response get_latencies(TestControl& control, const Form&) { return json_response(latencies_json(control.view())); }
Response get_exceptions(TestControl& control, const Form&) { return json_response(exceptions_json(control.view())); }
Response get_logs(TestControl& control, const Form&) { return json_response(logs_json(control.log_lines())); }
Response get_tasks(TestControl& control, const Form&) {
  return json_response(tasks_json(control.view(), control.settings()));
}
Response get_page_data(TestControl& control, const Form&) {
  return json_response(template_args_json(control.view(), control.settings()));
}
Response get_worker_count(TestControl&, const Form&) { return json_response("{\"worker_count\": 0}\n"); }

Response get_stats_csv(TestControl& control, const Form&) {
  const TestView view = control.view();
  return download(csv_type, "requests_" + time_part(view) + ".csv", stats_csv(LocustRows(statistics_of(view))));
}

Response get_failures_csv(TestControl& control, const Form&) {
  const TestView view = control.view();
  return download(csv_type, "failures_" + time_part(view) + ".csv", failures_csv(statistics_of(view)));
}

Response get_exceptions_csv(TestControl& control, const Form&) {
  const TestView view = control.view();
  return download(csv_type, "exceptions_" + time_part(view) + ".csv", exceptions_csv(statistics_of(view)));
}

Response get_full_history(TestControl&, const Form&) {
  return text_response(404, plain_type, "The history is in the file of --csv, PREFIX_stats_history.csv\n");
}

Response get_json(TestControl& control, const Form&) {
  const TestView view = control.view();
  if (view.report == nullptr) return text_response(404, plain_type, "No test has run yet\n");
  return download(json_type, "results_" + time_part(view) + ".json", render_json(*view.report));
}

Response get_report(TestControl& control, const Form& form) {
  const TestView view = control.view();
  if (view.report == nullptr) return text_response(404, plain_type, "No test has run yet\n");
  std::string page = render_html(*view.report);
  Response response =
      form.find("download").value_or("").empty()
          ? text_response(200, html_type, std::move(page))
          : download(html_type, "Locust_" + time_part(view) + "_swarm_" + file_name_part(view.report->host) + ".html",
                     std::move(page));
  // Its scripts are inline, and it shows texts of the service: keep it apart from the page that controls the test.
  response.add("Content-Security-Policy",
               "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; sandbox allow-scripts");
  return response;
}

Response get_metrics(TestControl& control, const Form&) {
  return text_response(200, "text/plain; version=0.0.4; charset=utf-8", prometheus_text(control.view()));
}

constexpr std::array all{
    Endpoint{.path = "/swarm", .get = false, .post = true, .changes = true, .answer = post_swarm},
    Endpoint{.path = "/stop", .post = true, .changes = true, .answer = get_stop},
    Endpoint{.path = "/stats/reset", .post = true, .changes = true, .answer = get_reset},
    Endpoint{.path = "/stats/requests", .is_polled = true, .answer = get_stats},
    Endpoint{.path = "/stats/history", .is_polled = true, .answer = get_history},
    Endpoint{.path = "/stats/latencies", .is_polled = true, .answer = get_latencies},
    Endpoint{.path = "/stats/requests/csv", .answer = get_stats_csv},
    Endpoint{.path = "/stats/requests_full_history/csv", .answer = get_full_history},
    Endpoint{.path = "/stats/failures/csv", .answer = get_failures_csv},
    Endpoint{.path = "/stats/report", .answer = get_report},
    Endpoint{.path = "/stats/json", .answer = get_json},
    Endpoint{.path = "/exceptions", .answer = get_exceptions},
    Endpoint{.path = "/exceptions/csv", .answer = get_exceptions_csv},
    Endpoint{.path = "/tasks", .answer = get_tasks},
    Endpoint{.path = "/logs", .answer = get_logs},
    Endpoint{.path = "/worker-count", .answer = get_worker_count},
    Endpoint{.path = "/page-data", .answer = get_page_data},
    Endpoint{.path = "/metrics", .is_polled = true, .answer = get_metrics},
};

}  // namespace

std::span<const Endpoint> endpoints() { return all; }

Response text_response(unsigned status, std::string_view content_type, std::string body) {
  Response response;
  response.status = status;
  response.content_type = content_type;
  response.body = std::move(body);
  return response;
}

}  // namespace triggers::swarm
