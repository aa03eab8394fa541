// NVRTC, NVIDIA's compiler as a library, opened at run time. Its functions are declared here, because its header does
// not come with the wheels that Weft is built with.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace weft::cuda {

// The compiler cannot do its work here, whatever the source.
struct NvrtcUnavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Nvrtc {
 public:
  // library: of dlopen. Raises NvrtcUnavailable where it lacks a function.
  explicit Nvrtc(void* library);

  // "13.0"
  const std::string& version() const { return version_; }
  // What a program is compiled with: beside source and version, all that the result depends on. architecture: 90 for
  // compute capability 9.0.
  static std::vector<std::string> options(int architecture);
  // The machine code of a source that includes device_headers(). Raises NvrtcUnavailable, or RuntimeError with the
  // compiler's words for a source that is wrong.
  std::string compile(const std::string& source, int architecture) const;

 private:
  using Program = void*;
  int (*create_)(Program*, const char*, const char*, int, const char* const*, const char* const*);
  int (*destroy_)(Program*);
  int (*compile_)(Program, int, const char* const*);
  int (*log_size_)(Program, size_t*);
  int (*log_)(Program, char*);
  int (*code_size_)(Program, size_t*);
  int (*code_)(Program, char*);
  int (*version_function_)(int*, int*);
  const char* (*error_string_)(int);
  std::string version_;
};

}  // namespace weft::cuda
