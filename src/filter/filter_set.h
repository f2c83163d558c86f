#pragma once

// Evaluates all filters of a tenant together: decides which parts of an event are read, in which order, and when the
// rest can no longer matter. compile.h makes the program, walk.h runs it over one part. A single filter is in filter.h.

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "filter/bounds.h"
#include "filter/filter.h"

namespace triggers::filter {

/// One bit for each filter, by its position in the set.
using Matches = std::bitset<filters_max>;

struct Program;

/// All filters of a tenant, compiled to be evaluated together. Immutable; copies share the program. Any thread.
class FilterSet {
 public:
  /// Error: `too_large` for more than filters_max filters, or for more than conditions_per_path_max conditions at one
  /// path. The message names the filter and the path.
  static Result<FilterSet> make(const std::vector<Filter>& filters);

  /// The greatest number of conditions at one path: a byte of an event costs at worst so many comparisons and one.
  [[nodiscard]] std::size_t conditions_at_worst_path() const noexcept;

  [[nodiscard]] const Program& program() const noexcept { return *program_; }

 private:
  explicit FilterSet(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

  std::shared_ptr<const Program> program_;
};

struct Marks;

/// Evaluates a set for one event after another. It reuses its memory, whose size depends only on the set and on the
/// longest string with escapes. One thread at a time.
class Evaluator {
 public:
  explicit Evaluator(FilterSet set);
  Evaluator(Evaluator&&) noexcept;
  ~Evaluator();

  /// Which filters match the event. It walks over the event's texts once, and reads only members that a filter names.
  /// It reads the metadata, and then the payload, only while the answer depends on them. Linear in their bytes. Error:
  /// `invalid_argument` if one that it reads is not a JSON object.
  Result<Matches> evaluate(const Event& event);

  /// The work of the last evaluation: values, members, comparisons, characters of wildcards. For tests of the bound.
  [[nodiscard]] std::uint64_t steps() const noexcept;

 private:
  FilterSet set_;
  std::unique_ptr<Marks> marks_;
};

}  // namespace triggers::filter
