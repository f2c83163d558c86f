#pragma once

// The configuration of a program as values, how it is resolved from flags, environment and file, and which values must
// fit together. The declaration of each option is in option.h and options.cc; origin.cc adds to errors where a value
// was set.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/option.h"
#include "limit/address.h"
#include "log/log.h"

namespace triggers::config {

enum class MetricsAccess : std::uint8_t {
  loopback,  ///< Only from this machine.
  key,       ///< With an admin key.
  open,      ///< Anybody.
};
enum class Store : std::uint8_t {
  embedded,  ///< In a directory of this machine.
  dynamodb,  ///< In two tables of DynamoDB, which any number of nodes share.
};

/// The values, in the types that the code uses. options() says what each means, its default and its bounds; load()
/// fills it.
struct Config {
  std::string config_path;

  std::string host;
  std::uint16_t port = 0;
  unsigned threads = 0;  ///< 0: by the number of cores.
  std::string tls_cert_path, tls_key_path;
  std::size_t connections_max = 0;
  std::size_t waiters_max = 0, streams_max = 0;  ///< Of all tenants.
  std::chrono::milliseconds header_deadline{0}, body_deadline{0}, idle_deadline{0}, drain{0}, shutdown_grace{0};
  std::chrono::milliseconds shutdown_limit{0};
  std::vector<limit::Network> trusted_proxies;
  std::vector<std::string> cors_allow_origins;  ///< Empty: off; one `*`: all.
  std::string base_path;                        ///< `/triggers`; empty if there is none.

  std::size_t request_bytes_max = 0, batch_bytes_max = 0, payload_bytes_max = 0;
  std::size_t bodies_bytes_max = 0;   ///< Of all bodies in flight together.
  std::size_t answers_bytes_max = 0;  ///< Of all pages and events that are being answered.
  std::chrono::seconds dedup_window{0}, idempotency_window{0};
  std::chrono::days event_ttl{0};
  std::optional<std::uint32_t> default_rate_limit_per_minute;  ///< Nothing: unlimited.
  std::uint32_t auth_failures_per_minute = 0;

  Store store = Store::embedded;
  std::string data_dir;
  std::size_t memory_budget_bytes = 0;
  std::size_t queue_events_max = 0, queue_bytes_max = 0;
  std::uint64_t disk_reserve_bytes = 0;                            ///< 0: none.
  std::uint64_t tenant_bytes_max = 0, tenant_undelivered_max = 0;  ///< 0: no limit.
  std::uint64_t tenant_tracked_max = 0;                            ///< 0: no limit.
  std::size_t leased_max = 0;                                      ///< In one inbox.
  std::string aws_region;                                          ///< Not empty with Store::dynamodb.
  std::string dynamodb_endpoint_url, dynamodb_table_events, dynamodb_table_api_keys;
  unsigned dynamodb_inbox_shards = 0;

  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::automatic;
  bool access_log = true;
  MetricsAccess metrics_access = MetricsAccess::loopback;
  std::string api_title, api_version;
};

/// Where a value came from; a later one wins.
enum class Source : std::uint8_t { default_value, file, environment, flag };
/// `default`, `file`, `environment`, `flag`.
[[nodiscard]] std::string_view source_name(Source source) noexcept;

struct Setting {
  const Option* option = nullptr;
  std::string value;  ///< Canonical text; a secret is in here too: print with display_value().
  Source source = Source::default_value;
  std::string origin = {};  ///< `flag --host`, `environment HOST`, `FILE:LINE`, `default`.
};

/// The value for a person: a secret that is set reads `(redacted)`.
[[nodiscard]] std::string display_value(const Setting& setting);

struct Settings {
  Config config;
  std::vector<Setting> values;  ///< One for each option, in the order of options().
};

/// Name without dashes, and value.
using NamedValues = std::vector<std::pair<std::string, std::string>>;
/// Looks up an environment variable.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
[[nodiscard]] Environment process_environment();

/// Resolves every option: flag, then environment, then file, then default. The file is named by the option `config`;
/// read_file() has its grammar. An empty environment variable counts as unset, and quotes around a variable's value are
/// cut off as in the file.
///
/// Error: invalid_argument. A bad value is refused with name, value (unless secret), source and bounds; an unknown or
/// repeated name in the file with its line and the nearest name. Then options that depend on each other: tls-cert and
/// tls-key come in a pair, max-payload-size-bytes is at most max-request-size-bytes, DynamoDB has a region.
///
/// If `store` is not given but an option whose name begins with dynamodb- is, `store` is dynamodb.
[[nodiscard]] Result<Settings> load(const NamedValues& flags, const Environment& environment);

/// The message of an error that is found when a value is used, with where the values in it were set, if not by a flag:
/// `cannot listen on HOST:8000: Host not found (host is set by environment HOST)`. One line, as printable() makes it.
[[nodiscard]] std::string with_origins(std::string message, const Settings& settings);

}  // namespace triggers::config
