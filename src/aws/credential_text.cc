// Reads credentials from text: environment, file, response (the functions of credential_sources.h that fetch nothing).
// Fetching is in container_credentials.cc and machine_credentials.cc.

#include <boost/json.hpp>

#include "aws/credential_sources.h"
#include "base/timestamp.h"

namespace triggers::aws {
namespace {

namespace json = boost::json;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::optional<Credentials> complete(Credentials credentials) {
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) return std::nullopt;
  return credentials;
}

std::string member(const json::object& object, const char* name) {
  const json::value* const found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string{};
}

}  // namespace

std::optional<Credentials> environment_credentials(const Environment& environment) {
  return complete({environment("AWS_ACCESS_KEY_ID").value_or(""), environment("AWS_SECRET_ACCESS_KEY").value_or(""),
                   environment("AWS_SESSION_TOKEN").value_or(""), std::nullopt});
}

std::optional<Credentials> file_credentials(std::string_view text, std::string_view profile) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  Credentials credentials;
  bool inside = false;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      inside = line.back() == ']' && trimmed(line.substr(1, line.size() - 2)) == profile;
      continue;
    }
    const auto equals = line.find('=');
    if (!inside || equals == std::string_view::npos) continue;
    const std::string_view name = trimmed(line.substr(0, equals));
    const std::string_view value = trimmed(line.substr(equals + 1));
    if (name == "aws_access_key_id") credentials.access_key_id = value;
    if (name == "aws_secret_access_key") credentials.secret_access_key = value;
    if (name == "aws_session_token") credentials.session_token = value;
  }
  return complete(std::move(credentials));
}

std::optional<Credentials> endpoint_credentials(std::string_view body) {
  boost::system::error_code wrong;
  const json::value parsed = json::parse(json::string_view(body.data(), body.size()), wrong);
  if (wrong || !parsed.is_object()) return std::nullopt;
  const json::object& object = parsed.get_object();
  Credentials credentials{member(object, "AccessKeyId"), member(object, "SecretAccessKey"), member(object, "Token"),
                          std::nullopt};
  if (const std::string expires = member(object, "Expiration"); !expires.empty()) {
    credentials.expires = parse_timestamp(expires);
    if (!credentials.expires) return std::nullopt;
  }
  return complete(std::move(credentials));
}

}  // namespace triggers::aws
