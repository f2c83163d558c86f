#pragma once

// Declares the options of the page. What they mean is in web/web_options.h; when there is a page, options.h decides.

#include <string>

#include "swarm/run/option_sources.h"
#include "swarm/web/web_options.h"

namespace CLI {
class App;
}  // namespace CLI

namespace triggers::swarm {

/// The options of the page, and `--headless`.
void declare_web(CLI::App& app, WebOptions& web, bool& headless);
/// True if the arguments (not the environment) have an option of the page. After parsing them.
[[nodiscard]] bool has_web_arguments(const CLI::App& app);
/// Why the options of the page contradict each other; empty if they do not.
[[nodiscard]] std::string contradicting_web(const WebOptions& web, const OptionSources& sources);

}  // namespace triggers::swarm
