#include "swarm/run/declare_web.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "swarm/load/duration.h"
#include "swarm/load/failure_text.h"

namespace triggers::swarm {
namespace {

constexpr const char* group = "Web page";

/// `/load/` becomes `/load`. Throws for a text that is no path.
std::string base_path_of(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  if (path.empty()) return path;
  const bool plain = std::ranges::all_of(path, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '-' ||
           c == '_' || c == '.' || c == '~';
  });
  if (!path.starts_with('/') || !plain) {
    throw CLI::ValidationError("--web-base-path", python_repr_ascii(path) + " is not a path such as /load");
  }
  return path;
}

void declare_access(CLI::App& app, WebOptions& web) {
  app.add_option_function<std::string>(
         "--web-auth",
         [&web](const std::string& text) {
           const std::size_t colon = text.find(':');
           if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) {
             throw CLI::ValidationError("--web-auth", "give USER:PASSWORD");  // not the text: it may be a password
           }
           web.login = text;
         },
         "User and password of the page. Prefer the variable: others can see the arguments of a program")
      ->type_name("USER:PASSWORD")
      ->envname("LOCUST_WEB_AUTH")
      ->group(group);
  app.add_flag("--web-login", web.login_page,
               "Asks for the login by a form, not by the browser's dialog; needs --web-auth")
      ->envname("LOCUST_WEB_LOGIN")
      ->group(group);
  app.add_option("--tls-cert", web.tls_cert_path, "Serves the page by HTTPS with this certificate chain (PEM)")
      ->type_name("FILE")
      ->envname("LOCUST_TLS_CERT")
      ->group(group);
  app.add_option("--tls-key", web.tls_key_path, "The key of --tls-cert (PEM)")
      ->type_name("FILE")
      ->envname("LOCUST_TLS_KEY")
      ->group(group);
}

}  // namespace

void declare_web(CLI::App& app, WebOptions& web, bool& headless) {
  app.add_flag("--headless", headless,
               "Starts the test at once, without a page. So do --run-time, --stages, --iterations, --rate, --fail-if, "
               "--json and --journal, unless an option of the page is given")
      ->envname("LOCUST_HEADLESS")
      ->group(group);
  app.add_option_function<std::string>(
         "--web-host", [&web](const std::string& text) { web.host = text.empty() || text == "*" ? "0.0.0.0" : text; },
         "Address to serve the page on; * is every address of this machine [127.0.0.1]")
      ->type_name("ADDRESS")
      ->envname("LOCUST_WEB_HOST")
      ->group(group);
  app.add_option("-P,--web-port", web.port, "Port of the page [8089]")
      ->check(CLI::Range(1, 65535))
      ->envname("LOCUST_WEB_PORT")
      ->group(group);
  app.add_option_function<std::string>(
         "--web-base-path", [&web](const std::string& text) { web.base_path = base_path_of(text); },
         "Path below which the page is, for a proxy")
      ->type_name("PATH")
      ->envname("LOCUST_WEB_BASE_PATH")
      ->group(group);
  declare_access(app, web);
  app.add_flag("--autostart", web.autostart, "Starts the test at once, and serves the page")
      ->envname("LOCUST_AUTOSTART")
      ->group(group);
  app.add_option_function<std::string>(
         "--autoquit",
         [&web](const std::string& text) {
           web.autoquit = parse_duration(text);
           if (!web.autoquit) {
             throw CLI::ValidationError("--autoquit", python_repr_ascii(text) + " is not a time: 10, 20s, 5m");
           }
         },
         "With --autostart: ends the program this long after the test [never]")
      ->type_name("TIME")
      ->envname("LOCUST_AUTOQUIT")
      ->group(group);
  app.add_flag("--class-picker", web.class_picker, "The page lets choose the user classes")
      ->envname("LOCUST_USERCLASS_PICKER")
      ->group(group);
}

bool has_web_arguments(const CLI::App& app) {
  const auto options = app.get_options([](const CLI::Option* option) {
    return option->get_group() == group && option->get_name() != "--headless" && option->count() > 0;
  });
  return !options.empty();
}

std::string contradicting_web(const WebOptions& web, const OptionSources& sources) {
  if (web.autoquit && !web.autostart) {
    return "--autoquit needs --autostart: otherwise a person ends the program" + sources.note({"--autoquit"});
  }
  if (web.login_page && web.login.empty()) {
    return "--web-login needs --web-auth, the user and password" + sources.note({"--web-login"});
  }
  if (web.tls_cert_path.empty() != web.tls_key_path.empty()) {
    return "--tls-cert and --tls-key need each other" + sources.note({"--tls-cert", "--tls-key"});
  }
  return {};
}

}  // namespace triggers::swarm
