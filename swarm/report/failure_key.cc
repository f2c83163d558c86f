#include "swarm/report/failure_key.h"

#include <openssl/evp.h>

#include <array>
#include <string_view>

#include "base/encoding.h"
#include "base/invariant.h"
#include "swarm/load/failure_text.h"

namespace triggers::swarm {

std::string failure_key(const Failure& failure) {
  const std::string text = failure.method + "." + failure.name + "." + python_repr(std::string_view(failure.error));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  INVARIANT(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  return to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace triggers::swarm
