#pragma once

// Shows the options: as a table, as JSON, as documentation. Their declaration is in option.h.

#include <string>

#include "config/config.h"

namespace triggers::config {

/// A table for a person: name, value, unit, source. Secrets are redacted, here and in JSON.
[[nodiscard]] std::string render_text(const Settings& settings);
/// `{"options":[{"name","value","source","unit","default","environment","bounds"}]}`.
[[nodiscard]] std::string render_json(const Settings& settings);
/// The options' declarations as Markdown tables, one for each section: as in docs/operations.md.
[[nodiscard]] std::string render_markdown();

}  // namespace triggers::config
