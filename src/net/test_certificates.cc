#include "net/test_certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/invariant.h"
#include "net/test_free_with.h"

namespace triggers::net {
namespace {

using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using File = std::unique_ptr<std::FILE, FreeWith<std::fclose>>;

void extend(X509* certificate, int id, const std::string& value) {
  const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str()));
  INVARIANT(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

Certificate unsigned_certificate(EVP_PKEY* key, const std::string& common_name, long serial, long ends_in_seconds) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3'600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), ends_in_seconds);
  X509_set_pubkey(certificate.get(), key);
  const auto* const text = reinterpret_cast<const unsigned char*>(common_name.c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC, text, -1, -1, 0);
  return certificate;
}

void write(const std::string& path, X509* certificate) {
  const File file(std::fopen(path.c_str(), "w"));
  INVARIANT(file && PEM_write_X509(file.get(), certificate) == 1);
}

}  // namespace

struct TestAuthority::Impl {
  std::string folder;
  Key key{EVP_EC_gen("P-256")};
  Certificate certificate;
  long issued = 1;

  /// A certificate with a key of its own, signed by the authority or by itself.
  CertificateFiles make(const std::string& name, long seconds, bool by_itself);
};

TestAuthority::TestAuthority() : impl_(std::make_unique<Impl>()) {
  std::string name = (std::filesystem::temp_directory_path() / "triggers-XXXXXX").string();
  impl_->folder = ::mkdtemp(name.data());
  impl_->certificate = unsigned_certificate(impl_->key.get(), "Authority of a test", 1, 3'600);
  X509* const own = impl_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  extend(own, NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(own, impl_->key.get(), EVP_sha256());
  write(file(), own);
}

TestAuthority::~TestAuthority() { std::filesystem::remove_all(impl_->folder); }

std::string TestAuthority::file() const { return impl_->folder + "/authority.pem"; }

CertificateFiles TestAuthority::Impl::make(const std::string& name, long seconds, bool by_itself) {
  const long serial = ++issued;
  const std::string stem = folder + "/" + std::to_string(serial);
  CertificateFiles files{stem + "-cert.pem", stem + "-key.pem"};
  const Key own_key(EVP_EC_gen("P-256"));
  const Certificate made = unsigned_certificate(own_key.get(), "server", serial, seconds);
  X509_set_issuer_name(made.get(), X509_get_subject_name(by_itself ? made.get() : certificate.get()));
  extend(made.get(), NID_subject_alt_name, name);
  X509_sign(made.get(), by_itself ? own_key.get() : key.get(), EVP_sha256());
  write(files.certificate, made.get());
  const File file(std::fopen(files.key.c_str(), "w"));
  INVARIANT(PEM_write_PrivateKey(file.get(), own_key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return files;
}

CertificateFiles TestAuthority::issue(const std::string& name, long seconds) const {
  return impl_->make(name, seconds, false);
}

CertificateFiles TestAuthority::self_signed(const std::string& name) const { return impl_->make(name, 3'600, true); }

}  // namespace triggers::net
