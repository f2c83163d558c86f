#include "config/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

namespace triggers::config {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

/// A `|` would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '|' ? "\\|" : std::string(1, c));
  return out;
}

std::string code(std::string_view text) { return text.empty() ? std::string() : fmt::format("`{}`", cell(text)); }

/// The version is the default of one option, and the documentation must not change with every release.
std::string_view documented_default(const Option& option) {
  return option.name == "api-version" ? "the program's version" : option.default_value;
}

}  // namespace

std::string render_text(const Settings& settings) {
  std::size_t name_width = 4, value_width = 5, unit_width = 4;
  for (const auto& setting : settings.values) {
    name_width = std::max(name_width, setting.option->name.size());
    value_width = std::max(value_width, display_value(setting).size());
    unit_width = std::max(unit_width, setting.option->unit.size());
  }
  std::string out;
  const auto line = [&](std::string_view name, std::string_view value, std::string_view unit, std::string_view source) {
    fmt::format_to(std::back_inserter(out), "{:<{}}  {:<{}}  {:<{}}  {}\n", name, name_width, value, value_width, unit,
                   unit_width, source);
  };
  line("NAME", "VALUE", "UNIT", "SOURCE");
  for (const auto& setting : settings.values) {
    line(setting.option->name, display_value(setting), setting.option->unit, source_name(setting.source));
  }
  return out;
}

std::string render_json(const Settings& settings) {
  json::array entries;
  for (const auto& setting : settings.values) {
    const auto& option = *setting.option;
    entries.push_back({{"name", view(option.name)},
                       {"value", display_value(setting)},
                       {"source", view(source_name(setting.source))},
                       {"unit", view(option.unit)},
                       {"default", view(option.default_value)},
                       {"environment", view(option.env)},
                       {"bounds", bounds_text(option)}});
  }
  return json::serialize(json::object{{"options", std::move(entries)}}) + "\n";
}

std::string render_markdown() {
  std::string out;
  std::string_view section;
  for (const auto& option : options()) {
    if (option.section != section) {
      fmt::format_to(std::back_inserter(out),
                     "{}### {}\n\n| option | environment | default | unit | bounds | meaning |\n"
                     "| --- | --- | --- | --- | --- | --- |\n",
                     section.empty() ? "" : "\n", option.section);
      section = option.section;
    }
    fmt::format_to(std::back_inserter(out), "| `--{}` | `{}` | {} | {} | {} | {}{} |\n", option.name, option.env,
                   code(documented_default(option)), option.unit, cell(bounds_text(option)), cell(option.help),
                   option.secret ? " Secret." : "");
  }
  return out;
}

}  // namespace triggers::config
