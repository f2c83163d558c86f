#include "lambda/runtime_client.h"

#include <boost/json.hpp>
#include <charconv>
#include <utility>

namespace triggers::lambda {
namespace {

namespace json = boost::json;

constexpr std::string_view base = "/2018-06-01/runtime";
constexpr std::chrono::hours next_timeout{24 * 365};  // "Do not set a timeout": the process may be frozen for days.
constexpr std::chrono::seconds post_timeout{10};

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Error broken(std::string_view what, unsigned status) {
  return {ErrorCode::internal,
          std::string("the runtime interface answered ") + std::to_string(status) + " to " + std::string(what)};
}

std::string error_body(std::string_view type, std::string_view message) {
  json::object body;
  body["errorMessage"] = message;
  body["errorType"] = type;
  body["stackTrace"] = json::array();
  return json::serialize(body);
}

}  // namespace

Result<RuntimeClient> RuntimeClient::create(std::string_view address) {
  const auto colon = address.rfind(':');
  const auto port =
      colon == std::string_view::npos ? std::nullopt : number_of<std::uint16_t>(address.substr(colon + 1));
  if (!port || colon == 0) {
    return Error{ErrorCode::invalid_argument,
                 "AWS_LAMBDA_RUNTIME_API must be host:port; Lambda sets it when it starts this program"};
  }
  http::ServerAddress server;
  server.host = address.substr(0, colon);
  server.port = *port;
  return RuntimeClient(std::move(server));
}

Result<Invocation> RuntimeClient::next() {
  http::Request request;
  request.target = std::string(base) + "/invocation/next";
  auto answer = http::fetch(server_, request, next_timeout);
  if (!answer) return std::move(answer).error();
  if (answer->status != 200) return broken("next", answer->status);
  const auto id = answer->headers.find("Lambda-Runtime-Aws-Request-Id");
  if (!id || id->empty()) return Error{ErrorCode::internal, "the runtime interface gave an invocation without an id"};
  Invocation invocation;
  invocation.request_id = *id;
  if (const auto text = answer->headers.find("Lambda-Runtime-Deadline-Ms")) {
    if (const auto deadline = number_of<std::int64_t>(*text)) {
      invocation.deadline = UnixMillis{std::chrono::milliseconds{*deadline}};
    }
  }
  invocation.trace_id = answer->headers.find("Lambda-Runtime-Trace-Id").value_or("");
  invocation.event = std::move(answer->body);
  return invocation;
}

Status RuntimeClient::post(const std::string& path, std::string body, std::string_view error_type) {
  http::Request request;
  request.method = http::Method::post;
  request.target = std::string(base) + path;
  request.headers.add("Content-Type", "application/json");
  if (!error_type.empty()) request.headers.add("Lambda-Runtime-Function-Error-Type", error_type);
  request.body = std::move(body);
  const auto answer = http::fetch(server_, request, post_timeout);
  if (!answer) return answer.error();
  if (answer->status >= 200 && answer->status < 300) return Done{};
  if (answer->status == 413) return Error{ErrorCode::too_large, "the answer is larger than Lambda takes"};
  if (answer->status < 500) {
    return Error{ErrorCode::invalid_argument, broken(path, answer->status).message};
  }
  return broken(path, answer->status);
}

Status RuntimeClient::respond(const std::string& request_id, std::string answer) {
  return post("/invocation/" + request_id + "/response", std::move(answer), "");
}

Status RuntimeClient::fail(const std::string& request_id, std::string_view type, std::string_view message) {
  return post("/invocation/" + request_id + "/error", error_body(type, message), type);
}

Status RuntimeClient::fail_init(std::string_view type, std::string_view message) {
  return post("/init/error", error_body(type, message), type);
}

}  // namespace triggers::lambda
