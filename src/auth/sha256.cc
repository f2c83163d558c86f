#include "auth/sha256.h"

#include <openssl/evp.h>

#include <memory>

#include "base/invariant.h"

namespace triggers::auth {
namespace {

struct Free {
  void operator()(EVP_MD* digest) const noexcept { EVP_MD_free(digest); }
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

/// OpenSSL 3 looks an algorithm up by name, under a lock, whenever it is not given a fetched one.
const EVP_MD* algorithm() {
  static const std::unique_ptr<EVP_MD, Free> digest{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  INVARIANT(digest != nullptr, "OpenSSL has no SHA-256");
  return digest.get();
}

}  // namespace

std::array<unsigned char, 32> sha256(std::string_view bytes) {
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
  INVARIANT(context != nullptr);
  std::array<unsigned char, 32> hash;
  unsigned size = 0;
  INVARIANT(EVP_DigestInit_ex2(context.get(), algorithm(), nullptr) == 1);
  INVARIANT(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
  INVARIANT(EVP_DigestFinal_ex(context.get(), hash.data(), &size) == 1);
  INVARIANT(size == hash.size());
  return hash;
}

}  // namespace triggers::auth
