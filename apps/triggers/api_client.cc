#include "api_client.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>

#include "base/sync_wait.h"
#include "config/printable.h"
#include "http/wire/url.h"
#include "local_socket.h"

namespace triggers {
namespace {

namespace json = boost::json;

/// The response to a batch has some 400 bytes for each event; a page of inboxes is smaller.
constexpr std::size_t response_bytes_max = std::size_t{64} * 1024 * 1024;
constexpr std::chrono::seconds connect_timeout{10};

Error refuse(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

/// Without blanks and line ends around it, which come from files and copies.
std::string variable(const std::string& name) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::string text = config::process_environment()(name).value_or("");
  const auto first = text.find_first_not_of(blanks);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

Result<std::string> key_of_environment() {
  const std::string key = variable("TRIGGERS_API_KEY");
  if (key.empty()) {
    return refuse(
        "there is no API key: set TRIGGERS_API_KEY to one (`triggers keys create --user-id me --role creator` "
        "makes a key)");
  }
  const bool plain = std::ranges::all_of(key, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!plain) return refuse("TRIGGERS_API_KEY holds a character that no key has: copy the key again");
  return key;
}

/// A flag is nearer than the environment: with `--data-dir`, TRIGGERS_URL does not count.
bool names_a_store(const config::Settings& settings) {
  return std::ranges::any_of(settings.values, [](const config::Setting& setting) {
    return setting.source == config::Source::flag && setting.option->section == "Store";
  });
}

Result<http::Url> parse_server(const std::string& text, bool by_flag) {
  const std::string name = by_flag ? "--url" : "TRIGGERS_URL";
  auto url = http::parse_url(text);
  if (!url) return refuse(name + " is " + config::printable(url.error().message));
  if (url->path.find('?') != std::string::npos) return refuse(name + " must not have a query (?…)");
  while (url->path.ends_with('/')) url->path.pop_back();
  return url;
}

}  // namespace

void ApiFlags::declare(CLI::App& app) {
  app.add_option("--url", url_,
                 "URL of the server, such as https://triggers.example.com ($TRIGGERS_URL); without one, the server "
                 "of this machine's store. The API key is in $TRIGGERS_API_KEY")
      ->type_name("URL")
      ->group("Server");
}

Result<std::unique_ptr<ApiClient>> ApiClient::create(const ApiFlags& flags, const config::Settings& settings) {
  auto key = key_of_environment();
  if (!key) return std::move(key).error();
  std::unique_ptr<ApiClient> client(new ApiClient(settings, *std::move(key)));
  const bool by_flag = !flags.url().empty();
  const std::string text = by_flag ? flags.url() : names_a_store(settings) ? "" : variable("TRIGGERS_URL");
  if (text.empty()) return client;
  auto url = parse_server(text, by_flag);
  if (!url) return std::move(url).error();
  http::ClientPoolConfig pool;
  pool.server = {.host = url->host, .port = url->port};
  pool.tls = url->tls;
  pool.connections_max = 1;
  pool.response_bytes_max = response_bytes_max;
  pool.connect_timeout = connect_timeout;
  client->target_ = {.server = pool.server, .tls = pool.tls};
  auto remote = http::ClientPool::create(std::move(pool));
  if (!remote) return std::move(remote).error();
  client->remote_ = std::move(*remote);
  client->path_prefix_ = std::move(url->path);
  return client;
}

Result<http::ClientResponse, NoAnswer> ApiClient::send(const http::Request& request,
                                                       std::chrono::milliseconds timeout) {
  http::Request copy = request;
  copy.headers.add("Authorization", "Bearer " + key_);
  if (!remote_) {
    auto answer = local_.send(std::move(copy), timeout);
    if (answer) return *std::move(answer);
    const Error& error = answer.error();
    const bool unavailable = error.code == ErrorCode::unavailable;
    const bool in_use = error.code == ErrorCode::conflict;
    return NoAnswer{config::with_origins(error.message, settings_), unavailable || in_use, unavailable};
  }
  copy.target.insert(0, path_prefix_);
  auto answer = sync_wait(remote_->fetch(std::move(copy), std::chrono::steady_clock::now() + timeout));
  if (answer) return *std::move(answer);
  return NoAnswer{.message = config::printable(answer.error().message), .may_be_done = answer.error().sent};
}

Result<std::unique_ptr<http::StreamedFetch>, NoAnswer> ApiClient::open_stream(const http::Request& request,
                                                                              std::chrono::milliseconds timeout) {
  http::Request copy = request;
  copy.headers.add("Authorization", "Bearer " + key_);
  http::StreamedFetch::Target target = target_;
  UniqueFd directory;  // The path of the socket is valid while it is open.
  if (remote_) {
    copy.target.insert(0, path_prefix_);
  } else {
    const std::string& data_dir = settings_.config.data_dir;
    if (settings_.config.store != config::Store::embedded) {
      return NoAnswer{.message = "name the server with --url or TRIGGERS_URL: only a server has a stream",
                      .is_passing = false};
    }
    directory = open_directory(data_dir);
    if (!directory) return NoAnswer{.message = "there is no directory " + data_dir, .is_passing = false};
    target.server.unix_path = local_socket_path(directory);
  }
  auto stream = http::StreamedFetch::open(target, copy, timeout);
  if (stream) return *std::move(stream);
  std::string message = config::printable(stream.error().message);
  if (!remote_)
    message = "no server answers on " + config::printable(settings_.config.data_dir) +
              ": start one, or name one with --url or TRIGGERS_URL";
  return NoAnswer{.message = std::move(message)};
}

std::string problem_of(const http::ClientResponse& answer) {
  json::error_code error;
  const auto value = json::parse(answer.body, error);
  const auto* message = error || !value.is_object() ? nullptr : value.get_object().if_contains("message");
  constexpr std::size_t message_bytes_max = 2000;
  if (message != nullptr && message->is_string()) {
    return config::printable(std::string_view(message->get_string()), message_bytes_max);
  }
  std::string text = "the server answered with status " + std::to_string(answer.status) + " and no JSON";
  if (const auto place = answer.headers.find("Location"); place && answer.status / 100 == 3) {
    text += "; it names another place, " + config::printable(*place) + ", to take as the URL";
  } else if (answer.status == 404 || answer.status / 100 == 2) {
    text += ": is it a server of Triggers?";
  }
  return text;
}

}  // namespace triggers
