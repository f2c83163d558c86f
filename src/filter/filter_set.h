#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "filter/filter.h"

namespace triggers::filter {

constexpr std::size_t filters_max = 100;
/// How many different conditions all filters of a set may have at one path, literals aside: those are found by one
/// look-up, while each other condition is tried on each value there. An object or a branch that nothing but absences
/// match counts as one more. It bounds what a byte of a payload can cost.
constexpr std::size_t conditions_per_path_max = 256;

/// By the filter's place in its set.
using Matches = std::bitset<filters_max>;

struct Program;

/// All filters of a tenant, made ready to be evaluated together. Immutable; thread-safe; copies share it.
class FilterSet {
 public:
  /// Errors: too_large for more than filters_max filters, or for more than conditions_per_path_max conditions at one
  /// path; the message names the filter and the path.
  static Result<FilterSet> make(const std::vector<Filter>& filters);

  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] const Program& program() const noexcept { return *program_; }

 private:
  explicit FilterSet(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

  std::shared_ptr<const Program> program_;
};

struct Marks;

/// Evaluates a set, event after event. It keeps its memory from one event to the next, and that memory depends on the
/// set alone (and on the longest string with escapes). One thread at a time.
class Evaluator {
 public:
  explicit Evaluator(FilterSet set);
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;
  ~Evaluator();

  /// Which filters take the event: one walk over its texts, in which only those members are read that a filter names.
  /// The metadata, and then the payload, are not touched when the answer does not depend on them. Linear in their
  /// bytes. Error: invalid_argument if what was touched is not a JSON object.
  Result<Matches> evaluate(const Event& event);

  /// What the last evaluation did: values, members, comparisons, characters of wildcards. For tests of the bound.
  [[nodiscard]] std::uint64_t steps() const noexcept;

 private:
  FilterSet set_;
  std::unique_ptr<Marks> marks_;
};

}  // namespace triggers::filter
