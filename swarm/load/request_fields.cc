#include "swarm/load/request_fields.h"

namespace triggers::swarm {

std::string request_fields(const Target& target) {
  return "Host: " + target.authority + "\r\nUser-Agent: swarm/" TRIGGERS_VERSION "\r\nAccept: */*\r\n";
}

}  // namespace triggers::swarm
