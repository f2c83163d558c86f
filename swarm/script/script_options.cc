#include "swarm/script/script_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace triggers::swarm {
namespace {

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool is_name(std::string_view name) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return name.size() >= 2 && name.size() <= 50 && name.front() >= 'a' && name.front() <= 'z' &&
         std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace

Status ScriptOption::set(std::string_view value) {
  if (kind == Kind::number) {
    const auto number = number_in(value);
    if (!number || *number < minimum || *number > maximum) {
      return Error{ErrorCode::invalid_argument,
                   fmt::format("'{}' is not a number from {} to {}", value, minimum, maximum)};
    }
  }
  text = value;
  return Done{};
}

double ScriptOption::number() const { return number_in(text).value_or(0); }

Result<const ScriptOption*> ScriptOptions::declare(ScriptOption option) {
  const auto known = std::find_if(options_.begin(), options_.end(),
                                  [&](const ScriptOption& other) { return other.name == option.name; });
  if (known != options_.end()) return &*known;
  const auto refused = [](std::string why) { return Error{ErrorCode::invalid_argument, std::move(why)}; };
  if (closed_) return refused("swarm.option(\"" + option.name + "\") is not called each time that the file is loaded");
  if (!is_name(option.name)) {
    return refused("swarm.option(): a name has 2 to 50 of a-z 0-9 - and begins with a letter, as in batch-size");
  }
  if (options_.size() >= options_max) return refused(fmt::format("a script has at most {} options", options_max));
  options_.reserve(options_max);  // so that the result stays valid
  options_.push_back(std::move(option));
  return &options_.back();
}

}  // namespace triggers::swarm
