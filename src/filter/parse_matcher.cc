#include "filter/parse_matcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "event/event.h"
#include "event/quotable.h"
#include "filter/parse_numeric.h"

namespace triggers::filter {
namespace {

using Kind = event::Tape::Kind;
using Step = ParseState::Step;
using Parse = bool (*)(ParseState&, std::size_t, Matcher&);

struct Operator {
  std::string_view name;
  Parse parse;
};

std::string quoted(std::string_view text) {
  std::string out;
  event::append_json_string(out, text);
  return out;
}

std::string source_of(std::string_view name, std::string_view operand) {
  return fmt::format(R"({{"{}":{}}})", name, operand);
}

/// What source_of() was given.
std::string operand_of(std::string_view name, const std::string& source) {
  return source.substr(name.size() + 4, source.size() - name.size() - 5);
}

bool need_text(ParseState& state, std::size_t i, std::string_view name, std::string_view example) {
  if (state.node(i).kind == Kind::string) return true;
  return state.fail(fmt::format("`{}` needs a string, like {}, but this is {}.", name, source_of(name, example),
                                kind_of(state.node(i), i)));
}

/// The node of the name of an object's only member, an operator.
bool need_one_member(ParseState& state, std::size_t i, std::size_t& name) {
  const auto end = state.node(i).next;
  if (i + 1 == end)
    return state.fail(fmt::format("An empty object is no matcher; the operators are {}.", operator_names));
  name = i + 1;
  if (state.node(name + 1).next != end) {
    return state.fail("A matcher has one operator; give each its own object in the list, of which one must match.");
  }
  return true;
}

void set_text(Matcher& out, Matcher::Kind kind, std::string_view name, std::string_view text) {
  out.kind = kind;
  out.text = kind == Matcher::Kind::any_case ? fold_case(text) : std::string(text);
  out.source = source_of(name, quoted(text));
}

bool parse_any_case(ParseState& state, std::size_t i, Matcher& out) {
  if (!need_text(state, i, "equals-ignore-case", "\"alice\"")) return false;
  set_text(out, Matcher::Kind::any_case, "equals-ignore-case", state.node(i).text);
  return state.count_leaf();
}

/// `prefix` and `suffix`: a string, or {"equals-ignore-case": string}.
bool parse_end(ParseState& state, std::size_t i, Matcher& out, bool at_start) {
  const std::string_view name = at_start ? "prefix" : "suffix";
  if (state.node(i).kind != Kind::object) {
    if (!need_text(state, i, name, "\"abc\"")) return false;
    set_text(out, at_start ? Matcher::Kind::prefix : Matcher::Kind::suffix, name, state.node(i).text);
    return state.count_leaf();
  }
  std::size_t member = 0;
  if (!need_one_member(state, i, member)) return false;
  const Step step(state, state.node(member).text);
  if (state.node(member).text != "equals-ignore-case") {
    return state.fail(fmt::format("`{}` takes a string, or an object with `equals-ignore-case` and a string.", name));
  }
  if (!parse_any_case(state, member + 1, out)) return false;
  out.kind = at_start ? Matcher::Kind::prefix_any_case : Matcher::Kind::suffix_any_case;
  out.source = source_of(name, out.source);
  return true;
}

bool parse_prefix(ParseState& state, std::size_t i, Matcher& out) { return parse_end(state, i, out, true); }
bool parse_suffix(ParseState& state, std::size_t i, Matcher& out) { return parse_end(state, i, out, false); }

bool parse_wildcard(ParseState& state, std::size_t i, Matcher& out) {
  if (!need_text(state, i, "wildcard", "\"*.png\"")) return false;
  auto wildcard = Wildcard::parse(state.node(i).text);
  if (!wildcard) return state.fail(fmt::format("The wildcard is not well formed: {}.", wildcard.error()));
  set_text(out, Matcher::Kind::wildcard, "wildcard", state.node(i).text);
  out.wildcard = *std::move(wildcard);
  return state.count_leaf();
}

bool parse_cidr(ParseState& state, std::size_t i, Matcher& out) {
  if (!need_text(state, i, "cidr", "\"10.0.0.0/8\"")) return false;
  const auto cidr = Cidr::parse(state.node(i).text);
  if (!cidr) return state.fail(fmt::format("This is no block of addresses: {}.", cidr.error()));
  set_text(out, Matcher::Kind::cidr, "cidr", state.node(i).text);
  out.cidr = *cidr;
  return state.count_leaf();
}

bool parse_exists(ParseState& state, std::size_t i, Matcher& out) {
  if (state.node(i).kind != Kind::boolean) {
    return state.fail(fmt::format("`exists` needs true or false, but this is {}.", kind_of(state.node(i), i)));
  }
  const bool present = state.node(i).text == "true";
  out.kind = present ? Matcher::Kind::present : Matcher::Kind::absent;
  out.source = source_of("exists", present ? "true" : "false");
  return state.count_leaf();
}

/// Makes a literal of node `i`. False, without a fault, if the node is something else.
bool read_literal(const event::Tape::Node& node, Matcher& out) {
  out.source = node.text;
  switch (node.kind) {
    case Kind::string:
      out.kind = Matcher::Kind::text;
      out.text = node.text;
      out.source = quoted(node.text);
      return true;
    case Kind::number:
      out.kind = Matcher::Kind::number;
      out.number.emplace(node.text);
      return true;
    case Kind::boolean: out.kind = node.text == "true" ? Matcher::Kind::yes : Matcher::Kind::no; return true;
    case Kind::null:
      out.kind = Matcher::Kind::null;
      out.source = "null";
      return true;
    case Kind::array:
    case Kind::object: return false;
  }
  return false;
}

/// What `anything-but` excludes: one value, or a list of values.
bool parse_excluded_values(ParseState& state, std::size_t i, Matcher& out) {
  const auto read = [&](std::size_t node) {
    const Kind kind = state.node(node).kind;
    if (kind != Kind::string && kind != Kind::number) {
      return state.fail(
          fmt::format("`anything-but` excludes strings or numbers, but this is {}.", kind_of(state.node(node), node)));
    }
    if (!out.excluded.empty() && (out.excluded[0].kind == Matcher::Kind::text) != (kind == Kind::string)) {
      return state.fail("The list of `anything-but` holds strings only or numbers only; this one mixes them.");
    }
    read_literal(state.node(node), out.excluded.emplace_back());
    return state.count_leaf();
  };
  if (state.node(i).kind != Kind::array) return read(i);
  std::size_t index = 0;
  for (std::size_t at = i + 1; at != state.node(i).next; at = state.node(at).next) {
    const Step step(state, index++);
    if (!read(at)) return false;
  }
  if (index == 0)
    return state.fail("An empty list excludes nothing; give at least one value, or use {\"exists\": true}.");
  return true;
}

constexpr std::array<Operator, 4> excludable = {{{"prefix", parse_prefix},
                                                 {"suffix", parse_suffix},
                                                 {"equals-ignore-case", parse_any_case},
                                                 {"wildcard", parse_wildcard}}};

/// What `anything-but` excludes with an operator: the operand, or a list of operands.
bool parse_excluded_by(ParseState& state, std::size_t i, Matcher& out) {
  std::size_t member = 0;
  if (!need_one_member(state, i, member)) return false;
  const std::string_view name = state.node(member).text;
  const Step step(state, name);
  const auto* const found = std::ranges::find(excludable, name, &Operator::name);
  if (found == excludable.end()) {
    return state.fail("Inside `anything-but` the operators are prefix, suffix, equals-ignore-case and wildcard.");
  }
  const auto read = [&](std::size_t node) {
    if (state.node(node).kind == Kind::string && state.node(node).text.empty() && name != "equals-ignore-case") {
      return state.fail(fmt::format("An empty `{}` excludes too much or nothing; give at least one character.", name));
    }
    return found->parse(state, node, out.excluded.emplace_back());
  };
  const std::size_t operand = member + 1;
  if (state.node(operand).kind != Kind::array) return read(operand);
  std::size_t index = 0;
  for (std::size_t at = operand + 1; at != state.node(operand).next; at = state.node(at).next) {
    const Step element(state, index++);
    if (!read(at)) return false;
  }
  return index != 0 || state.fail("An empty list excludes nothing; give at least one string.");
}

/// A list of JSON texts; a single text without a list.
std::string joined(const std::vector<std::string>& texts) {
  return texts.size() == 1 ? texts[0] : fmt::format("[{}]", fmt::join(texts, ","));
}

bool parse_anything_but(ParseState& state, std::size_t i, Matcher& out) {
  out.kind = Matcher::Kind::anything_but;
  const bool by_operator = state.node(i).kind == Kind::object;
  if (!(by_operator ? parse_excluded_by(state, i, out) : parse_excluded_values(state, i, out))) return false;
  const std::string_view name = by_operator ? state.node(i + 1).text : std::string_view();
  std::vector<std::string> operands;
  operands.reserve(out.excluded.size());
  for (const Matcher& each : out.excluded) {
    operands.push_back(by_operator ? operand_of(name, each.source) : each.source);
  }
  out.source = source_of("anything-but", by_operator ? source_of(name, joined(operands)) : joined(operands));
  return true;
}

bool parse_range(ParseState& state, std::size_t i, Matcher& out) { return parse_numeric(state, i, out); }

constexpr std::array<Operator, 8> operators = {{{"prefix", parse_prefix},
                                                {"suffix", parse_suffix},
                                                {"equals-ignore-case", parse_any_case},
                                                {"wildcard", parse_wildcard},
                                                {"anything-but", parse_anything_but},
                                                {"numeric", parse_range},
                                                {"exists", parse_exists},
                                                {"cidr", parse_cidr}}};

}  // namespace

bool is_operator(std::string_view name) {
  return std::ranges::find(operators, name, &Operator::name) != operators.end();
}

bool parse_matcher(ParseState& state, std::size_t i, Matcher& out) {
  const auto& node = state.node(i);
  if (read_literal(node, out)) return state.count_leaf();
  if (node.kind == Kind::array) {
    return state.fail(
        "A list within a list is no value; put its values into the outer list, which already means any of.");
  }
  std::size_t member = 0;
  if (!need_one_member(state, i, member)) return false;
  const std::string_view name = state.node(member).text;
  const Step step(state, name);
  const auto* const found = std::ranges::find(operators, name, &Operator::name);
  if (found == operators.end()) {
    return state.fail(
        fmt::format("`{}` is no operator; the operators are {}.", event::quotable(name, 60), operator_names));
  }
  return found->parse(state, member + 1, out);
}

}  // namespace triggers::filter
