#include "swarm/load/failure_text.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "http/wire/message.h"

namespace triggers::swarm {
namespace {

std::string_view python_class(int error) {
  switch (error) {
    case ECONNREFUSED: return "ConnectionRefusedError";
    case ECONNRESET: return "ConnectionResetError";
    case ECONNABORTED: return "ConnectionAbortedError";
    case EPIPE: return "BrokenPipeError";
    case ETIMEDOUT: return "TimeoutError";
    default: return "OSError";
  }
}

}  // namespace

std::string python_repr(std::string_view text) {
  const char quote = text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for (const char c : text) {
    switch (c) {
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (c == quote) {
          out += '\\';
          out += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  return out += quote;
}

std::string python_repr_ascii(std::string_view text) {
  std::string out;
  for (const char c : python_repr(text)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x80 ? std::string(1, c) : fmt::format("\\x{:02x}", byte);
  }
  return out;
}

std::string caught_failure(std::string_view text) { return "CatchResponseError(" + python_repr(text) + ")"; }

std::string status_failure(unsigned status, RequestName name) {
  return "HTTPError(" +
         python_repr(fmt::format("{} {} Error: {} for url: {}", status, status < 500 ? "Client" : "Server",
                                 http::reason_phrase(status), name.name())) +
         ")";
}

std::string connection_failure(int error) {
  return fmt::format("{}({}, {})", python_class(error), error, python_repr(std::generic_category().message(error)));
}

}  // namespace triggers::swarm
