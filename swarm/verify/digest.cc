#include "swarm/verify/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#include "base/invariant.h"

namespace triggers::swarm {
namespace {

struct Free {
  void operator()(EVP_MD* digest) const noexcept { EVP_MD_free(digest); }
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

/// Fetched once: otherwise OpenSSL 3 looks the algorithm up by name, under a lock, for each digest.
const EVP_MD* sha256() {
  static const std::unique_ptr<EVP_MD, Free> fetched{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  INVARIANT(fetched);
  return fetched.get();
}

}  // namespace

Digest digest_of(const SentEvent& event) {
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
  INVARIANT(context && EVP_DigestInit_ex2(context.get(), sha256(), nullptr) == 1);
  for (const std::string_view part : {event.event_type, event.payload, event.source, event.metadata}) {
    const std::uint64_t size = part.size();
    INVARIANT(EVP_DigestUpdate(context.get(), &size, sizeof size) == 1);
    INVARIANT(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> whole{};
  INVARIANT(EVP_DigestFinal_ex(context.get(), whole.data(), nullptr) == 1);
  Digest digest;
  std::copy_n(whole.begin(), digest.bytes.size(), digest.bytes.begin());
  return digest;
}

}  // namespace triggers::swarm
