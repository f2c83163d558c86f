#include "config/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

namespace triggers::config {

struct Flags::Slots {
  std::map<std::string_view, std::string> values;
  std::vector<std::pair<std::string_view, CLI::Option*>> declared;
};

Flags::Flags() : slots_(std::make_unique<Slots>()) {}
Flags::~Flags() = default;

void Flags::declare(CLI::App& app, std::span<const std::string_view> only) {
  for (const auto& option : options()) {
    const bool wanted =
        only.empty() || option.name == "config" || std::find(only.begin(), only.end(), option.name) != only.end();
    if (!wanted) continue;
    auto& slot = slots_->values[option.name];
    const std::string name(option.name);
    std::string help(option.help);
    if (!option.default_value.empty()) help.append(" [").append(option.default_value).append("]");
    help.append(" ($").append(option.env).append(")");

    CLI::Option* added = nullptr;
    if (option.type == Type::boolean) {
      added = app.add_flag(fmt::format("--{0}{{true}},--no-{0}{{false}}", name), slot, help);
    } else {
      added = app.add_option("--" + name, slot, help);
      const auto bounds = bounds_text(option);
      added->type_name(
          option.type == Type::integer || option.type == Type::choice || option.type == Type::rate ? bounds : "TEXT");
    }
    added->group(std::string(option.section));
    slots_->declared.emplace_back(option.name, added);
  }
}

NamedValues Flags::given() const {
  NamedValues values;
  for (const auto& [name, declared] : slots_->declared) {
    if (declared->count() > 0) values.emplace_back(name, slots_->values.at(name));
  }
  return values;
}

Result<Settings> Flags::load(const Environment& environment) const { return config::load(given(), environment); }

}  // namespace triggers::config
