#include "swarm/worker/msgpack.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace triggers::swarm::msgpack {
namespace {

void put_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

void put(std::string& out, int type, std::uint64_t value, int bytes) {
  out += static_cast<char>(type);
  put_big_endian(out, value, bytes);
}

void put_unsigned(std::string& out, std::uint64_t value) {
  if (value < 0x80) {
    out += static_cast<char>(value);
  } else if (value <= 0xff) {
    put(out, 0xcc, value, 1);
  } else if (value <= 0xffff) {
    put(out, 0xcd, value, 2);
  } else if (value <= 0xffff'ffff) {
    put(out, 0xce, value, 4);
  } else {
    put(out, 0xcf, value, 8);
  }
}

void put_negative(std::string& out, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  if (value >= -32) {
    out += static_cast<char>(bits & 0xff);
  } else if (value >= std::numeric_limits<std::int8_t>::min()) {
    put(out, 0xd0, bits & 0xff, 1);
  } else if (value >= std::numeric_limits<std::int16_t>::min()) {
    put(out, 0xd1, bits & 0xffff, 2);
  } else if (value >= std::numeric_limits<std::int32_t>::min()) {
    put(out, 0xd2, bits & 0xffff'ffff, 4);
  } else {
    put(out, 0xd3, bits, 8);
  }
}

/// The header of a value with a size: one byte, `fixed | size`, up to `fixed_max`; otherwise a type and a size of 2 or
/// 4 bytes.
void put_size(std::string& out, std::size_t size, int fixed, std::size_t fixed_max, int type_16) {
  if (size <= fixed_max) {
    out += static_cast<char>(static_cast<std::size_t>(fixed) | size);
  } else if (size <= 0xffff) {
    put(out, type_16, size, 2);
  } else {
    put(out, type_16 + 1, size, 4);
  }
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool ended() const { return bytes_.empty(); }
  [[nodiscard]] bool failed() const { return failed_; }

  Value value(int depth) {
    const auto type = static_cast<unsigned>(number(1));
    if (failed_ || depth > depth_max) return fail();
    if (type < 0x80) return Value{std::uint64_t{type}};
    if (type < 0x90) return map(type & 0x0f, depth);
    if (type < 0xa0) return array(type & 0x0f, depth);
    if (type < 0xc0) return text(type & 0x1f);
    if (type >= 0xe0) return Value{std::int64_t{static_cast<std::int8_t>(type)}};
    switch (type) {
      case 0xc0: return {};
      case 0xc2: return Value{false};
      case 0xc3: return Value{true};
      case 0xc4:
      case 0xd9: return text(number(1));
      case 0xc5:
      case 0xda: return text(number(2));
      case 0xc6:
      case 0xdb: return text(number(4));
      case 0xc7: return extension(number(1));
      case 0xc8: return extension(number(2));
      case 0xc9: return extension(number(4));
      case 0xca: return Value{static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(number(4))))};
      case 0xcb: return Value{std::bit_cast<double>(number(8))};
      case 0xcc: return Value{number(1)};
      case 0xcd: return Value{number(2)};
      case 0xce: return Value{number(4)};
      case 0xcf: return Value{number(8)};
      case 0xd0: return Value{std::int64_t{static_cast<std::int8_t>(number(1))}};
      case 0xd1: return Value{std::int64_t{static_cast<std::int16_t>(number(2))}};
      case 0xd2: return Value{std::int64_t{static_cast<std::int32_t>(number(4))}};
      case 0xd3: return Value{static_cast<std::int64_t>(number(8))};
      case 0xd4: return extension(1);
      case 0xd5: return extension(2);
      case 0xd6: return extension(4);
      case 0xd7: return extension(8);
      case 0xd8: return extension(16);
      case 0xdc: return array(number(2), depth);
      case 0xdd: return array(number(4), depth);
      case 0xde: return map(number(2), depth);
      case 0xdf: return map(number(4), depth);
      default: return fail();
    }
  }

