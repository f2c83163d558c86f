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
  [[nodiscard]] const std::string& method() const noexcept;
  [[nodiscard]] const std::string& name() const noexcept;
  /// The row of those requests of this name that a rate limit refused: `429 /events (POST)` of `POST /events`. Such an
  /// answer is quick, and says nothing about the service; it must not make the row of the real answers look better. The
  /// name does not contain the other one, so `grep 'POST /events'` in a table finds one row. Of such a row, itself.
  /// Looks up once a name.
  [[nodiscard]] RequestName limited() const;
  [[nodiscard]] bool is_limited() const noexcept;

  /// The name with this index; it was made before.
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
