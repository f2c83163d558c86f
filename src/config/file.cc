#include "config/file.h"

#include <algorithm>
#include <fstream>

#include "config/option.h"

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
  message.append(name.substr(0, 100)).append("`");
  if (const auto* near = nearest_option(name)) message.append("; did you mean `").append(near->name).append("`?");
  return message;
}

}  // namespace

Result<std::vector<FileLine>> parse_lines(std::string_view text, const std::string& path) {
  std::vector<FileLine> lines;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;

    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return at_line(path, number, "expected `name = value`");
    const auto name = trimmed(line.substr(0, equals));
    auto value = trimmed(line.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (find_option(name) == nullptr) return at_line(path, number, unknown_name(name));
    if (name == "config") return at_line(path, number, "`config` cannot be set in the file that it names");
    const auto first =
        std::find_if(lines.begin(), lines.end(), [&](const FileLine& earlier) { return earlier.name == name; });
    if (first != lines.end()) {
      std::string what("`");
      what.append(name).append("` was already set in line ").append(std::to_string(first->number));
      return at_line(path, number, what);
    }
    lines.push_back({number, std::string(name), std::string(value)});
  }
  return lines;
}

Result<std::vector<FileLine>> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(file_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  // A directory opens, and fails at the first read.
  if (!file.is_open() || file.bad()) return Error{ErrorCode::invalid_argument, path + ": cannot be read"};
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > file_bytes_max) return Error{ErrorCode::invalid_argument, path + ": is larger than 1 MiB"};
  return parse_lines(text, path);
}

}  // namespace triggers::config
