#pragma once

// The files that the build puts into the program as text. The endpoints that serve them are in get_docs.h and
// get_root.h.

#include <string_view>

/// Files that the build puts into the program (src/api/endpoints/CMakeLists.txt).
namespace triggers::api::embedded {

extern const std::string_view docs_html;
extern const std::string_view home_html;
extern const std::string_view openapi_json;

}  // namespace triggers::api::embedded
