#include "swarm/load/request_fields.h"

namespace triggers::swarm {

std::string request_fields(const Target& target) {
  const bool default_port = target.port == (target.tls ? 443 : 80);
  const bool ipv6 = target.host.find(':') != std::string::npos;
  std::string fields = "Host: " + (ipv6 ? "[" + target.host + "]" : target.host);
  if (!default_port) fields += ":" + std::to_string(target.port);
  return fields + "\r\nUser-Agent: swarm/" TRIGGERS_VERSION "\r\nAccept: */*\r\n";
}

}  // namespace triggers::swarm
