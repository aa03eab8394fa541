// MappedFile: the contents of a file as memory. They are read when they are touched; changes stay in memory. Where the
// file loses its contents meanwhile (it is truncated, or its disk fails), the kernel sends SIGBUS: a handler puts zeros
// in their place and remembers it, and the next op on such memory raises an error (lost_file()).
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

namespace weft {

class MappedFile {
 public:
  // Maps all of an open file, which may be closed afterwards; `name` is for errors. RuntimeError if that fails.
  MappedFile(int handle, std::string name);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  void* data() const { return data_; }
  size_t nbytes() const { return nbytes_; }

 private:
  void* data_ = nullptr;
  size_t nbytes_ = 0;
  int slot_ = -1;
};

// How many mapped files have lost contents and are still mapped.
extern constinit std::atomic<int> lost_files;
// The name of the file whose mapping holds this address, if it has lost contents; else "".
std::string lost_file(const void* address);

}  // namespace weft
