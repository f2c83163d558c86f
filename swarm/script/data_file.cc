#include "swarm/script/data_file.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <system_error>

namespace triggers::swarm {
namespace {

Error wrong(std::string what) { return Error{ErrorCode::invalid_argument, std::move(what)}; }

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::vector<std::string> csv_fields(std::string_view row) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const char c = row[i];
    if (c == '"') {
      const bool doubled = quoted && i + 1 < row.size() && row[i + 1] == '"';
      if (doubled) {
        fields.back() += '"';
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

Result<std::unique_ptr<DataFile>> DataFile::read(const std::string& path) {
  const auto ends = [&](std::string_view suffix) { return path.ends_with(suffix); };
  if (!ends(".csv") && !ends(".ndjson") && !ends(".jsonl")) return wrong("is not a .csv, .ndjson or .jsonl file");
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  if (error) return wrong("cannot be read: " + error.message());
  if (bytes > bytes_max) return wrong(fmt::format("has {} bytes, and a data file at most {}", bytes, bytes_max));
  std::string text(bytes, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(text.data(), static_cast<std::streamsize>(bytes))) return wrong("cannot be read");
  std::unique_ptr<DataFile> data{new DataFile(std::move(text), ends(".csv") ? Kind::csv : Kind::ndjson)};
  if (data->kind_ == Kind::csv) {
    if (const Status found = data->find_csv_rows(); !found) return found.error();
  } else {
    data->find_lines();
  }
  if (data->rows_.empty()) return wrong("has no rows");
  return data;
}

/// A line end within quotes belongs to a field.
Status DataFile::find_csv_rows() {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  std::string_view rest = text_;
  if (rest.starts_with(byte_order_mark)) rest.remove_prefix(byte_order_mark.size());
  bool quoted = false;
  std::size_t begin = 0, line = 1;
  const auto take = [&](std::string_view row) -> Status {
    row = without_return(row);
    if (row.empty()) return Done{};
    if (columns_.empty()) {
      columns_ = csv_fields(row);
      if (columns_.size() > columns_max) return wrong(fmt::format("has over {} columns", columns_max));
      return Done{};
    }
    if (const auto fields = csv_fields(row).size(); fields != columns_.size()) {
      return wrong(fmt::format("has {} fields in line {}, and {} columns", fields, line, columns_.size()));
    }
    rows_.push_back(row);
    return Done{};
  };
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '"') quoted = !quoted;
    if (rest[i] != '\n' || quoted) continue;
    if (const Status taken = take(rest.substr(begin, i - begin)); !taken) return taken;
    begin = i + 1;
    ++line;
  }
  if (quoted) return wrong("ends within a quoted field");
  return take(rest.substr(begin));
}

void DataFile::find_lines() {
  std::string_view rest = text_;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = without_return(rest.substr(0, end));
    if (line.find_first_not_of(" \t") != std::string_view::npos) rows_.push_back(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

std::optional<std::size_t> DataFile::once() noexcept {
  for (std::size_t taken = taken_.load(); taken < rows_.size();) {
    if (taken_.compare_exchange_weak(taken, taken + 1)) return taken;
  }
  return std::nullopt;
}

Result<DataFile*> DataFiles::open(const std::string& name) {
  namespace fs = std::filesystem;
  const auto refused = [&](const std::string& why) { return wrong("the data file " + name + " " + why); };
  std::error_code error;
  const fs::path folder = fs::canonical(folder_.empty() ? "." : folder_, error);
  const fs::path path = error ? fs::path{} : fs::canonical(folder / name, error);
  if (error) return refused("cannot be read: " + error.message() + ". Its path begins at the script's folder");
  const fs::path below = path.lexically_relative(folder);
  if (below.empty() || *below.begin() == "..") return refused("is not in the script's folder");
  const MutexLock lock(mutex_);
  auto& file = files_[path.string()];
  if (file == nullptr) {
    auto read = DataFile::read(path.string());
    if (!read) {
      files_.erase(path.string());
      return refused(read.error().message);
    }
    file = std::move(*read);
  }
  return file.get();
}

}  // namespace triggers::swarm
