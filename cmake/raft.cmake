# What all targets have in common.

include(GNUInstallDirs)

# Where this project is a part of another one, that one decides.
if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
  endif()
  set(CMAKE_CXX_FLAGS_RELEASE "-O2")
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  # Six sources at a time are compiled as one, which takes half as long in all.
  if(NOT DEFINED CMAKE_UNITY_BUILD)
    set(CMAKE_UNITY_BUILD ON)
    set(CMAKE_UNITY_BUILD_BATCH_SIZE 6)
  endif()
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

  find_program(CCACHE ccache)
  if(CCACHE)
    # The two liberties that ccache needs to handle precompiled headers; and what
    # is compiled in one copy of the sources need not be in another.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  endif()
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

# Assertions stay on in production, whatever the build type. These variables are
# this directory's own: a project around this one keeps its flags.
foreach(type RELEASE RELWITHDEBINFO MINSIZEREL)
  string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_${type}
    "${CMAKE_CXX_FLAGS_${type}}")
endforeach()

# Includes are <raft/folder/header.hpp>, here as when installed. Only the folders
# are linked: the root of the sources may hold builds, whose files are nobody's
# to include.
set(raft_include_dir ${PROJECT_BINARY_DIR}/include)
if(IS_SYMLINK ${raft_include_dir}/raft)
  file(REMOVE ${raft_include_dir}/raft) # as it was once
