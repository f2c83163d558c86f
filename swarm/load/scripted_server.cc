#include "swarm/load/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "base/invariant.h"

namespace triggers::swarm {

ScriptedServer::ScriptedServer(Script script, Answers answers)
    : script_(std::move(script)), answers_(answers), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  INVARIANT(::bind(listener_.get(), name, size) == 0 && ::listen(listener_.get(), 1024) == 0);
  INVARIANT(::getsockname(listener_.get(), name, &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  {
    const MutexLock lock(mutex_);
    for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);
  }
  for (auto& thread : threads_) thread.join();
}

void ScriptedServer::accept_all() {
  while (!stopping_) {
    const int socket = ::accept(listener_.get(), nullptr, nullptr);
    if (socket < 0) continue;
    ++connections_;
    {
      const MutexLock lock(mutex_);
      open_.push_back(socket);
    }
    threads_.emplace_back([this, socket] { serve(socket); });
  }
}

void ScriptedServer::serve(int socket) {
  std::string unread;
  std::array<char, 4096> piece{};
  for (bool open = true; open;) {
    const auto header_end = unread.find("\r\n\r\n");
    std::size_t whole = std::string::npos;
    if (header_end != std::string::npos) {
      const auto length_at = unread.find("Content-Length: ");
      const bool has_body = length_at < header_end && answers_ == Answers::whole_requests;
      whole = header_end + 4 + (has_body ? std::stoul(unread.substr(length_at + 16)) : 0);
    }
    if (whole == std::string::npos || unread.size() < whole) {
      const ssize_t got = ::recv(socket, piece.data(), piece.size(), 0);
      if (got <= 0) break;
      unread.append(piece.data(), static_cast<std::size_t>(got));
      continue;
    }
    const Reply reply = script_(std::string_view(unread).substr(0, whole), requests_++);
    unread.erase(0, whole);
    open = ::send(socket, reply.bytes.data(), reply.bytes.size(), MSG_NOSIGNAL) >= 0 && !reply.close && !reply.reset;
    if (reply.reset) {
      const linger at_once{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
  }
  const MutexLock lock(mutex_);
  std::erase(open_, socket);
  ::close(socket);
}

ScriptedServer::Reply ScriptedServer::status(unsigned status, std::string_view body) {
  return {"HTTP/1.1 " + std::to_string(status) + " Whatever\r\nContent-Type: application/json\r\nContent-Length: " +
          std::to_string(body.size()) + "\r\n\r\n" + std::string{body}};
}

ScriptedServer::Reply ScriptedServer::ok(std::string_view body) { return status(200, body); }

}  // namespace triggers::swarm
