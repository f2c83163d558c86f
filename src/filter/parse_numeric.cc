#include "filter/parse_numeric.h"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace triggers::filter {
namespace {

using Kind = event::Tape::Kind;
using Step = ParseState::Step;

constexpr std::string_view shape = R"({"numeric": [">", 0]} or {"numeric": [">", 0, "<=", 5]})";

std::vector<std::size_t> elements_of(ParseState& state, std::size_t i) {
  std::vector<std::size_t> elements;
  for (std::size_t at = i + 1; at != state.node(i).next; at = state.node(at).next) elements.push_back(at);
  return elements;
}

/// Adds one comparison to the range. `comparison` is the index of its sign in the list.
bool take(ParseState& state, std::size_t sign_node, std::size_t number_node, std::size_t comparison, Matcher& out) {
  const std::string_view sign = state.node(sign_node).text;
  const Step step(state, comparison);
  const bool is_sign = sign == "<" || sign == "<=" || sign == ">" || sign == ">=" || sign == "=";
  if (state.node(sign_node).kind != Kind::string || !is_sign) {
    return state.fail(R"(A comparison is one of "<", "<=", ">", ">=" and "=", as a string.)");
  }
  Bound bound{Decimal(state.node(number_node).text), sign.ends_with('=')};
  if (sign == "=") {
    if (comparison != 0)
      return state.fail(R"("=" stands alone; a range has one of ">" and ">=", and one of "<" and "<=".)");
    out.lower = bound;
    out.upper = std::move(bound);
    return true;
  }
  auto& side = sign.starts_with('<') ? out.upper : out.lower;
  if (side) {
    return state.fail(R"(Two comparisons are a range: one of ">" and ">=", and one of "<" and "<=".)");
  }
  side = std::move(bound);
  return true;
}

bool need_number(ParseState& state, std::size_t node, std::size_t index) {
  if (state.node(node).kind == Kind::number) return true;
  const Step step(state, index);
  return state.fail(fmt::format("`numeric` compares with a number, but this is {}; a number has no quotes.",
                                kind_of(state.node(node), node)));
}

/// True if no number is in the range.
bool is_empty(const Matcher& range) {
  if (!range.lower || !range.upper) return false;
  const auto order = range.lower->number <=> range.upper->number;
  return order > 0 || (order == 0 && !(range.lower->inclusive && range.upper->inclusive));
}

}  // namespace

bool parse_numeric(ParseState& state, std::size_t i, Matcher& out) {
  out.kind = Matcher::Kind::numeric;
  if (state.node(i).kind != Kind::array) {
    return state.fail(fmt::format("`numeric` needs a list, {}, but this is {}.", shape, kind_of(state.node(i), i)));
  }
  const auto elements = elements_of(state, i);
  if (elements.size() != 2 && elements.size() != 4) {
    return state.fail(
        fmt::format("`numeric` needs one comparison or two, {}, but this has {} elements.", shape, elements.size()));
  }
  std::string list;
  for (std::size_t at = 0; at != elements.size(); at += 2) {
    if (!need_number(state, elements[at + 1], at + 1) || !take(state, elements[at], elements[at + 1], at, out))
      return false;
    list.append(at == 0 ? "" : ",");
    list.append(fmt::format("\"{}\",{}", state.node(elements[at]).text, state.node(elements[at + 1]).text));
  }
  if (is_empty(out)) return state.fail("No number is in this range; the lower bound must be below the upper one.");
  out.source = fmt::format(R"({{"numeric":[{}]}})", list);
  return state.count_leaf();
}

}  // namespace triggers::filter
