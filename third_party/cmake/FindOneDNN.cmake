# oneDNN (version 3) as the target weft_onednn: the one that CMake finds by itself (on PATH or in the system), else the one in the
# Python package onednn-devel-cpu-gomp of the interpreter that builds.
find_package(dnnl 3 CONFIG QUIET)
if(NOT dnnl_FOUND)
  execute_process(
    COMMAND ${Python_EXECUTABLE} -c "
import importlib.metadata as m
files = m.distribution('onednn-devel-cpu-gomp').files
print(next(f for f in files if f.name == 'dnnl-config.cmake').locate().resolve().parent)"
    OUTPUT_VARIABLE dnnl_DIR OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  find_package(dnnl 3 CONFIG QUIET PATHS "${dnnl_DIR}" NO_DEFAULT_PATH)
endif()
if(NOT dnnl_FOUND)
  message(FATAL_ERROR "oneDNN was not found: pip install onednn-devel-cpu-gomp==2023.2.0, or install your system's "
                      "oneDNN development package")
endif()
message(STATUS "oneDNN ${dnnl_VERSION} from ${dnnl_DIR}")
get_target_property(include DNNL::dnnl INTERFACE_INCLUDE_DIRECTORIES)
get_target_property(library DNNL::dnnl LOCATION)
list(GET include 0 include)
weft_stage(onednn/include ${include} oneapi "dnnl*.h*")
# A sixth of the package's library are symbols that nobody needs to run it.
set(stripped ${CMAKE_BINARY_DIR}/CMakeFiles/libdnnl.so)
execute_process(COMMAND ${CMAKE_STRIP} --strip-unneeded -o ${stripped} ${library} COMMAND_ERROR_IS_FATAL ANY)
file(MAKE_DIRECTORY ${WEFT_DEPS}/onednn/lib)
file(COPY_FILE ${stripped} ${WEFT_DEPS}/onednn/lib/libdnnl.so.3 ONLY_IF_DIFFERENT)
file(REMOVE ${stripped})
add_library(weft_onednn SHARED IMPORTED)
set_target_properties(weft_onednn PROPERTIES IMPORTED_LOCATION ${WEFT_DEPS}/onednn/lib/libdnnl.so.3
                                             IMPORTED_SONAME libdnnl.so.3)
