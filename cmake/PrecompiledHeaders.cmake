# Compiles the headers that most sources include once, and lets many targets use the result. TRIGGERS_PRECOMPILED_HEADERS
# says which: `all` targets in the presets of the sanitizers, which compile everything a second and third time; in the
# release, the `tests`: test programs and the suites of tests/contract. Thus each source of a product is still compiled
# without, which proves that it includes what it uses. For the tests, the preset `clang` and clang-tidy do.
if(NOT TRIGGERS_PRECOMPILED_HEADERS)
  return()
endif()

set(precompiled_headers
  <algorithm> <array> <atomic> <chrono> <coroutine> <filesystem> <fstream> <functional> <map> <memory> <mutex> <optional>
  <set> <span> <sstream> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>
  <gmock/gmock.h> <gtest/gtest.h>)
set(precompiled_libraries GTest::gmock)
if(TRIGGERS_PRECOMPILED_HEADERS STREQUAL "all")
  list(APPEND precompiled_headers <boost/json.hpp> <fmt/format.h>)
  list(APPEND precompiled_libraries Boost::json fmt::fmt)
endif()

# Programs are compiled with other options than libraries (-fPIE, -fPIC), and so need a header of their own. g++ refuses a
# precompiled header where an option differs, or a macro that occurs in it.
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/precompiled.cc CONTENT "int main() { return 0; }\n")
add_library(precompiled_for_libraries OBJECT ${PROJECT_BINARY_DIR}/precompiled.cc)
add_executable(precompiled_for_programs ${PROJECT_BINARY_DIR}/precompiled.cc)
set(precompiled_targets precompiled_for_libraries precompiled_for_programs)
foreach(target IN LISTS precompiled_targets)
  target_link_libraries(${target} PRIVATE triggers_options ${precompiled_libraries})
  target_precompile_headers(${target} PRIVATE ${precompiled_headers})
  if(TRIGGERS_PRECOMPILED_HEADERS STREQUAL "tests")
    target_compile_options(${target} PRIVATE ${triggers_options_of_tests})
  endif()
endforeach()

function(use_precompiled_headers_in folder)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(target IN_LIST precompiled_targets)
      continue()
    elseif(TRIGGERS_PRECOMPILED_HEADERS STREQUAL "tests" AND NOT target MATCHES "_(test|contract)$")
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
