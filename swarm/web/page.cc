#include "swarm/web/page.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/encoding.h"
#include "base/invariant.h"
#include "base/random.h"
#include "swarm/report/html_text.h"
#include "swarm/web/endpoints.h"
#include "swarm/web/locust_json.h"
#include "swarm/web/page_files.h"

namespace triggers::swarm {
namespace {

constexpr std::string_view html_type = "text/html; charset=utf-8";

const PageFile* find_file(std::string_view path) {
  const auto files = page_files();
  const auto found = std::ranges::find(files, path, &PageFile::path);
  return found == files.end() ? nullptr : &*found;
}

std::string text_of(std::string_view path) {
  const PageFile* const file = find_file(path);
  INVARIANT(file != nullptr, "the page has no file %s", std::string{path}.c_str());
  return std::string{file->bytes};
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

/// A page that runs only scripts with this nonce, and those of this server.
http::Response html_page(std::string body, const std::string& nonce) {
  http::Response response = text_response(200, html_type, std::move(body));
  response.add("Content-Security-Policy", "default-src 'none'; script-src 'self' 'nonce-" + nonce +
                                              "'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                                              "form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
  return response;
}

std::string new_nonce() {
  std::array<std::byte, 16> bytes{};
  fill_random(bytes);
  return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

http::Response index_page(const TestView& view, const TestSettings& settings) {
  std::string data = template_args_json(view, settings);
  replace_all(data, "<", "\\u003c");  // a name could end the script
  const std::string nonce = new_nonce();
  std::string body = text_of("index.html");
  replace_all(body, "@NONCE@", nonce);
  replace_all(body, "@DATA@", data);
  return html_page(std::move(body), nonce);
}

http::Response login_page(std::string_view message) {
  std::string body = text_of("login.html");
  replace_all(body, "@MESSAGE@", html_escape(message));
  return html_page(std::move(body), new_nonce());
}

std::optional<http::Response> page_file(std::string_view path, const http::Request& request) {
  const PageFile* const file = find_file(path);
  if (file == nullptr || path.ends_with(".html")) return std::nullopt;
  // The files change only with the program.
  const std::string tag = "\"" TRIGGERS_VERSION "-" + std::to_string(std::hash<std::string_view>{}(file->bytes)) + "\"";
  http::Response response;
  if (request.headers.find("If-None-Match") == tag) {
    response.status = 304;
  } else {
    response = text_response(200, file->content_type, std::string{file->bytes});
  }
  response.add("ETag", tag);
  return response;
}

}  // namespace triggers::swarm
