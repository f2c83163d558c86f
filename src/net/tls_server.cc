#include "net/tls_server.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include "base/invariant.h"

namespace triggers::net {
namespace {

namespace asio = boost::asio;

class OpensslLayer final : public TlsLayer {
 public:
  OpensslLayer(Socket& socket, asio::ssl::context& context) : stream_(socket, context) {}

  void handshake(IoOperation& operation) override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [&operation](const boost::system::error_code& error) { operation.finish(error, 0); });
  }
  void read_some(std::span<char> space, IoOperation& operation) override {
    stream_.async_read_some(
        asio::buffer(space.data(), space.size()),
        [&operation](const boost::system::error_code& error, std::size_t bytes) { operation.finish(error, bytes); });
  }
  void write(std::string_view first, std::string_view second, IoOperation& operation) override {
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(first), asio::buffer(second)};
    asio::async_write(stream_, buffers, [&operation](const boost::system::error_code& error, std::size_t bytes) {
      operation.finish(error, bytes);
    });
  }
  void shutdown(IoOperation& operation) override {
    stream_.async_shutdown([&operation](const boost::system::error_code& error) { operation.finish(error, 0); });
  }
  bool holds_part() noexcept override { return SSL_has_pending(stream_.native_handle()) == 1; }

 private:
  asio::ssl::stream<Socket&> stream_;
};

/// Our protocol for a client that offers it by ALPN; no answer for one that does not.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                    void* protocols) {
  const auto& ours = *static_cast<const std::string*>(protocols);
  unsigned char* chosen = nullptr;
  const int outcome = SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                                            static_cast<unsigned>(ours.size()), in, in_size);
  *out = chosen;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

/// Nobody can type a password for a server: OpenSSL's own callback would ask on the terminal.
int refuse_password(char* /*buffer*/, int /*size*/, int /*rwflag*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

}  // namespace

struct TlsServerContext::Impl {
  asio::ssl::context context{asio::ssl::context::tls_server};
  std::string protocols;  // in the form of ALPN: a length, and a name
};

TlsServerContext::TlsServerContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsServerContext::~TlsServerContext() = default;

Result<std::unique_ptr<TlsServerContext>> TlsServerContext::create(const std::string& cert_path,
                                                                   const std::string& key_path,
                                                                   std::string_view protocol) {
  INVARIANT(!protocol.empty() && protocol.size() <= 255);
  auto impl = std::make_unique<Impl>();
  impl->protocols.push_back(static_cast<char>(protocol.size()));
  impl->protocols.append(protocol);
  SSL_CTX* const native = impl->context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // an idle connection holds no 32 KiB of buffers
  SSL_CTX_set_alpn_select_cb(native, &choose_protocol, &impl->protocols);
  boost::system::error_code error;
  impl->context.use_certificate_chain_file(cert_path, error);
  if (error) {
    return Error{ErrorCode::invalid_argument, "cannot use the TLS certificate " + cert_path + ": " + error.message()};
  }
  bool password_asked = false;
  SSL_CTX_set_default_passwd_cb(native, &refuse_password);
  SSL_CTX_set_default_passwd_cb_userdata(native, &password_asked);
  impl->context.use_private_key_file(key_path, asio::ssl::context::pem, error);
  SSL_CTX_set_default_passwd_cb_userdata(native, nullptr);
  SSL_CTX_set_default_passwd_cb(native, nullptr);
  if (error && password_asked) {
    ERR_clear_error();
    return Error{ErrorCode::invalid_argument,
                 "the TLS key " + key_path +
                     " is encrypted with a password: give a key without one (openssl pkey -in KEY -out NEW_KEY)"};
  }
  if (error) {
    return Error{ErrorCode::invalid_argument,
                 "cannot use the TLS key " + key_path + " with " + cert_path + ": " + error.message()};
  }
  if (SSL_CTX_check_private_key(native) != 1) {
    ERR_clear_error();
    return Error{ErrorCode::invalid_argument, "the TLS key " + key_path + " is not that of " + cert_path};
  }
  return std::unique_ptr<TlsServerContext>(new TlsServerContext(std::move(impl)));
}

std::unique_ptr<TlsLayer> TlsServerContext::layer(Socket& socket) {
  return std::make_unique<OpensslLayer>(socket, impl_->context);
}

}  // namespace triggers::net
