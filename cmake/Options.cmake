# How everything is compiled. Warnings are errors; a sanitizer is one option away.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

set(TRIGGERS_SANITIZE "" CACHE STRING "address (with undefined), thread, or empty")
set_property(CACHE TRIGGERS_SANITIZE PROPERTY STRINGS "" address thread)
option(TRIGGERS_FUZZ "Build the libFuzzer targets (clang)" OFF)
set(TRIGGERS_PRECOMPILED_HEADERS "" CACHE STRING "all, tests, or empty: which targets use precompiled headers")
set_property(CACHE TRIGGERS_PRECOMPILED_HEADERS PROPERTY STRINGS "" tests all)

add_library(triggers_options INTERFACE)
target_compile_options(triggers_options INTERFACE -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor
                                                  -Wold-style-cast -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees overlaps in std::string's inlined operator+ that are not there (GCC bug 105651), and warns of members that a
  # designated initializer leaves at their default.
  target_compile_options(triggers_options INTERFACE -Wno-restrict -Wno-missing-field-initializers)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # base/thread_annotations.h says which lock guards what. "Beta" also checks the order of two locks.
  target_compile_options(triggers_options INTERFACE -Wthread-safety -Wthread-safety-beta)
endif()
# Tests are compiled with little optimization: half of the sources are tests, and what they test is optimized as it is
# shipped. Coroutines need the second option, without which a long loop of them fills the stack. With a precompiled header,
# g++ 12 also reports accesses within std::string that do not exist; without one, it does not report what system headers do.
set(triggers_options_of_tests $<$<CONFIG:Release>:-O1> $<$<CONFIG:Release>:-foptimize-sibling-calls>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND triggers_options_of_tests -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
endif()
target_include_directories(triggers_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(triggers_options INTERFACE TRIGGERS_VERSION="${PROJECT_VERSION}")
if(TRIGGERS_SANITIZE)
  set(sanitizers_of_address address,undefined)
  set(sanitizers_of_thread thread)
  set(sanitizers -fsanitize=${sanitizers_of_${TRIGGERS_SANITIZE}})
  # To check an object's type (vptr), the sanitizer opens a pipe. Without a free descriptor, it reports every object.
  target_compile_options(triggers_options INTERFACE ${sanitizers} -fno-sanitize=vptr -fno-sanitize-recover=all
                                                    -fno-omit-frame-pointer)
  target_link_options(triggers_options INTERFACE ${sanitizers})
  # A test that cannot run under a sanitizer asks for this, and says why it skips itself.
  target_compile_definitions(triggers_options INTERFACE TRIGGERS_SANITIZE)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  if(TRIGGERS_PRECOMPILED_HEADERS)
    # It keeps what was compiled with a precompiled header only if it may ignore the header's time and macros.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      target_compile_options(triggers_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
    endif()
  endif()
endif()
