#include "auth/validate.h"

#include <algorithm>
#include <string>

#include "base/utf8.h"
#include "inbox/inbox_name.h"

namespace triggers::auth {
namespace {

Error invalid(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

/// C0, DEL and C1 (U+0080 to U+009F, which begin with C2 in UTF-8).
bool has_control_character(std::string_view utf8) noexcept {
  for (std::size_t at = 0; at < utf8.size(); ++at) {
    const auto byte = static_cast<unsigned char>(utf8[at]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && at + 1 < utf8.size() && static_cast<unsigned char>(utf8[at + 1]) < 0xA0) return true;
  }
  return false;
}

/// What is wrong with `text` as text; empty if nothing is.
std::string_view text_problem(std::string_view text) noexcept {
  if (!is_utf8(text)) return " is not valid UTF-8";
  if (has_control_character(text)) return " has a control character";
  return {};
}

bool plausible_email(std::string_view text) noexcept {
  const auto at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string_view::npos && text.find(' ') == std::string_view::npos;
}

bool representable(UnixMillis time) noexcept {
  using namespace std::chrono;
  return time >= sys_days{year{0} / January / 1} && time < sys_days{year{10000} / January / 1};
}

bool times_representable(const KeyRecord& record) noexcept {
  const auto fine = [](const std::optional<UnixMillis>& time) { return !time || representable(*time); };
  return representable(record.created_at) && representable(record.updated_at) && fine(record.expires_at) &&
         fine(record.last_used_at) &&
         std::all_of(record.secrets.begin(), record.secrets.end(),
                     [&](const KeySecret& secret) { return fine(secret.valid_until); });
}

bool is_key_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= KeyLimits::key_id_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

Result<Done> validate_event_types(const std::vector<std::string>& types) {
  if (types.size() > KeyLimits::event_types_max) return invalid("event_types must have at most 100 entries");
  for (const auto& type : types) {
    if (const auto problem = text_problem(type); !problem.empty()) {
      return invalid("event_types has an entry that" + std::string(problem));
    }
    if (type.empty() || count_code_points(type) > KeyLimits::event_type_chars_max) {
      return invalid("event_types must have entries of 1 to 255 characters");
    }
  }
  return Done{};
}

Result<Done> validate_inboxes(const std::vector<std::string>& inboxes) {
  if (inboxes.size() > KeyLimits::inboxes_max) return invalid("inboxes must have at most 100 entries");
  for (const auto& name : inboxes) {
    if (const auto parsed = inbox::InboxName::parse(name); !parsed) {
      return invalid("inboxes has an entry that is no name: " + parsed.error().message);
    }
  }
  return Done{};
}

}  // namespace

bool is_utf8(std::string_view text) noexcept { return !find_invalid_utf8(text); }

bool is_plain_text(std::string_view text) noexcept { return text_problem(text).empty(); }

Result<Done> validate(const KeyRecord& record) {
  if (!is_key_id(record.key_id)) return invalid("key_id must be 1 to 64 letters, digits, `_` or `-`");
  if (record.user_id.empty() || record.user_id.size() > KeyLimits::user_id_bytes_max) {
    return invalid("user_id must be 1 to 255 bytes");
  }
  if (const auto problem = text_problem(record.user_id); !problem.empty()) {
    return invalid("user_id" + std::string(problem));
  }
  if (record.user_email.size() > KeyLimits::user_email_bytes_max) {
    return invalid("user_email must be at most 320 bytes");
  }
  if (const auto problem = text_problem(record.user_email); !problem.empty()) {
    return invalid("user_email" + std::string(problem));
  }
  if (!record.user_email.empty() && !plausible_email(record.user_email)) {
    return invalid("user_email must look like name@example.com, or be empty");
  }
  if (const auto problem = text_problem(record.description); !problem.empty()) {
    return invalid("description" + std::string(problem));
  }
  if (count_code_points(record.description) > KeyLimits::description_chars_max) {
    return invalid("description must be at most 1000 characters");
  }
  if (auto types = validate_event_types(record.event_types); !types) return types;
  if (auto inboxes = validate_inboxes(record.inboxes); !inboxes) return inboxes;
  if (record.rate_limit_per_minute &&
      (*record.rate_limit_per_minute == 0 || *record.rate_limit_per_minute > KeyLimits::rate_limit_per_minute_max)) {
    return invalid("rate_limit_per_minute must be 1 to 10000000, or unlimited");
  }
  if (record.all_tenants && record.role != Role::admin) return invalid("all_tenants needs the role admin");
  if (record.secrets.size() > KeyLimits::secrets_max) return invalid("secrets must be at most 16");
  if (!times_representable(record)) return invalid("expires_at must be within the years 0 to 9999");
  return Done{};
}

}  // namespace triggers::auth
