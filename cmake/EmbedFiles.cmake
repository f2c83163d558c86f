# cmake -D OUT=page_files.cc -D FILES="PATH=FILE;…" -P EmbedFiles.cmake: writes the function page_files() of
# swarm/web/page_files.h, which has the bytes of each FILE under its PATH.
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")
list(SORT FILES)
set(arrays "")
set(entries "")
set(number 0)
foreach(file IN LISTS FILES)
  string(REGEX MATCH "^([^=]+)=(.+)$" matched "${file}")
  set(path ${CMAKE_MATCH_1})
  file(READ "${CMAKE_MATCH_2}" bytes HEX)
  string(REGEX MATCHALL "([0-9a-f][0-9a-f])" list "${bytes}")
  list(LENGTH list size)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" escaped "${bytes}")
  # Compilers limit the length of one literal's line.
  string(REGEX REPLACE "((\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])?(\\\\x[0-9a-f][0-9a-f])?(\\\\x[0-9a-f][0-9a-f])?(\\\\x[0-9a-f][0-9a-f])?(\\\\x[0-9a-f][0-9a-f])?(\\\\x[0-9a-f][0-9a-f])?(\\\\x[0-9a-f][0-9a-f])?)"
         "\"\\1\"\n" escaped "${escaped}")
  string(REGEX REPLACE "^.*\\.([a-z]+)$" "\\1" ending "${path}")
  if(NOT DEFINED type_${ending})
    message(FATAL_ERROR "no content type is known for ${path}")
  endif()
  string(APPEND arrays "constexpr char file_${number}[] =\n${escaped};\n")
  string(APPEND entries "    PageFile{.path = \"${path}\", .content_type = \"${type_${ending}}\", .bytes = {file_${number}, ${size}}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT} "// Made by cmake/EmbedFiles.cmake.
#include \"swarm/web/page_files.h\"

#include <array>

namespace triggers::swarm {
namespace {

${arrays}
constexpr std::array<PageFile, ${number}> files{{
${entries}}};

}  // namespace

std::span<const PageFile> page_files() { return files; }

}  // namespace triggers::swarm
")
