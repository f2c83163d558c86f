#pragma once

// The names under which requests are counted. Their figures are in statistics.h.

#include <cstddef>
#include <string>
#include <string_view>

namespace triggers::swarm {

/// The row of the tables that a request counts for, like Locust's (method, name). Names are few and live as long as the
/// program. A RequestName is an index into them, so recording a request needs no look-up. Equal names have the same
/// index. Thread-safe.
class RequestName {
 public:
  RequestName(std::string_view method, std::string_view name);

  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] const std::string& method() const noexcept;
  [[nodiscard]] const std::string& name() const noexcept;
  /// The row for requests of this name that a rate limit refused: `429 /events (POST)` for `POST /events`. These fast
  /// responses must not improve the figures of the real ones. The name does not contain `POST /events`, so that a grep
  /// for that finds one row. Returns itself for such a row. Looks up each name once.
  [[nodiscard]] RequestName limited() const;
  [[nodiscard]] bool is_limited() const noexcept;

  /// The existing name with this index.
  [[nodiscard]] static RequestName at(std::size_t index);

  bool operator==(const RequestName&) const = default;

 private:
  struct Known;
  class Registry;
  explicit RequestName(const Known* known) noexcept;

  std::size_t index_;
  const Known* known_;
};

}  // namespace triggers::swarm
