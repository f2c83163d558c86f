// The stored form of a key's record: encode() and decode() of key.h. The JSON that clients see is in
// api/endpoints/keys/key_json.cc.

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>

#include "auth/key.h"
#include "auth/validate.h"
#include "base/encoding.h"
#include "base/stored_json.h"
#include "base/timestamp.h"

namespace triggers::auth {
namespace {

namespace json = boost::json;

// A record is of the first version that has all its members. So a node of an earlier release reads all other keys.
constexpr std::uint64_t version_without_inboxes = 1;
constexpr std::uint64_t version = 2;
constexpr StoredJsonBounds bounds{.bytes_max = 1024 * 1024, .size = "1 MiB", .depth_max = 4};

using Reader = StoredJsonReader;

Error broken(std::string_view what) {
  return {ErrorCode::internal, "a stored API key cannot be read: " + std::string(what)};
}

Result<KeySecret> decode_secret(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return broken("secrets has an entry that is not an object");
  Reader reader(*object, "secrets: ");
  KeySecret secret;
  const auto bytes = from_hex(reader.text("sha256"));
  secret.valid_until = reader.time_or_null("valid_until");
  if (const auto problem = reader.problem(); !problem.empty()) return broken(problem);
  if (!bytes || bytes->size() != secret.hash.bytes.size()) return broken("secrets: sha256 is not 64 hex digits");
  std::memcpy(secret.hash.bytes.data(), bytes->data(), bytes->size());
  return secret;
}

std::vector<std::string> read_texts(Reader& reader, std::string_view name) {
  std::vector<std::string> texts;
  for (const auto& text : reader.array(name)) {
    if (const auto* string = text.if_string()) {
      texts.emplace_back(string->data(), string->size());
    } else {
      reader.fail<bool>(name, "has an entry that is not a string");
    }
  }
  return texts;
}

Result<KeyRecord> decode_object(const json::object& object) {
  Reader reader(object, "");
  const auto found = reader.number("v");
  if (found != version && found != version_without_inboxes) {
    return broken("its version is " + std::to_string(found) +
                  " and this program reads versions 1 and 2; use the program that wrote it, or a later one");
  }
  KeyRecord record;
  record.key_id = reader.text("key_id");
  record.revision = reader.number("revision");
  record.user_id = reader.text("user_id");
  record.user_email = reader.text("user_email");
  record.role = reader.named<Role>("role", parse_role);
  record.all_tenants = reader.truth("all_tenants");
  const auto rate = reader.number_or_null("rate_limit_per_minute");
  if (rate > std::uint64_t{KeyLimits::rate_limit_per_minute_max}) {
    reader.fail<bool>("rate_limit_per_minute", "is out of bounds");
  }
  record.rate_limit_per_minute.reset();
  if (rate) record.rate_limit_per_minute = static_cast<std::uint32_t>(*rate);
  record.event_types = read_texts(reader, "event_types");
  if (found == version) record.inboxes = read_texts(reader, "inboxes");
  record.expires_at = reader.time_or_null("expires_at");
  record.status = reader.named<KeyStatus>("status", parse_status);
  record.description = reader.text("description");
  record.created_at = reader.time("created_at");
  record.updated_at = reader.time("updated_at");
  record.last_used_at = reader.time_or_null("last_used_at");
  for (const auto& value : reader.array("secrets")) {
    auto secret = decode_secret(value);
    if (!secret) return std::move(secret).error();
    record.secrets.push_back(*secret);
  }
  if (const auto problem = reader.problem(); !problem.empty()) return broken(problem);
  if (const auto valid = validate(record); !valid) return broken(valid.error().message);
  return record;
}

}  // namespace

std::string encode(const KeyRecord& record) {
  json::array secrets;
  for (const auto& secret : record.secrets) {
    secrets.push_back({{"sha256", to_hex(secret.hash.view())}, {"valid_until", stored_time(secret.valid_until)}});
  }
  const auto& rate = record.rate_limit_per_minute;
  json::object object{
      {"v", record.inboxes.empty() ? version_without_inboxes : version},
      {"key_id", record.key_id},
      {"revision", record.revision},
      {"user_id", record.user_id},
      {"user_email", record.user_email},
      {"role", json::string_view(role_name(record.role).data(), role_name(record.role).size())},
      {"all_tenants", record.all_tenants},
      {"rate_limit_per_minute", rate ? json::value(*rate) : json::value(nullptr)},
      {"event_types", json::array(record.event_types.begin(), record.event_types.end())},
      {"expires_at", stored_time(record.expires_at)},
      {"status", json::string_view(status_name(record.status).data(), status_name(record.status).size())},
      {"description", record.description},
      {"created_at", format_timestamp(record.created_at)},
      {"updated_at", format_timestamp(record.updated_at)},
      {"last_used_at", stored_time(record.last_used_at)},
      {"secrets", std::move(secrets)},
  };
  if (!record.inboxes.empty()) object["inboxes"] = json::array(record.inboxes.begin(), record.inboxes.end());
  return json::serialize(object);
}

Result<KeyRecord> decode(std::string_view bytes) { return decode_stored_json(bytes, bounds, decode_object, broken); }

}  // namespace triggers::auth
