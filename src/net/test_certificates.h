#pragma once

// For tests: certificates of an authority made for the test.

#include <memory>
#include <string>

namespace triggers::net {

/// A certificate and its key, as two PEM files.
struct CertificateFiles {
  std::string certificate, key;
};

/// A certificate authority for a test. Its certificate is valid for an hour; the destructor removes its files.
class TestAuthority {
 public:
  TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;
  ~TestAuthority();

  /// Its own certificate, which a client must trust.
  [[nodiscard]] std::string file() const;
  /// For a server with that name (`DNS:localhost`, `IP:127.0.0.1`); it expires in `seconds`, which may be negative.
  [[nodiscard]] CertificateFiles issue(const std::string& name, long seconds = 3'600) const;
  /// One that no authority has signed.
  [[nodiscard]] CertificateFiles self_signed(const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace triggers::net
