#include "http/client/fetch.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/unique_fd.h"
#include "http/client/blocking_socket.h"
#include "http/wire/request_writer.h"
#include "http/wire/response_parser.h"

namespace triggers::http {
namespace {

Error not_http(const std::string& where) {
  return Error{ErrorCode::internal, "the answer of " + where + " is not one that this client understands"};
}

std::string wire_form(const ServerAddress& server, const Request& request) {
  const std::string host = server.unix_path.empty() ? name_of(server) : "localhost";
  return request_head(request, host, true).append(request.body);
}

Result<ClientResponse> receive(const ServerAddress& server, int socket, bool bodiless,
                               std::chrono::steady_clock::time_point deadline) {
  ResponseParser parser(bodiless, client_response_bytes_max);
  std::array<char, 16 * 1024> piece;
  for (;;) {
    if (!wait_for(socket, POLLIN, deadline)) return unreachable(name_of(server), "no answer in time");
    const ssize_t got = ::recv(socket, piece.data(), piece.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return failed_with(name_of(server), errno);
    switch (got == 0 ? parser.end() : parser.feed({piece.data(), static_cast<std::size_t>(got)})) {
      case ResponseParser::State::whole: return parser.take();
      case ResponseParser::State::broken: return not_http(name_of(server));
      case ResponseParser::State::more: break;
    }
  }
}

}  // namespace

Result<ClientResponse> fetch(const ServerAddress& server, const Request& request, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  auto socket = connect_blocking(server, deadline);
  if (!socket) return std::move(socket).error();
  // A server that refuses a request responds before it has read it all, so the response is read even if sending failed.
  const bool sent = send_all(socket->get(), wire_form(server, request), deadline);
  auto response = receive(server, socket->get(), request.method == Method::head, deadline);
  if (!response && !sent) return unreachable(name_of(server), "it closed the connection before it had the request");
  return response;
}

}  // namespace triggers::http
