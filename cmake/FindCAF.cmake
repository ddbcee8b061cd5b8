# Finds the C++ Actor Framework and offers the targets CAF::core and CAF::io.
#
# CAF 1.x brings a CMake package of its own: name its installation in CAF_ROOT.
# Debian's and Ubuntu's libcaf-dev (0.17) brings none; that is what the rest of
# this file is for.

if(CAF_ROOT OR DEFINED ENV{CAF_ROOT})
  find_package(CAF CONFIG REQUIRED COMPONENTS ${CAF_FIND_COMPONENTS}
    PATHS ${CAF_ROOT} $ENV{CAF_ROOT} NO_DEFAULT_PATH)
  foreach(component ${CAF_FIND_COMPONENTS})
    get_target_property(include_dirs CAF::${component}
      INTERFACE_INCLUDE_DIRECTORIES)
    if(include_dirs)
      set_target_properties(CAF::${component} PROPERTIES
        INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${include_dirs}")
    endif()
  endforeach()
  return()
endif()

find_path(CAF_INCLUDE_DIR caf/all.hpp)
foreach(component ${CAF_FIND_COMPONENTS})
  find_library(CAF_${component}_LIBRARY caf_${component})
  if(CAF_${component}_LIBRARY)
    set(CAF_${component}_FOUND TRUE)
  endif()
endforeach()

if(CAF_INCLUDE_DIR)
  file(STRINGS ${CAF_INCLUDE_DIR}/caf/config.hpp version_line
    REGEX "^#define CAF_VERSION [0-9]+")
  string(REGEX MATCH "[0-9]+$" version_number "${version_line}")
  math(EXPR major "${version_number} / 10000")
  math(EXPR minor "${version_number} / 100 % 100")
  math(EXPR patch "${version_number} % 100")
  set(CAF_VERSION ${major}.${minor}.${patch})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF REQUIRED_VARS CAF_INCLUDE_DIR
  VERSION_VAR CAF_VERSION HANDLE_COMPONENTS)

if(CAF_FOUND)
  find_package(Threads REQUIRED)
  foreach(component ${CAF_FIND_COMPONENTS})
    if(NOT TARGET CAF::${component})
      add_library(CAF::${component} UNKNOWN IMPORTED)
      set_target_properties(CAF::${component} PROPERTIES
        IMPORTED_LOCATION ${CAF_${component}_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${CAF_INCLUDE_DIR}
        INTERFACE_LINK_LIBRARIES Threads::Threads)
    endif()
  endforeach()
  if(TARGET CAF::io)
    set_property(TARGET CAF::io APPEND PROPERTY
      INTERFACE_LINK_LIBRARIES CAF::core)
  endif()
endif()
mark_as_advanced(CAF_INCLUDE_DIR)
