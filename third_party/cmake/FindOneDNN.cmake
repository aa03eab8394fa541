# oneDNN (version 3) as the target DNNL::dnnl: the one that CMake finds by itself (on PATH or in the system), else the one in the
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
