// Random filters on random events, compared with the simplest possible evaluator. It compares trees recursively, shares
// nothing with the library, and stores numbers as integers.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"
#include "event/test_random_json.h"
#include "filter/test_filter.h"

namespace triggers::filter {
namespace {

struct Tree {
  enum class Kind { null, yes, no, number, text, array, object };
  Kind kind = Kind::null;
  int number = 0;
  std::string text = {};
  std::vector<std::string> names = {};  ///< Of an object's members.
  std::vector<Tree> children = {};
};

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }

  Tree scalar() {
    switch (below(8)) {
      case 0: return {Tree::Kind::null};
      case 1: return {below(2) == 0 ? Tree::Kind::yes : Tree::Kind::no};
      case 2:
      case 3:
      case 4: return {Tree::Kind::number, static_cast<int>(below(7)) - 3};
      default: return {Tree::Kind::text, 0, text()};
    }
  }

  Tree object(int levels) {
    Tree made{Tree::Kind::object};
    for (std::size_t count = below(7); count != 0; --count) {
      made.names.push_back(name());
      made.children.push_back(value(levels - 1));
    }
    return made;
  }

  Tree pattern(int levels) {
    Tree made{Tree::Kind::object};
    for (std::size_t count = 1 + below(2); count != 0; --count) {
      const std::string named = levels > 0 && below(6) == 0 ? "$or" : name();
      if (std::ranges::find(made.names, named) != made.names.end()) continue;
      made.names.push_back(named);
      if (named == "$or") {
        made.children.push_back({Tree::Kind::array, 0, {}, {}, {pattern(levels - 1), pattern(levels - 1)}});
      } else {
        made.children.push_back(levels > 0 && below(3) == 0 ? pattern(levels - 1) : list());
      }
    }
    return made;
  }

  /// A pattern of a whole event.
  Tree filter(int levels) {
    Tree made{Tree::Kind::object};
    for (const char* const member : {"source", "payload", "event_type", "metadata"}) {
      if (below(4) != 0 && (std::string_view(member) != "metadata" || !made.names.empty())) continue;
      const bool is_text = std::string_view(member) == "source" || std::string_view(member) == "event_type";
      made.names.emplace_back(member);
      made.children.push_back(is_text ? list() : pattern(3));
    }
    if (levels > 0 && below(3) == 0) {
      made.names.emplace_back("$or");
      made.children.push_back({Tree::Kind::array, 0, {}, {}, {filter(levels - 1), filter(levels - 1)}});
    }
    return made;
  }

  /// An event as the filters see it; the source and the metadata are missing in some.
  Tree event() {
    Tree made{Tree::Kind::object, 0, {}, {"event_type", "payload"}, {{Tree::Kind::text, 0, text()}, object(4)}};
    if (below(3) != 0) {
      made.names.emplace_back("source");
      made.children.push_back({Tree::Kind::text, 0, text()});
    }
    if (below(3) != 0) {
      made.names.emplace_back("metadata");
      made.children.push_back(object(3));
    }
    return made;
  }

  /// One of many ways to write it.
  std::string write(const Tree& tree) {
    switch (tree.kind) {
      case Tree::Kind::null: return "null";
      case Tree::Kind::yes: return "true";
      case Tree::Kind::no: return "false";
      case Tree::Kind::number: return write_number(tree.number);
      case Tree::Kind::text: return write_text(tree.text);
      case Tree::Kind::array:
      case Tree::Kind::object: break;
    }
    std::string out = tree.kind == Tree::Kind::array ? "[" : "{";
    for (std::size_t i = 0; i != tree.children.size(); ++i) {
      if (i != 0) out += below(3) == 0 ? " , " : ",";
      if (tree.kind == Tree::Kind::object) out += write_text(tree.names[i]) + (below(3) == 0 ? " : " : ":");
      out += write(tree.children[i]);
    }
    return out + (tree.kind == Tree::Kind::array ? "]" : "}");
  }

 private:
  Tree value(int levels) {
    const std::size_t pick = below(10);
    if (levels == 0 || pick < 5) return scalar();
    if (pick < 7) return object(levels);
    Tree made{Tree::Kind::array};
    for (std::size_t count = below(4); count != 0; --count) made.children.push_back(value(levels - 1));
    return made;
  }

  Tree operation(std::string name, Tree operand) {
    return {Tree::Kind::object, 0, {}, {std::move(name)}, {std::move(operand)}};
  }

  Tree list() {
    Tree made{Tree::Kind::array};
    for (std::size_t count = 1 + below(2); count != 0; --count)
      made.children.push_back(below(3) == 0 ? scalar() : matcher());
    return made;
  }

