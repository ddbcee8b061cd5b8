# What is installed beside libraries and headers: how CMake and pkg-config find
# them.

include(CMakePackageConfigHelpers)

set(raft_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/caf_raft)

install(EXPORT caf_raft NAMESPACE caf_raft:: FILE caf_raft-targets.cmake
  DESTINATION ${raft_package_dir} COMPONENT development)

string(REGEX MATCH "^[0-9]+.[0-9]+" raft_caf_series "${CAF_VERSION}")
configure_package_config_file(cmake/caf_raft-config.cmake.in
  ${PROJECT_BINARY_DIR}/package/caf_raft-config.cmake
  INSTALL_DESTINATION ${raft_package_dir})
# Before 1.0, each minor version may differ from the one before.
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/package/caf_raft-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/package/caf_raft-config.cmake
  ${PROJECT_BINARY_DIR}/package/caf_raft-config-version.cmake
  cmake/FindCAF.cmake
  DESTINATION ${raft_package_dir} COMPONENT development)

# pkg-config: from the place of the file, so that the installation can be moved.
set(raft_pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH raft_prefix_from_pkgconfig
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
# CAF has no file for pkg-config. Where it is not among the system's libraries,
# its directories must be named.
if(CAF_ROOT OR DEFINED ENV{CAF_ROOT})
  set(raft_caf_cflags "-isystem
    $<JOIN:$<TARGET_PROPERTY:CAF::core,INTERFACE_INCLUDE_DIRECTORIES>, -isystem >")
  string(REGEX REPLACE "\n +" " " raft_caf_cflags "${raft_caf_cflags}")
  set(raft_caf_libs "-L$<TARGET_FILE_DIR:CAF::core> ")
endif()
configure_file(cmake/caf_raft.pc.in
  ${PROJECT_BINARY_DIR}/package/caf_raft.pc.in @ONLY)
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/package/caf_raft.pc
  INPUT ${PROJECT_BINARY_DIR}/package/caf_raft.pc.in)
install(FILES ${PROJECT_BINARY_DIR}/package/caf_raft.pc
  DESTINATION ${raft_pkgconfig_dir} COMPONENT development)

# Pages and examples, for those who have no checkout.
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}
  COMPONENT development FILES_MATCHING PATTERN "*.md")
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR}
  COMPONENT development)
install(FILES README.md LICENSE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR}
  COMPONENT development)
