// The helpers of a script for texts: hashes, encodings, a UUID, and the time. JSON is in lua_json.h.

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <chrono>
#include <lua.hpp>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/percent_encoding.h"
#include "swarm/script/lua_state.h"
#include "swarm/script/script_functions.h"

namespace triggers::swarm {
namespace {

std::string_view text_argument(lua_State* lua, int index) {
  std::size_t bytes = 0;
  const char* const text = luaL_checklstring(lua, index, &bytes);
  return {text, bytes};
}

int push(lua_State* lua, std::string_view text) {
  lua_pushlstring(lua, text.data(), text.size());
  return 1;
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

const EVP_MD* algorithm_argument(lua_State* lua) {
  const std::string_view name = text_argument(lua, 1);
  if (name == "md5") return EVP_md5();
  if (name == "sha1") return EVP_sha1();
  if (name == "sha256") return EVP_sha256();
  if (name == "sha384") return EVP_sha384();
  if (name == "sha512") return EVP_sha512();
  luaL_argerror(lua, 1, "md5, sha1, sha256, sha384 or sha512 expected");
  return nullptr;
}

/// The digest in hexadecimal, or as bytes if the argument at `raw` is true.
int push_digest(lua_State* lua, const unsigned char* digest, unsigned bytes, int raw) {
  const std::string_view text{reinterpret_cast<const char*>(digest), bytes};
  return lua_toboolean(lua, raw) != 0 ? push(lua, text) : push(lua, to_hex(text));
}

int hash(lua_State* lua) {
  const EVP_MD* const algorithm = algorithm_argument(lua);
  const std::string_view text = text_argument(lua, 2);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned bytes = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &bytes, algorithm, nullptr) != 1) {
    luaL_error(lua, "OpenSSL refuses this hash");
  }
  return push_digest(lua, digest.data(), bytes, 3);
}

int hmac(lua_State* lua) {
  const EVP_MD* const algorithm = algorithm_argument(lua);
  const std::string_view key = text_argument(lua, 2), text = text_argument(lua, 3);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned bytes = 0;
  if (HMAC(algorithm, key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(), digest.data(), &bytes) ==
      nullptr) {
    luaL_error(lua, "OpenSSL refuses this hmac");
  }
  return push_digest(lua, digest.data(), bytes, 4);
}

int encode_base64(lua_State* lua) { return push(lua, to_base64(text_argument(lua, 1))); }

int decode_base64(lua_State* lua) {
  const auto decoded = from_base64(text_argument(lua, 1));
  return decoded ? push(lua, *decoded) : 0;
}

int encode_hex(lua_State* lua) { return push(lua, to_hex(text_argument(lua, 1))); }
int encode_url(lua_State* lua) { return push(lua, percent_encode(text_argument(lua, 1))); }

/// A random UUID (RFC 9562, version 4).
int uuid(lua_State* lua) {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr std::string_view form = "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx";
  Random& random = LuaState::of(lua).random();
  std::array<char, form.size()> text{};
  std::uint64_t bits = 0;
  int left = 0;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (left == 0) {
      bits = random();
      left = 16;
    }
    if (form[i] == 'x' || form[i] == 'v') {
      text[i] = digits[form[i] == 'x' ? bits & 0xf : 8 | (bits & 0x3)];
      bits >>= 4;
      --left;
    } else {
      text[i] = form[i];
    }
  }
  return push(lua, {text.data(), text.size()});
}

/// Seconds since 1970, with a fraction.
int time(lua_State* lua) {
  lua_pushnumber(lua, std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
  return 1;
}

}  // namespace

void add_text_functions(lua_State* lua) {
  static constexpr luaL_Reg functions[] = {{"hash", hash},
                                           {"hmac", hmac},
                                           {"base64_encode", encode_base64},
                                           {"base64_decode", decode_base64},
                                           {"hex", encode_hex},
                                           {"url_encode", encode_url},
                                           {"uuid", uuid},
                                           {"time", time},
                                           {nullptr, nullptr}};
  luaL_register(lua, nullptr, functions);
}

}  // namespace triggers::swarm
