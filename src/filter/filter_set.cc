#include "filter/filter_set.h"

#include <algorithm>
#include <utility>

#include "filter/compile.h"
#include "filter/marks.h"
#include "filter/walk.h"

namespace triggers::filter {
namespace {

/// Evaluates one event: first its short texts, which often decide; then each object that can still change the answer.
class Evaluation {
 public:
  Evaluation(const Program& program, Marks& marks) : program_(program), walk_(program, marks) {}

  Result<Matches> run(const Event& event) {
    walk_.begin();
    read_text(program_.event_type, event.event_type);
    if (event.source) read_text(program_.source, *event.source);
    // An event without metadata is treated as one with empty metadata.
    const std::string_view metadata = event.metadata.empty() ? "{}" : event.metadata;
    if (needs(&Root::asks_metadata) && !walk_.object(program_.metadata, metadata)) return no_object("metadata");
    if (needs(&Root::asks_payload) && !walk_.object(program_.payload, event.payload)) return no_object("payload");
    walk_.end();
    Matches matches;
    for (std::size_t i = 0; i != program_.roots.size(); ++i) matches[i] = walk_.takes(program_.roots[i]);
    return matches;
  }

 private:
  static Error no_object(std::string_view name) {
    return {ErrorCode::invalid_argument,
            std::string("The ").append(name).append(" of the event is not a JSON object.")};
  }

  void read_text(NodeId node, std::string_view text) {
    if (node != none) walk_.value(node, Scalar(Scalar::Kind::text, text));
  }

  /// Whether a filter with conditions on the object is still undecided.
  bool needs(bool Root::* asks) {
    return std::ranges::any_of(program_.roots, [&](const Root& root) { return root.*asks && walk_.is_open(root); });
  }

  const Program& program_;
  Walk walk_;
};

}  // namespace

Result<FilterSet> FilterSet::make(const std::vector<Filter>& filters) {
  auto program = compile(filters);
  if (!program) return std::move(program).error();
  return FilterSet(*std::move(program));
}

std::size_t FilterSet::conditions_at_worst_path() const noexcept {
  std::size_t most = 0;
  for (const Node& node : program_->nodes) most = std::max(most, node.conditions);
  return most;
}

Evaluator::Evaluator(FilterSet set) : set_(std::move(set)), marks_(std::make_unique<Marks>(set_.program())) {}
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator::~Evaluator() = default;

Result<Matches> Evaluator::evaluate(const Event& event) {
  marks_->steps = 0;
  return Evaluation(set_.program(), *marks_).run(event);
}

std::uint64_t Evaluator::steps() const noexcept { return marks_->steps; }

}  // namespace triggers::filter