endif()
file(MAKE_DIRECTORY ${raft_include_dir}/raft)
set(folders ${raft_folders} ${raft_own_folders})
list(FILTER folders EXCLUDE REGEX /) # comes with the folder around it
file(GLOB links RELATIVE ${raft_include_dir}/raft ${raft_include_dir}/raft/*)
foreach(link ${links})
  if(NOT link IN_LIST folders)
    file(REMOVE ${raft_include_dir}/raft/${link}) # of a folder that there was
  endif()
endforeach()
foreach(folder ${folders})
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${folder}
    ${raft_include_dir}/raft/${folder} SYMBOLIC)
endforeach()

# How the sources of this project are compiled; nobody else's.
add_library(raft_options INTERFACE)
target_include_directories(raft_options INTERFACE ${raft_include_dir})
target_compile_options(raft_options INTERFACE -Wall -Wextra -Wpedantic)
if(RAFT_WERROR)
  target_compile_options(raft_options INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(raft_options INTERFACE -fpch-preprocess)
  if(CMAKE_UNITY_BUILD)
    # GCC takes sources that others include for headers.
    target_compile_options(raft_options INTERFACE -Wno-subobject-linkage)
  endif()
else()
  target_compile_options(raft_options INTERFACE
    "SHELL:-Xclang -fno-pch-timestamp")
endif()
if(RAFT_SANITIZE)
  add_compile_options(-fsanitize=${RAFT_SANITIZE} -fno-omit-frame-pointer -g1 -O1
    -fno-sanitize-recover=all)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 warns of variants that are initialized when it instruments them.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
  add_link_options(-fsanitize=${RAFT_SANITIZE})
endif()

# raft_library(<folder> SOURCES <file>... [USES <target>...]
#              [HIDES <target>...] [HEADERS <file>...] [CAF])
# Makes the static library raft_<folder>.
#
# HEADERS: the headers for users. They are installed, and the library with them;
# one without such headers stays here.
# USES: what such headers include. HIDES: what only the sources include.
# CAF: its sources include CAF, which they get precompiled.
function(raft_library name)
  cmake_parse_arguments(arg "CAF" "" "SOURCES;HEADERS;USES;HIDES" ${ARGN})
  add_library(raft_${name} STATIC ${arg_SOURCES})
  target_compile_features(raft_${name} PUBLIC cxx_std_20)
  target_compile_options(raft_${name} PRIVATE
    $<TARGET_PROPERTY:raft_options,INTERFACE_COMPILE_OPTIONS>)
  target_include_directories(raft_${name} PUBLIC
    $<BUILD_INTERFACE:${raft_include_dir}>)
  target_link_libraries(raft_${name} PUBLIC ${arg_USES} PRIVATE ${arg_HIDES})
  if(arg_CAF)
    raft_use_precompiled_caf(raft_${name})
  endif()
  if(arg_HEADERS)
    raft_install(${name} ${arg_HEADERS})
  endif()
endfunction()

# raft_install(<folder> <header>...)
# Installs the library raft_<folder> as caf_raft::<folder>, with its headers.
# The same name works in a project that this one is a part of.
function(raft_install name)
  add_library(caf_raft::${name} ALIAS raft_${name})
  set_target_properties(raft_${name} PROPERTIES EXPORT_NAME ${name}
    OUTPUT_NAME caf_raft_${name})
  if(NOT RAFT_INSTALL)
    return()
  endif()
  install(TARGETS raft_${name} EXPORT caf_raft
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  foreach(header ${ARGN})
    cmake_path(GET header PARENT_PATH folder)
    cmake_path(APPEND CMAKE_INSTALL_INCLUDEDIR raft ${name} ${folder}
      OUTPUT_VARIABLE folder)
    install(FILES ${header} DESTINATION ${folder} COMPONENT development)
  endforeach()
endfunction()

# raft_test(<name> LABEL <unit|script|simulation|actor|socket|process>
#           SOURCES <file>... [USES <target>...] [APART <suite>...] [CAF])
# Makes the Boost.Test program test_<name>, and one CTest test of it; a second
# one of the suites that are to run beside the others.
function(raft_test name)
  cmake_parse_arguments(arg "CAF" "LABEL;TIMEOUT" "SOURCES;USES;APART" ${ARGN})
  add_executable(test_${name} ${arg_SOURCES})
  target_link_libraries(test_${name} PRIVATE raft_options raft_test_main
    ${arg_USES} Boost::unit_test_framework)
  target_compile_definitions(test_${name} PRIVATE BOOST_TEST_DYN_LINK)
  # Tests run for less time than the compiler does.
  target_compile_options(test_${name} PRIVATE $<$<CONFIG:Release>:-O0>)
  set(headers <boost/test/unit_test.hpp> <boost/test/data/test_case.hpp>
    <boost/test/data/monomorphic.hpp>)
  if(arg_CAF)
    target_link_libraries(test_${name} PRIVATE CAF::core CAF::io Threads::Threads)
    raft_precompile(test_${name} caf_test ${headers} <caf/all.hpp>
      <caf/io/all.hpp>)
  else()
    raft_precompile(test_${name} test ${headers})
  endif()
  set(tests ${name})
  if(arg_APART)
    list(APPEND tests ${name}_apart)
    list(JOIN arg_APART "," apart)
    add_test(NAME ${name}_apart COMMAND test_${name} --run_test=${apart})
    list(TRANSFORM arg_APART PREPEND "--run_test=!")
  endif()
  add_test(NAME ${name} COMMAND test_${name} ${arg_APART})
  # It only ends what hangs: no busy machine may come near it.
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 600)
  endif()
  # With a sanitizer, a fork of a process costs ten times as much.
  if(RAFT_SANITIZE)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 5")
  endif()
  set_tests_properties(${tests} PROPERTIES LABELS ${arg_LABEL}
    TIMEOUT ${arg_TIMEOUT})
  if(arg_LABEL MATCHES "^(unit|script)$")
    add_dependencies(raft_quick_tests test_${name})
  endif()
  # CAF 0.17's middleman does not free a connection that is open when it ends.
  # What was freed is kept back for a while, which tests of memory must not see.
  if(RAFT_SANITIZE MATCHES "address" AND arg_LABEL MATCHES "socket|process")
    set_tests_properties(${tests} PROPERTIES
      ENVIRONMENT ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=8)
  endif()
  # Those that wait for each other take long and need little; the longest of
  # them begin first.
  if(arg_LABEL MATCHES "^(actor|socket|process)$")
    set_tests_properties(${tests} PROPERTIES COST 50)
  else()
    raft_busy_test(${tests})
  endif()
endfunction()

# raft_busy_test(<test>...)
# What computes or compiles all the time has a core of its own: ./dev test
# hands out two places for each core.
function(raft_busy_test)
  set_tests_properties(${ARGN} PROPERTIES PROCESSORS 2)
endfunction()

# raft_precompile(<target> <kind> <header>...)
# Some headers take seconds to read: once is enough. The first target to ask for
# a kind makes it, and the others use that, so all must be compiled alike.
function(raft_precompile target kind)
  get_property(owner GLOBAL PROPERTY raft_precompiled_${kind})
  if(owner)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  else()
    target_precompile_headers(${target} PRIVATE ${ARGN} <algorithm> <chrono>
      <functional> <map> <memory> <optional> <string> <variant> <vector>)
    set_property(GLOBAL PROPERTY raft_precompiled_${kind} ${target})
  endif()
endfunction()

function(raft_use_precompiled_caf target)
  target_link_libraries(${target} PUBLIC CAF::core CAF::io Threads::Threads)
  raft_precompile(${target} caf <caf/all.hpp> <caf/io/all.hpp>)
endfunction()

function(raft_use_precompiled_cli target)
  target_link_libraries(${target} PRIVATE CLI11::CLI11 fmt::fmt)
  raft_precompile(${target} cli <CLI/CLI.hpp>)
endfunction()
