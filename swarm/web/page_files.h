#pragma once

// The files of the page, which the build puts into the program: web/swarm and the npm packages that it uses.

#include <span>
#include <string_view>

namespace triggers::swarm {

struct PageFile {
  std::string_view path;  ///< `app.js`, below the base path.
  std::string_view content_type;
  std::string_view bytes;
};

/// Sorted by path. The build makes this function: cmake/EmbedFiles.cmake.
[[nodiscard]] std::span<const PageFile> page_files();

}  // namespace triggers::swarm
