#include "api/endpoints/service/html.h"

#include <algorithm>
#include <charconv>

namespace triggers::api {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Cuts `text` at the first `separator` and returns what was before it.
std::string_view take_until(std::string_view& text, char separator) {
  const auto part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return trimmed(part);
}

/// The weight of a media range; 0 if it is not acceptable, or broken.
double weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    auto parameter = take_until(parameters, ';');
    if (!http::equal_ignoring_case(take_until(parameter, '='), "q")) continue;
    double weight = 0;
    const auto [end, error] = std::from_chars(parameter.data(), parameter.data() + parameter.size(), weight);
    return error == std::errc{} && end == parameter.data() + parameter.size() ? weight : 0;
  }
  return 1;
}

}  // namespace

std::string replaced(std::string_view text,
                     std::initializer_list<std::pair<std::string_view, std::string_view>> replacements) {
  std::string out;
  out.reserve(text.size() + 256);
  while (!text.empty()) {
    std::size_t nearest = std::string_view::npos;
    const std::pair<std::string_view, std::string_view>* found = nullptr;
    for (const auto& replacement : replacements) {
      const auto at = text.find(replacement.first);
      if (at < nearest) {
        nearest = at;
        found = &replacement;
      }
    }
    out += text.substr(0, nearest);
    if (found == nullptr) break;
    out += found->second;
    text.remove_prefix(nearest + found->first.size());
  }
  return out;
}

std::string html_escaped(std::string_view text) {
  return replaced(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

bool prefers_html(const http::Request& request) {
  double html = 0;
  double json = 0;
  auto accept = request.headers.find("Accept").value_or("");
  while (!accept.empty()) {
    auto range = take_until(accept, ',');
    const auto type = take_until(range, ';');
    if (http::equal_ignoring_case(type, "text/html")) html = weight_of(range);
    if (http::equal_ignoring_case(type, "application/json")) json = weight_of(range);
  }
  return html > json;
}

}  // namespace triggers::api