 private:
  Value fail() {
    failed_ = true;
    bytes_ = {};
    return {};
  }

  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size()) {
      fail();
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const char c : take(size)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

  Value text(std::uint64_t size) { return Value{take(size)}; }

  Value extension(std::uint64_t size) {
    take(size + 1);
    return {};
  }

  // Each element needs at least one byte, so a false size ends the loop with the bytes and cannot reserve memory.
  Value array(std::uint64_t size, int depth) {
    Value::Array all;
    for (std::uint64_t i = 0; i < size && !failed_; ++i) all.push_back(value(depth + 1));
    return Value{std::move(all)};
  }

  Value map(std::uint64_t size, int depth) {
    Value::Map all;
    for (std::uint64_t i = 0; i < size && !failed_; ++i) {
      Value key = value(depth + 1);
      all.emplace_back(std::move(key), value(depth + 1));
    }
    return Value{std::move(all)};
  }

  std::string_view bytes_;
  bool failed_ = false;
};

template <class... Fs>
struct Overload : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overload(Fs...) -> Overload<Fs...>;

}  // namespace

std::optional<bool> Value::boolean() const {
  if (const auto* const value = std::get_if<bool>(&value_)) return *value;
  return std::nullopt;
}

std::optional<double> Value::number() const {
  if (const auto* const value = std::get_if<double>(&value_)) return *value;
  if (const auto* const value = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*value);
  if (const auto* const value = std::get_if<std::uint64_t>(&value_)) return static_cast<double>(*value);
  return std::nullopt;
}

std::optional<std::uint64_t> Value::count() const {
  constexpr double exact_max = 9'007'199'254'740'992;  // 2^53
  if (const auto* const value = std::get_if<std::uint64_t>(&value_)) return *value;
  if (const auto* const value = std::get_if<double>(&value_);
      value != nullptr && *value >= 0 && *value <= exact_max && std::trunc(*value) == *value) {
    return static_cast<std::uint64_t>(*value);
  }
  return std::nullopt;
}

std::optional<std::string_view> Value::text() const {
  if (const auto* const value = std::get_if<std::string>(&value_)) return *value;
  return std::nullopt;
}

const Value* Value::find(std::string_view key) const {
  const Map* const members = map();
  if (members == nullptr) return nullptr;
  const auto found = std::find_if(members->begin(), members->end(),
                                  [&](const auto& member) { return member.first.text() == std::optional{key}; });
  return found == members->end() ? nullptr : &found->second;
}

void pack_to(std::string& out, const Value& value) {
  std::visit(Overload{[&](std::monostate) { out += '\xc0'; }, [&](bool flag) { out += flag ? '\xc3' : '\xc2'; },
                      [&](std::int64_t number) { put_negative(out, number); },
                      [&](std::uint64_t number) { put_unsigned(out, number); },
                      [&](double number) { put(out, 0xcb, std::bit_cast<std::uint64_t>(number), 8); },
                      [&](const std::string& text) {
                        if (text.size() > 31 && text.size() <= 0xff) {
                          put(out, 0xd9, text.size(), 1);
                        } else {
                          put_size(out, text.size(), 0xa0, 31, 0xda);
                        }
                        out += text;
                      },
                      [&](const Value::Array& all) {
                        put_size(out, all.size(), 0x90, 15, 0xdc);
                        for (const Value& one : all) pack_to(out, one);
                      },
                      [&](const Value::Map& all) {
                        put_size(out, all.size(), 0x80, 15, 0xde);
                        for (const auto& [key, member] : all) {
                          pack_to(out, key);
                          pack_to(out, member);
                        }
                      }},
             value.value_);
}

std::string pack(const Value& value) {
  std::string out;
  pack_to(out, value);
  return out;
}

Result<Value> unpack(std::string_view bytes) {
  Reader reader(bytes);
  Value value = reader.value(0);
  if (reader.failed()) return Error{ErrorCode::invalid_argument, "not a MessagePack value, or truncated"};
  if (!reader.ended()) return Error{ErrorCode::invalid_argument, "bytes after the end of the MessagePack value"};
  return value;
}

}  // namespace triggers::swarm::msgpack
