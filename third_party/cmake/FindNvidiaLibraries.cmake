# Headers of cuBLASLt, cuDNN and cuDNN's frontend, from NVIDIA's wheels of the interpreter that builds, staged
# as NVIDIA_LIBRARY_INCLUDES.
execute_process(
  COMMAND ${Python_EXECUTABLE} -c "
import importlib.metadata as m
wanted = [('nvidia-cublas', 'cublasLt.h'), ('nvidia-cudnn-cu13', 'cudnn.h'), ('nvidia-cudnn-frontend', 'cudnn_frontend.h')]
print(';'.join(str(next(f for f in m.distribution(d).files if f.name == h).locate().resolve().parent) for d, h in wanted))"
  OUTPUT_VARIABLE NVIDIA_LIBRARY_INCLUDES OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NvidiaLibraries REQUIRED_VARS NVIDIA_LIBRARY_INCLUDES REASON_FAILURE_MESSAGE
  "pip install nvidia-cublas==13.1.0.3 nvidia-cudnn-cu13==9.19.0.56 nvidia-cudnn-frontend==1.18.0")
if(NvidiaLibraries_FOUND)
  set(names cublas cudnn cudnn-frontend)
  foreach(name folder IN ZIP_LISTS names NVIDIA_LIBRARY_INCLUDES)
    weft_stage(${name}/include ${folder} "cublas*" "cudnn*")  # some are included as "../include/..."
  endforeach()
  list(TRANSFORM names PREPEND ${WEFT_DEPS}/)
  list(TRANSFORM names APPEND /include OUTPUT_VARIABLE NVIDIA_LIBRARY_INCLUDES)
endif()
