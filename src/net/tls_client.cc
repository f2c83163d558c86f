#include "net/tls_client.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>

#include "base/invariant.h"

namespace triggers::net {
namespace {

template <auto release>
struct Releaser {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};
using Context = std::unique_ptr<SSL_CTX, Releaser<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, Releaser<SSL_free>>;

std::string newest_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* const reason = ERR_reason_error_string(code);
  return reason == nullptr ? "TLS failed" : reason;
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return ::inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

/// The system's authorities: where OpenSSL was built to look, or SSL_CERT_FILE and SSL_CERT_DIR say; if there is no
/// such folder, the file in which a distribution keeps them. So this program also finds them where it was not built.
bool load_system_authorities(SSL_CTX* context) {
  if (SSL_CTX_set_default_verify_paths(context) != 1) return false;
  const bool chosen = std::getenv(X509_get_default_cert_file_env()) != nullptr ||
                      std::getenv(X509_get_default_cert_dir_env()) != nullptr;
  if (chosen || ::access(X509_get_default_cert_dir(), R_OK) == 0) return true;
  for (const char* const bundle : {"/etc/pki/tls/certs/ca-bundle.crt",       // Amazon Linux, Fedora
                                   "/etc/ssl/certs/ca-certificates.crt"}) {  // Debian
    if (::access(bundle, R_OK) == 0) return SSL_CTX_load_verify_locations(context, bundle, nullptr) == 1;
  }
  return true;  // A handshake will report that no authority is trusted.
}

int clipped(std::size_t size) { return static_cast<int>(std::min<std::size_t>(size, INT_MAX)); }

class OpenSslClient final : public TlsClient {
 public:
  explicit OpenSslClient(Ssl ssl) : ssl_(std::move(ssl)) {}

  Step handshake() override {
    ERR_clear_error();
    return step(SSL_connect(ssl_.get()));
  }

  Step read(std::span<char> space, std::size_t& got) override {
    ERR_clear_error();
    const int count = SSL_read(ssl_.get(), space.data(), clipped(space.size()));
    got = count > 0 ? static_cast<std::size_t>(count) : 0;
    return step(count);
  }

  Step write(std::string_view bytes, std::size_t& wrote) override {
    ERR_clear_error();
    const int count = SSL_write(ssl_.get(), bytes.data(), clipped(bytes.size()));
    wrote = count > 0 ? static_cast<std::size_t>(count) : 0;
    return step(count);
  }

  [[nodiscard]] const std::string& error() const noexcept override { return error_; }

 private:
  Step step(int result) {
    if (result > 0) return Step::done;
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ: return Step::wants_read;
      case SSL_ERROR_WANT_WRITE: return Step::wants_write;
      case SSL_ERROR_ZERO_RETURN: return Step::ended;
      case SSL_ERROR_SYSCALL:
        if (ERR_peek_error() == 0) return Step::ended;
        [[fallthrough]];
      default: break;
    }
    const long verified = SSL_get_verify_result(ssl_.get());
    error_ = verified == X509_V_OK
                 ? newest_error()
                 : std::string{"the certificate is not to be trusted: "} + X509_verify_cert_error_string(verified);
    return Step::failed;
  }

  Ssl ssl_;
  std::string error_;
};

class OpenSslContext final : public TlsClientContext {
 public:
  OpenSslContext(Context context, bool verify) : context_(std::move(context)), verify_(verify) {}

  [[nodiscard]] std::unique_ptr<TlsClient> connect(int fd, const std::string& host) const override {
    Ssl ssl{SSL_new(context_.get())};
    INVARIANT(ssl);
    INVARIANT(SSL_set_fd(ssl.get(), fd) == 1);
    if (is_address(host)) {
      if (verify_) X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str());
    } else {
      // SSL_set_tlsext_host_name() is this, as a macro with an old cast.
      SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(host.c_str()));
      if (verify_) SSL_set1_host(ssl.get(), host.c_str());
    }
    return std::make_unique<OpenSslClient>(std::move(ssl));
  }

 private:
  Context context_;
  bool verify_;
};

}  // namespace

Result<std::unique_ptr<TlsClientContext>> TlsClientContext::create(const std::string& ca_file, bool verify) {
  Context context{SSL_CTX_new(TLS_client_method())};
  INVARIANT(context);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // The rest of a record that the socket took only in part is written from wherever the caller's buffer is then.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  if (verify) {
    const bool loaded = ca_file.empty() ? load_system_authorities(context.get())
                                        : SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr) == 1;
    if (!loaded) {
      return Error{ErrorCode::invalid_argument, "cannot read the certificate authorities" +
                                                    (ca_file.empty() ? "" : " in " + ca_file) + ": " + newest_error()};
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  }
  std::unique_ptr<TlsClientContext> made = std::make_unique<OpenSslContext>(std::move(context), verify);
  return made;
}

}  // namespace triggers::net
