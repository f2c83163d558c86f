#include "swarm/worker/msgpack.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/encoding.h"

namespace triggers::swarm::msgpack {
namespace {

std::string packed_hex(const Value& value) { return to_hex(pack(value)); }

Result<Value> unpack_hex(std::string_view hex) { return unpack(from_hex(hex).value()); }

TEST(MsgpackTest, EveryTypeHasTheBytesOfTheFormatsSpecification) {
  const std::vector<std::pair<Value, std::string>> examples{
      {Value{}, "c0"},
      {Value{true}, "c3"},
      {Value{false}, "c2"},
      {Value{127}, "7f"},
      {Value{128}, "cc80"},
      {Value{256}, "cd0100"},
      {Value{65'536}, "ce00010000"},
      {Value{std::uint64_t{1} << 32}, "cf0000000100000000"},
      {Value{std::numeric_limits<std::uint64_t>::max()}, "cfffffffffffffffff"},
      {Value{-1}, "ff"},
      {Value{-32}, "e0"},
      {Value{-33}, "d0df"},
      {Value{-129}, "d1ff7f"},
      {Value{-32'769}, "d2ffff7fff"},
      {Value{std::numeric_limits<std::int64_t>::min()}, "d38000000000000000"},
      {Value{1.5}, "cb3ff8000000000000"},
      {Value{"a"}, "a161"},
      {Value{Value::Array{1, "b"}}, "9201a162"},
      {Value{Value::Map{{1, Value{}}}}, "8101c0"},
  };
  for (const auto& [value, hex] : examples) {
    EXPECT_EQ(packed_hex(value), hex);
    const auto back = unpack_hex(hex);
    ASSERT_TRUE(back.ok()) << hex;
    EXPECT_EQ(pack(*back), pack(value)) << hex;
  }
}

TEST(MsgpackTest, LongTextsArraysAndMapsKeepTheirSizes) {
  for (const std::size_t size : {31, 32, 255, 256, 65'535, 65'536}) {
    const Value text{std::string(size, 'x')};
    EXPECT_EQ(*unpack(pack(text)), text);
    const Value array{Value::Array(size, Value{true})};
    EXPECT_EQ(*unpack(pack(array)), array);
    Value::Map members;
    for (std::size_t i = 0; i < size; ++i) members.emplace_back(Value{std::to_string(i)}, Value{});
    const Value map{std::move(members)};
    EXPECT_EQ(*unpack(pack(map)), map);
  }
}

TEST(MsgpackTest, BinaryIsTextAndExtensionsAreNil) {
  EXPECT_EQ(*unpack_hex("c4026162"), Value{"ab"});
  EXPECT_EQ(*unpack_hex("ca3fc00000"), Value{1.5});
  EXPECT_EQ(*unpack_hex("d40155"), Value{});
  EXPECT_EQ(*unpack_hex("c7020105ff"), Value{});
}

TEST(MsgpackTest, WhatIsCutShortLeftOverOrOfNoTypeIsRefused) {
  for (const std::string_view hex :
       {"", "c1", "a2", "a161a1", "92", "9201", "81a161", "cd01", "dbffffffff61", "ddffffffff", "c7ff01"}) {
    EXPECT_FALSE(unpack_hex(hex).ok()) << hex;
  }
}

TEST(MsgpackTest, NestingHasALimit) {
  EXPECT_TRUE(unpack(std::string(depth_max, '\x91') + '\xc0').ok());
  EXPECT_FALSE(unpack(std::string(depth_max + 1, '\x91') + '\xc0').ok());
  EXPECT_FALSE(unpack(std::string(1'000'000, '\x91')).ok());
}

TEST(MsgpackTest, NumbersAreReadWhateverTheirType) {
  EXPECT_EQ(Value{3}.number(), 3.0);
  EXPECT_EQ(Value{3.0}.count(), 3U);
  EXPECT_EQ(Value{3.5}.count(), std::nullopt);
  EXPECT_EQ(Value{-3}.count(), std::nullopt);
  EXPECT_EQ(Value{-3.0}.count(), std::nullopt);
  EXPECT_EQ(Value{1e300}.count(), std::nullopt);
  EXPECT_EQ(Value{"3"}.number(), std::nullopt);
}

}  // namespace
}  // namespace triggers::swarm::msgpack
