#include "http/wire/request_writer.h"

namespace triggers::http {

std::string request_head(const Request& request, std::string_view host, bool close) {
  std::string out;
  out.reserve(1024);
  out.append(method_name(request.method)).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  if (!request.headers.find("Host")) out.append("Host: ").append(host).append("\r\n");
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const auto [name, value] = request.headers.at(i);
    out.append(name).append(": ").append(value).append("\r\n");
  }
  const bool sends_body = request.method != Method::get && request.method != Method::head;
  if (sends_body || !request.body.empty()) {
    out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  if (close) out.append("Connection: close\r\n");
  return out.append("\r\n");
}

}  // namespace triggers::http