  Tree matcher() {
    const Tree text_operand{Tree::Kind::text, 0, text()};
    switch (below(10)) {
      case 0: return operation("prefix", text_operand);
      case 1: return operation("suffix", text_operand);
      case 2: return operation("equals-ignore-case", text_operand);
      case 3: return operation("wildcard", {Tree::Kind::text, 0, wildcard()});
      case 4: return operation(below(2) == 0 ? "prefix" : "suffix", operation("equals-ignore-case", text_operand));
      case 5: return operation("exists", {below(2) == 0 ? Tree::Kind::yes : Tree::Kind::no});
      case 6:
      case 7: return operation("numeric", range());
      default: return operation("anything-but", excluded());
    }
  }

  Tree range() {
    const int low = static_cast<int>(below(6)) - 3;
    const auto word = [](const char* text) { return Tree{Tree::Kind::text, 0, text}; };
    const Tree lower{Tree::Kind::number, low}, upper{Tree::Kind::number, low + 1 + static_cast<int>(below(3))};
    switch (below(4)) {
      case 0: return {Tree::Kind::array, 0, {}, {}, {word("="), lower}};
      case 1: return {Tree::Kind::array, 0, {}, {}, {word(below(2) == 0 ? "<" : "<="), upper}};
      case 2: return {Tree::Kind::array, 0, {}, {}, {word(">="), lower, word("<"), upper}};
      default: return {Tree::Kind::array, 0, {}, {}, {word(">"), lower, word("<="), upper}};
    }
  }

  Tree excluded() {
    switch (below(5)) {
      case 0: return {Tree::Kind::number, static_cast<int>(below(5)) - 2};
      case 1: return {Tree::Kind::array, 0, {}, {}, {{Tree::Kind::text, 0, text()}, {Tree::Kind::text, 0, text()}}};
      case 2: return operation("prefix", {Tree::Kind::text, 0, "a" + text()});
      case 3: return operation("wildcard", {Tree::Kind::text, 0, "a" + wildcard()});
      default: return {Tree::Kind::text, 0, text()};
    }
  }

  std::string name() { return std::string(1, static_cast<char>('a' + below(3))); }

  std::string text() {
    std::string made(below(4), ' ');
    for (char& c : made) c = std::string_view("aAb\n")[below(4)];
    return made;
  }

  std::string wildcard() {
    std::string made;
    for (std::size_t count = below(5); count != 0; --count) {
      if (below(2) == 0 && !made.ends_with('*'))
        made += '*';
      else
        made += std::string_view("aAb")[below(3)];
    }
    return made;
  }

  std::string write_number(int number) {
    switch (below(4)) {
      case 0: return std::to_string(number) + ".0";
      case 1: return std::to_string(number * 10) + "e-1";
      default: return std::to_string(number);
    }
  }

  std::string write_text(const std::string& text) {
    std::string out;
    if (text.empty() || below(3) != 0) {
      event::append_json_string(out, text);
      return out;
    }
    static constexpr std::string_view hex = "0123456789abcdef";
    for (const char c : text)
      out.append("\\u00").append(1, hex[static_cast<std::size_t>(c) >> 4]).append(1, hex[c & 15]);
    return "\"" + out + "\"";
  }

  std::mt19937_64 random_;
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool wildcard_matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] != '*')
    return !text.empty() && text[0] == pattern[0] && wildcard_matches(pattern.substr(1), text.substr(1));
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (wildcard_matches(pattern.substr(1), text.substr(i))) return true;
  }
  return false;
}

bool same(const Tree& a, const Tree& b) { return a.kind == b.kind && a.number == b.number && a.text == b.text; }

bool compare(const std::string& sign, int value, int with) {
  if (sign == "=") return value == with;
  if (sign == "<") return value < with;
  if (sign == "<=") return value <= with;
  return sign == ">" ? value > with : value >= with;
}

bool passes(const std::string& name, const Tree& operand, const Tree& value);

bool is_excluded(const Tree& operand, const Tree& value) {
  if (operand.kind == Tree::Kind::object) return passes(operand.names[0], operand.children[0], value);
  if (operand.kind != Tree::Kind::array) return same(operand, value);
  return std::ranges::any_of(operand.children, [&](const Tree& each) { return same(each, value); });
}

bool passes(const std::string& name, const Tree& operand, const Tree& value) {
  if (name == "exists") return operand.kind == Tree::Kind::yes;
  if (name == "anything-but") return !is_excluded(operand, value);
  if (name == "numeric") {
    if (value.kind != Tree::Kind::number) return false;
    for (std::size_t i = 0; i != operand.children.size(); i += 2) {
      if (!compare(operand.children[i].text, value.number, operand.children[i + 1].number)) return false;
    }
    return true;
  }
  if (value.kind != Tree::Kind::text) return false;
  if (operand.kind == Tree::Kind::object) {
    const Tree folded{Tree::Kind::text, 0, lower(operand.children[0].text)};
    return passes(name, folded, {Tree::Kind::text, 0, lower(value.text)});
  }
  if (name == "prefix") return value.text.starts_with(operand.text);
  if (name == "suffix") return value.text.ends_with(operand.text);
  if (name == "equals-ignore-case") return lower(value.text) == lower(operand.text);
  return wildcard_matches(operand.text, value.text);
}

