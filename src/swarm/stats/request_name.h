#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace triggers::swarm {

/// What a request counts as: one row of every table, like Locust's (method, name). Names are few and live as long as
/// the program; a RequestName is an index into them, so recording a request looks nothing up. Equal names are the same
/// one. Any thread.
class RequestName {
 public:
  RequestName(std::string_view method, std::string_view name);

  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] const std::string& method() const;
  [[nodiscard]] const std::string& name() const;
  /// The row of those requests of this name that were answered 429: `POST /events (429)`. What a rate limit refused was
  /// quick, and says nothing about the service; it must not make the row of the real answers look better.
  [[nodiscard]] RequestName limited() const;

  bool operator==(const RequestName&) const = default;

 private:
  std::size_t index_;
};

}  // namespace triggers::swarm
