// A line with a filter, then the payload of an event.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/invariant.h"
#include "event/event.h"
#include "filter/filter_set.h"

namespace {

using namespace triggers::filter;

/// More than any payload of the corpus can take by what the library promises: 256 conditions and some on each byte.
constexpr std::uint64_t steps_a_byte_max = 2 * conditions_per_path_max;

void check_refused(const Fault& fault) {
  INVARIANT(fault.path.starts_with('$') && !fault.message.empty() && fault.message.size() <= 500);
  std::string shown = R"({"event_type":"t","payload":{"m":)";
  triggers::event::append_json_string(shown, fault.path + fault.message);
  INVARIANT(std::holds_alternative<triggers::event::NewEvent>(triggers::event::parse(shown + "}}", {})));
}

/// Both ways to evaluate agree, whether the filter is alone or not, and neither takes long.
void check_event(const Filter& filter, const Event& event) {
  const auto set = FilterSet::make({filter, *Filter::parse("{}"), filter});
  INVARIANT(set.ok());
  Evaluator evaluator(*set);
  const auto matches = evaluator.evaluate(event);
  INVARIANT(evaluator.steps() <= 2000 + steps_a_byte_max * (event.payload.size() + event.metadata.size()));
  const auto explanation = explain(filter, event);
  if (!explanation) return;
  INVARIANT(matches.ok());
  INVARIANT((*matches)[0] == explanation->matches && (*matches)[1] && (*matches)[2] == explanation->matches);
  INVARIANT(explanation->mismatches.empty() == explanation->matches && explanation->mismatches.size() <= 10);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\n');
  const auto filter = Filter::parse(text.substr(0, cut));
  if (!filter) {
    check_refused(filter.error());
    return 0;
  }
  // Only what parse() takes can be stored; the library may be given the rest, and must refuse or ignore it.
  const std::string_view payload = cut == std::string_view::npos ? "{}" : text.substr(cut + 1);
  check_event(*filter, {"order.created", "shop", payload, R"({"region":"eu","n":[1,2]})"});
  check_event(*filter, {"", std::nullopt, payload, {}});
  return 0;
}
