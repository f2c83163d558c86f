#include <openssl/evp.h>

#include <memory>

#include "auth/key.h"
#include "base/invariant.h"

namespace triggers::auth {
namespace {

struct Free {
  void operator()(EVP_MD* digest) const noexcept { EVP_MD_free(digest); }
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

/// OpenSSL 3 looks an algorithm up by name, under a lock, whenever it is not given a fetched one.
const EVP_MD* sha256() {
  static const std::unique_ptr<EVP_MD, Free> digest{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  INVARIANT(digest != nullptr);
  return digest.get();
}

}  // namespace

KeyHash hash_key(std::string_view api_key) {
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
  INVARIANT(context != nullptr);
  KeyHash hash;
  unsigned size = 0;
  INVARIANT(EVP_DigestInit_ex2(context.get(), sha256(), nullptr) == 1);
  INVARIANT(EVP_DigestUpdate(context.get(), api_key.data(), api_key.size()) == 1);
  INVARIANT(EVP_DigestFinal_ex(context.get(), hash.bytes.data(), &size) == 1);
  INVARIANT(size == hash.bytes.size());
  return hash;
}

}  // namespace triggers::auth
