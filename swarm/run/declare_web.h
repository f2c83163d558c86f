#pragma once

// Declares the options of the page, and decides whether there is one. What they mean is in web/web_options.h.

#include <string>

#include "swarm/run/options.h"

namespace CLI {
class App;
}  // namespace CLI

namespace triggers::swarm {

void declare_web(CLI::App& app, Options& options);
/// True if the arguments (not the environment) have an option of the page. After parsing them.
[[nodiscard]] bool has_web_arguments(const CLI::App& app);
/// Sets Options::serves_page and Options::waits_for_page. Once all other options are set.
void decide_on_page(Options& options, bool has_arguments);
/// Why the options of the page contradict each other, or others; empty if they do not.
[[nodiscard]] std::string contradicting_web(const Options& options);

}  // namespace triggers::swarm
