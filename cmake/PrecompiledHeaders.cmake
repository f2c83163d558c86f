# Compiles the headers that most sources include once, and lets every target use the result. Only the presets of the
# sanitizers do so, which compile everything a second and third time: the others prove that each source includes what it
# uses. Clang only: g++ needs the very same options for the precompiled header and its users.
if(NOT TRIGGERS_PRECOMPILED_HEADERS)
  return()
endif()

# Programs are compiled with other options than libraries (-fPIE, -fPIC), and so need a header of their own.
file(WRITE ${PROJECT_BINARY_DIR}/precompiled.cc "int main() { return 0; }\n")
add_library(precompiled_for_libraries OBJECT ${PROJECT_BINARY_DIR}/precompiled.cc)
add_executable(precompiled_for_programs ${PROJECT_BINARY_DIR}/precompiled.cc)
set(precompiled_targets precompiled_for_libraries precompiled_for_programs)
foreach(target IN LISTS precompiled_targets)
  target_link_libraries(${target} PRIVATE triggers_options Boost::json fmt::fmt GTest::gmock)
  target_precompile_headers(${target} PRIVATE
    <algorithm> <array> <atomic> <chrono> <coroutine> <filesystem> <fstream> <functional> <map> <memory> <mutex>
    <optional> <set> <span> <sstream> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>
    <boost/json.hpp> <fmt/format.h> <gmock/gmock.h> <gtest/gtest.h>)
endforeach()

function(use_precompiled_headers_in folder)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(target IN_LIST precompiled_targets)
      continue()
    elseif(type STREQUAL "EXECUTABLE")
      target_precompile_headers(${target} REUSE_FROM precompiled_for_programs)
    elseif(type MATCHES "STATIC_LIBRARY|OBJECT_LIBRARY")
      target_precompile_headers(${target} REUSE_FROM precompiled_for_libraries)
    endif()
  endforeach()
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(inner IN LISTS folders)
    use_precompiled_headers_in(${inner})
  endforeach()
endfunction()
use_precompiled_headers_in(${PROJECT_SOURCE_DIR})
