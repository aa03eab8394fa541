# What is installed: the library, what it needs, its headers, and how CMake finds them with find_package(Weft). In the
# Python package all of it lies below weft/, otherwise in the usual folders of a prefix.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
if(SKBUILD)
  set(WEFT_LIBDIR weft/lib)
  set(WEFT_INCLUDEDIR weft/include)
else()
  set(WEFT_LIBDIR ${CMAKE_INSTALL_LIBDIR})
  set(WEFT_INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR})
endif()

# The public headers are weft/*.h; they include the others, which are installed below weft/ too. Headers of kernels, of
# the JSON in programs and of Python's bindings stay inside, but for two.
set(WEFT_HEADER_FOLDERS weft core memory device device/cpu tensor kernels kernels/scalar op ops autograd graph export)
list(TRANSFORM WEFT_HEADER_FOLDERS APPEND "/*.h" OUTPUT_VARIABLE WEFT_HEADER_PATTERNS)
file(GLOB WEFT_HEADERS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS ${WEFT_HEADER_PATTERNS})
list(FILTER WEFT_HEADERS EXCLUDE REGEX "^export/(graph_json|parse)\\.h$")
list(APPEND WEFT_HEADERS bindings/casters.h bindings/extension_api.h)

# core/version.h: the version, and a number that tells these headers from all others. Code that was compiled with others
# must not meet this library.
set(WEFT_GENERATED ${CMAKE_BINARY_DIR}/include)
string(JOIN " " names ${WEFT_HEADERS})
list(TRANSFORM WEFT_HEADERS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE paths)
add_custom_command(
  OUTPUT ${WEFT_GENERATED}/core/version.h
  COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_CURRENT_SOURCE_DIR} "-DFILES=${names}" -DVERSION=${PROJECT_VERSION}
          -DOUT=${WEFT_GENERATED}/core/version.h -P ${CMAKE_CURRENT_SOURCE_DIR}/core/version.cmake
  DEPENDS ${paths} core/version.cmake
  VERBATIM)
add_custom_target(weft_version ALL DEPENDS ${WEFT_GENERATED}/core/version.h)

foreach(header ${WEFT_HEADERS})
  cmake_path(GET header PARENT_PATH folder)
  if(folder STREQUAL "weft")
    set(folder "")
  endif()
  install(FILES ${header} DESTINATION ${WEFT_INCLUDEDIR}/weft/${folder})
endforeach()
install(FILES ${WEFT_GENERATED}/core/version.h DESTINATION ${WEFT_INCLUDEDIR}/weft/core)

# Users write <weft/weft.h>; the headers name each other from csrc/ on.
target_include_directories(weft INTERFACE $<INSTALL_INTERFACE:${WEFT_INCLUDEDIR}>
                                          $<INSTALL_INTERFACE:${WEFT_INCLUDEDIR}/weft>)
target_compile_features(weft INTERFACE $<INSTALL_INTERFACE:cxx_std_20>)
install(TARGETS weft EXPORT WeftTargets LIBRARY DESTINATION ${WEFT_LIBDIR})
# Bundled, so that no oneDNN is needed on the machine where it is installed.
install(FILES $<TARGET_FILE:weft_onednn> DESTINATION ${WEFT_LIBDIR})
option(WEFT_BUNDLE_OPENMP "Install the compiler's libgomp beside the library, for machines that have none" OFF)
if(WEFT_BUNDLE_OPENMP)
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libgomp.so.1 OUTPUT_VARIABLE gomp
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  file(REAL_PATH ${gomp} gomp)
  install(FILES ${gomp} DESTINATION ${WEFT_LIBDIR} RENAME libgomp.so.1)
endif()

set(package ${WEFT_LIBDIR}/cmake/Weft)
install(EXPORT WeftTargets NAMESPACE Weft:: DESTINATION ${package})
# The library is in WeftTargets.cmake; it needs nothing that CMake would have to look for.
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/WeftConfig.cmake
     "include(\"\${CMAKE_CURRENT_LIST_DIR}/WeftTargets.cmake\")\n")
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/WeftConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/WeftConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/WeftConfigVersion.cmake
        DESTINATION ${package})
