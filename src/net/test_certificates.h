#pragma once

#include <memory>
#include <string>

namespace triggers::net {

/// A certificate and its key, as two PEM files.
struct CertificateFiles {
  std::string certificate, key;
};

/// An authority of a test's own, which lives for an hour, with its files in a folder that ends with it.
class TestAuthority {
 public:
  TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;
  ~TestAuthority();

  /// Its own certificate: what a client is told to believe.
  [[nodiscard]] std::string file() const;
  /// For a server with that name (`DNS:localhost`, `IP:127.0.0.1`); it ends `seconds` from now, which may be past.
  [[nodiscard]] CertificateFiles issue(const std::string& name, long seconds = 3'600) const;
  /// One that no authority has signed.
  [[nodiscard]] CertificateFiles self_signed(const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace triggers::net
