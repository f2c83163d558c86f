#include "auth/bearer.h"

#include <algorithm>
#include <array>

namespace triggers::auth {
namespace {

constexpr std::string_view scheme = "bearer";

/// The characters of token68 (RFC 9110, section 11.2).
constexpr std::array<bool, 256> token68_chars = [] {
  std::array<bool, 256> allowed{};
  constexpr std::string_view all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
  for (const char c : all) allowed[static_cast<unsigned char>(c)] = true;
  return allowed;
}();

bool is_token68_char(char c) noexcept { return token68_chars[static_cast<unsigned char>(c)]; }

bool equals_scheme(std::string_view text) noexcept {
  return std::equal(text.begin(), text.end(), scheme.begin(), scheme.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

}  // namespace

std::optional<std::string_view> bearer_token(std::string_view field_value) noexcept {
  if (!equals_scheme(field_value.substr(0, scheme.size()))) return std::nullopt;
  auto token = field_value.substr(scheme.size());
  const auto blanks = std::min(token.find_first_not_of(' '), token.size());
  if (blanks == 0) return std::nullopt;
  token.remove_prefix(blanks);

  auto body = token;
  while (body.ends_with('=')) body.remove_suffix(1);
  if (body.empty() || !std::all_of(body.begin(), body.end(), is_token68_char)) return std::nullopt;
  return token;
}

}  // namespace triggers::auth
