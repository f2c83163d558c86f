#pragma once

// For tests: random JSON that can be written in several ways.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace triggers::event {

/// For tests: the seed of TRIGGERS_TEST_SEED, or a new one; printed, so that a failure can be repeated.
inline std::uint64_t test_seed() {
  const char* const given = std::getenv("TRIGGERS_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "TRIGGERS_TEST_SEED=" << seed << std::endl;
  return seed;
}

/// For tests: a JSON value that can be written in many ways.
struct RandomJson {
  enum class Kind { scalar, string, array, object };
  Kind kind = Kind::scalar;
  std::string text;  ///< A scalar's text, or a string's characters (ASCII).
  std::vector<RandomJson> children = {};
  std::string name = {};  ///< As a member of an object.
};

class JsonMaker {
 public:
  explicit JsonMaker(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_); }

  RandomJson value(int levels) {
    const std::size_t pick = below(levels > 0 ? 8 : 4);
    if (pick < 2) return {RandomJson::Kind::string, characters()};
    if (pick < 4) return {RandomJson::Kind::scalar, scalar()};
    return container(pick < 6 ? RandomJson::Kind::array : RandomJson::Kind::object, levels);
  }

  RandomJson container(RandomJson::Kind kind, int levels) {
    RandomJson made{kind, {}};
    const std::size_t count = below(6);
    for (std::size_t i = 0; i != count; ++i) {
      made.children.push_back(value(levels - 1));
      made.children.back().name = characters() + std::to_string(i);
      if (i > 0 && below(5) == 0) made.children.back().name = made.children[below(i)].name;
    }
    return made;
  }

  /// Moves one member of some object. It means something else only if it passes one of its own name.
  void move_member(RandomJson& json) {
    RandomJson* at = &json;
    while (!at->children.empty() && below(3) != 0) at = &at->children[below(at->children.size())];
    if (at->kind != RandomJson::Kind::object || at->children.size() < 2) return;
    auto& children = at->children;
    std::swap(children[below(children.size())], children[below(children.size())]);
  }

  /// One way to write it: members shuffled, white space and escapes at random.
  std::string write(const RandomJson& json) {
    std::string out;
    write(json, out);
    return out;
  }

  /// Changes one value somewhere so that the meaning changes.
  void change(RandomJson& json) {
    RandomJson* at = &json;
    while (!at->children.empty() && below(4) != 0) at = &at->children[below(at->children.size())];
    if (at->kind == RandomJson::Kind::string || at->kind == RandomJson::Kind::scalar) {
      at->kind = RandomJson::Kind::string;
      at->text += "x";
    } else {
      at->children.push_back({RandomJson::Kind::scalar, "0", {}, "added"});
    }
  }

  /// A text with some of its bytes changed, removed, doubled or moved.
  std::string damage(std::string text) {
    static constexpr std::string_view likely =
        "{}[]\",:\\u0123456789abcdefEe+-.tfn \t\n\r\x01\x7f\x80\xc3\xa9\xed\xa0\xf4";
    for (std::size_t edits = 1 + below(3); edits != 0 && !text.empty(); --edits) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0: text[at] = likely[below(likely.size())]; break;
        case 1: text.erase(at, 1 + below(4)); break;
        case 2: text.insert(at, 1, likely[below(likely.size())]); break;
        default: text.insert(below(text.size()), text.substr(at, 1 + below(8)));
      }
    }
    return text;
  }

 private:
  std::string characters() {
    static constexpr std::string_view alphabet = "abcXYZ019 _-/\\\"\n\t\x01\x7f{}[]:,";
    std::string made(below(4) == 0 ? below(40) : below(6), ' ');
    for (char& c : made) c = alphabet[below(alphabet.size())];
    return made;
  }

  std::string scalar() {
    static const std::vector<std::string> scalars = {
        "0", "-0", "1", "1.0", "12345678901234567890123", "-2.5e-7", "1E9", "true", "false", "null", "10", "0.1"};
    return scalars[below(scalars.size())];
  }

  void space(std::string& out) {
    static constexpr std::string_view spaces = " \t\r\n";
    if (below(3) != 0) return;
    for (std::size_t i = below(20); i != 0; --i) out.push_back(spaces[below(spaces.size())]);
  }

  void write_string(const std::string& text, std::string& out) {
    static constexpr std::string_view hex = "0123456789abcdef";
    out.push_back('"');
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || below(10) == 0) {
        out.append("\\u00").append(1, hex[byte >> 4]).append(1, hex[byte & 15]);
      } else if (c == '"' || c == '\\' || (c == '/' && below(2) == 0)) {
        out.append({'\\', c});
      } else {
        out.push_back(c);
      }
    }
    out.push_back('"');
  }

  /// Members of one name stay in their order.
  void shuffle_members(const RandomJson& json, std::vector<std::size_t>& order) {
    std::shuffle(order.begin(), order.end(), random_);
    for (auto i = order.begin(); i != order.end(); ++i) {
      for (auto j = std::next(i); j != order.end(); ++j) {
        if (*j < *i && json.children[*i].name == json.children[*j].name) std::iter_swap(i, j);
      }
    }
  }

  void write(const RandomJson& json, std::string& out) {
    if (json.kind == RandomJson::Kind::scalar) {
      out.append(json.text);
      return;
    }
    if (json.kind == RandomJson::Kind::string) return write_string(json.text, out);
    const bool is_object = json.kind == RandomJson::Kind::object;
    std::vector<std::size_t> order(json.children.size());
    for (std::size_t i = 0; i != order.size(); ++i) order[i] = i;
    if (is_object) shuffle_members(json, order);
    out.push_back(is_object ? '{' : '[');
    space(out);
    bool first = true;
    for (const std::size_t i : order) {
      if (!std::exchange(first, false)) out.push_back(',');
      space(out);
      if (is_object) {
        write_string(json.children[i].name, out);
        space(out);
        out.push_back(':');
        space(out);
      }
      write(json.children[i], out);
      space(out);
    }
    out.push_back(is_object ? '}' : ']');
  }

  std::mt19937_64 random_;
};

}  // namespace triggers::event
