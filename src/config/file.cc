#include "config/file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <system_error>

#include "config/option.h"
#include "config/printable.h"

namespace triggers::config {
namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;
constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

Error at_line(const std::string& path, int number, std::string_view what) {
  std::string message(path);
  message.append(":").append(std::to_string(number)).append(": ").append(what);
  return {ErrorCode::invalid_argument, std::move(message)};
}

std::string unknown_name(std::string_view name) {
  std::string message("unknown option `");
  message.append(printable(name.substr(0, 100))).append("`");
  if (const auto* near = nearest_option(name)) message.append("; did you mean `").append(near->name).append("`?");
  return message;
}

/// Where the comment of an unquoted value begins; the text's size if there is none. A `#` inside a word begins none.
std::size_t comment_at(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '#' && blanks.find(text[i - 1]) != std::string_view::npos) return i;
  }
  return text.size();
}

/// What stands after `=`, without blanks, quotes and comment; nothing if a quote is not closed, or something follows
/// it.
std::optional<std::string_view> value_of(std::string_view text) {
  const auto value = trimmed(text);
  if (value.empty() || (value.front() != '"' && value.front() != '\'')) {
    return trimmed(text.substr(0, comment_at(text)));
  }
  const auto end = value.find(value.front(), 1);
  if (end == std::string_view::npos) return std::nullopt;
  const auto rest = value.substr(end + 1);
  if (!trimmed(rest.substr(0, comment_at(rest))).empty()) return std::nullopt;
  return value.substr(1, end - 1);
}

/// For a file that an editor has saved in another encoding than UTF-8.
bool is_utf16(std::string_view text) {
  return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") || text.find('\0') != std::string_view::npos;
}

Error not_read(const std::string& path) {
  return {ErrorCode::invalid_argument, path + ": cannot be read: " + std::generic_category().message(errno)};
}

}  // namespace

Result<std::vector<FileLine>> parse_lines(std::string_view text, const std::string& path) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (is_utf16(text)) return Error{ErrorCode::invalid_argument, path + ": is not UTF-8: save it as UTF-8"};
  std::vector<FileLine> lines;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;

    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return at_line(path, number, "expected `name = value`");
    const auto name = trimmed(line.substr(0, equals));
    const auto value = value_of(line.substr(equals + 1));
    if (!value) return at_line(path, number, "a quoted value ends with the same quote, and only a comment follows it");
    if (find_option(name) == nullptr) return at_line(path, number, unknown_name(name));
    if (name == "config") return at_line(path, number, "`config` cannot be set in the file that it names");
    const auto first =
        std::find_if(lines.begin(), lines.end(), [&](const FileLine& earlier) { return earlier.name == name; });
    if (first != lines.end()) {
      std::string what("`");
      what.append(name).append("` was already set in line ").append(std::to_string(first->number));
      return at_line(path, number, what);
    }
    lines.push_back({number, std::string(name), std::string(*value)});
  }
  return lines;
}

Result<std::vector<FileLine>> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (!file) return not_read(path);
  std::string text(file_bytes_max + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  // A directory opens, and fails at the first read.
  if (std::ferror(file.get()) != 0) return not_read(path);
  if (text.size() > file_bytes_max) return Error{ErrorCode::invalid_argument, path + ": is larger than 1 MiB"};
  return parse_lines(text, path);
}

}  // namespace triggers::config