/// The values in place of arrays.
void flatten(const Tree& value, std::vector<const Tree*>& out) {
  if (value.kind != Tree::Kind::array) return out.push_back(&value);
  for (const Tree& element : value.children) flatten(element, out);
}

bool list_matches(const Tree& list, const std::vector<const Tree*>& values) {
  bool any = false;
  for (const Tree* value : values) {
    if (value->kind == Tree::Kind::object) continue;
    any = true;
    for (const Tree& each : list.children) {
      if (each.kind == Tree::Kind::object ? passes(each.names[0], each.children[0], *value) : same(each, *value))
        return true;
    }
  }
  const auto asks_absence = [](const Tree& each) {
    return each.kind == Tree::Kind::object && each.names[0] == "exists" && each.children[0].kind == Tree::Kind::no;
  };
  return !any && std::ranges::any_of(list.children, asks_absence);
}

bool object_matches(const Tree& pattern, const Tree& object);

bool member_matches(const Tree& pattern, const std::vector<const Tree*>& values) {
  if (pattern.kind == Tree::Kind::array) return list_matches(pattern, values);
  bool any = false;
  for (const Tree* value : values) {
    if (value->kind != Tree::Kind::object) continue;
    any = true;
    if (object_matches(pattern, *value)) return true;
  }
  return !any && object_matches(pattern, {Tree::Kind::object});
}

bool object_matches(const Tree& pattern, const Tree& object) {
  for (std::size_t i = 0; i != pattern.names.size(); ++i) {
    const Tree& part = pattern.children[i];
    if (pattern.names[i] == "$or") {
      if (std::ranges::none_of(part.children, [&](const Tree& branch) { return object_matches(branch, object); }))
        return false;
      continue;
    }
    std::vector<const Tree*> values;
    for (std::size_t member = 0; member != object.names.size(); ++member) {
      if (object.names[member] == pattern.names[i]) flatten(object.children[member], values);
    }
    if (!member_matches(part, values)) return false;
  }
  return true;
}

/// An event's tree as the library gets it: texts unescaped, objects written.
class Written {
 public:
  Written(Maker& maker, const Tree& tree) {
    for (std::size_t i = 0; i != tree.names.size(); ++i) {
      const Tree& value = tree.children[i];
      if (tree.names[i] == "event_type") event_type_ = value.text;
      if (tree.names[i] == "source") source_ = value.text;
      if (tree.names[i] == "payload") payload_ = maker.write(value);
      if (tree.names[i] == "metadata") metadata_ = maker.write(value);
    }
  }

  [[nodiscard]] Event event() const { return {event_type_, source_, payload_, metadata_}; }
  [[nodiscard]] std::string shown() const {
    return event_type_ + " " + source_.value_or("(none)") + "\n" + payload_ + "\n" + metadata_;
  }

 private:
  std::string event_type_, payload_, metadata_;
  std::optional<std::string> source_;
};

TEST(Differential, SetsOfRandomFiltersAgreeWithPlainRecursion) {
  Maker maker(event::test_seed());
  std::size_t matched = 0, compared = 0;
  for (int round = 0; round != 400; ++round) {
    std::vector<Tree> patterns;
    std::vector<std::string> texts;
    for (std::size_t count = 1 + maker.below(40); count != 0; --count) {
      const Tree pattern = maker.filter(2);
      const std::string text = maker.write(pattern);
      const auto filter = Filter::parse(text);
      if (!filter && filter.error().message.find("more than 64 values") != std::string::npos) continue;
      ASSERT_TRUE(filter.ok()) << text << "\n" << filter.error().path << ": " << filter.error().message;
      patterns.push_back(pattern);
      texts.push_back(text);
    }
    Evaluator evaluator(set_of(texts));
    for (int i = 0; i != 25; ++i) {
      const Tree event = maker.event();
      const Written written(maker, event);
      const auto matches = evaluator.evaluate(written.event());
      ASSERT_TRUE(matches.ok()) << written.shown();
      for (std::size_t at = 0; at != patterns.size(); ++at) {
        const bool wanted = object_matches(patterns[at], event);
        ASSERT_EQ((*matches)[at], wanted) << texts[at] << "\n" << written.shown();
        if (i == 0) {
          const auto explanation = explain(parsed(texts[at]), written.event());
          ASSERT_TRUE(explanation.ok());
          ASSERT_EQ(explanation->matches, wanted) << texts[at] << "\n" << written.shown();
        }
        matched += wanted ? 1 : 0;
        ++compared;
      }
    }
  }
  // Only matches, or only mismatches, would prove nothing.
  EXPECT_GT(matched, compared / 20);
  EXPECT_LT(matched, compared * 9 / 10);
}

}  // namespace
}  // namespace triggers::filter
