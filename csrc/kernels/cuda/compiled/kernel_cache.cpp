#include "kernels/cuda/compiled/kernel_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "core/error.h"

namespace weft::cuda {

namespace {

namespace fs = std::filesystem;

constexpr const char* kSuffix = ".cubin";
constexpr const char* kUnfinished = ".tmp";

// What a file starts with; the key and the code follow.
struct Header {
  char mark[8];
  uint64_t key_bytes, code_bytes, checksum;
};
constexpr char kMark[8] = {'W', 'E', 'F', 'T', 'K', 'R', 'N', '1'};

// FNV-1a; the second one starts elsewhere and turns its bits, so that both together make a good name.
uint64_t hash(const std::string& text, uint64_t h = 0xcbf29ce484222325u) {
  for (char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return h;
}
uint64_t other_hash(const std::string& text) {
  uint64_t h = 0x9e3779b97f4a7c15u;
  for (char c : text) {
    h = (h ^ static_cast<unsigned char>(c)) * 0xff51afd7ed558ccdu;
    h = h << 31 | h >> 33;
  }
  return h;
}

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  bool read_all(void* to, size_t nbytes) const {
    for (auto* p = static_cast<char*>(to); nbytes > 0;) {
      ssize_t n = read(descriptor_, p, nbytes);
      if (n <= 0) return false;
      p += n;
      nbytes -= static_cast<size_t>(n);
    }
    return true;
  }
  bool write_all(const void* from, size_t nbytes) const {
    for (auto* p = static_cast<const char*>(from); nbytes > 0;) {
      ssize_t n = write(descriptor_, p, nbytes);
      if (n <= 0) return false;
      p += n;
      nbytes -= static_cast<size_t>(n);
    }
    return true;
  }

 private:
  int descriptor_;
};

std::string hexadecimal(uint64_t v) {
  std::string text(16, '0');
  for (size_t i = 16; i-- > 0; v >>= 4) text[i] = "0123456789abcdef"[v & 15];
  return text;
}

}  // namespace

std::string KernelCache::default_folder() {
  auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  std::string chosen = variable("WEFT_KERNEL_CACHE");
  if (!chosen.empty()) return chosen == "0" ? std::string() : chosen;
  std::string base = variable("XDG_CACHE_HOME"), home = variable("HOME");
  if (base.empty() || base[0] != '/') base = home.empty() ? std::string() : home + "/.cache";
  return base.empty() ? base : base + "/weft/kernels";
}

std::string KernelCache::path_of(const std::string& key) const {
  return concat(folder_, "/", hexadecimal(hash(key)), hexadecimal(other_hash(key)), kSuffix);
}

std::optional<std::string> KernelCache::find(const std::string& key) const noexcept try {
  if (folder_.empty()) return std::nullopt;
  File file(open(path_of(key).c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info{};
  Header header{};
  // Code that somebody else has put there is not run.
  bool own = file.is_open() && fstat(file.descriptor(), &info) == 0 && S_ISREG(info.st_mode) &&
             info.st_uid == geteuid() && file.read_all(&header, sizeof header);
  auto size = static_cast<uint64_t>(info.st_size);
  if (!own || std::memcmp(header.mark, kMark, sizeof kMark) != 0 || header.key_bytes != key.size() ||
      header.code_bytes > size || sizeof header + header.key_bytes + header.code_bytes != size)
    return std::nullopt;
  std::string own_key(key.size(), '\0'), code(header.code_bytes, '\0');
  if (!file.read_all(own_key.data(), own_key.size()) || own_key != key) return std::nullopt;
  if (!file.read_all(code.data(), code.size()) || hash(code, hash(key)) != header.checksum) return std::nullopt;
  futimens(file.descriptor(), nullptr);  // used just now
  return code;
} catch (...) {
  return std::nullopt;
}

void KernelCache::keep(const std::string& key, const std::string& code) const noexcept try {
  if (folder_.empty()) return;
  std::error_code error;
  fs::create_directories(folder_, error);
  static std::atomic<uint64_t> counter{0};
  std::string path = path_of(key), unfinished = concat(path, ".", int64_t{getpid()}, ".", counter++, kUnfinished);
  Header header{{}, key.size(), code.size(), hash(code, hash(key))};
  std::memcpy(header.mark, kMark, sizeof kMark);
  bool done = false;
  {
    File file(open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.is_open()) return;
    done = file.write_all(&header, sizeof header) && file.write_all(key.data(), key.size()) &&
           file.write_all(code.data(), code.size());
  }
  if (!done || rename(unfinished.c_str(), path.c_str()) != 0) {
    unlink(unfinished.c_str());
    return;
  }
  trim(path);
} catch (...) {
}

void KernelCache::trim(const std::string& newest) const {
  struct Kept {
    fs::file_time_type used;
    uint64_t bytes;
    fs::path path;
  };
  std::vector<Kept> all;
  uint64_t sum = 0;
  std::error_code error;
  auto now = fs::file_time_type::clock::now();
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;
    fs::file_time_type used = it->last_write_time(gone);
    uint64_t bytes = it->file_size(gone);
    if (gone) continue;
    // What a process that was killed left behind.
    if (it->path().extension() == kUnfinished && now - used > std::chrono::hours(1)) fs::remove(it->path(), gone);
    if (it->path().extension() != kSuffix) continue;
    sum += bytes;
    if (it->path() != newest) all.push_back({used, bytes, it->path()});
  }
  if (sum <= max_bytes_) return;
  std::sort(all.begin(), all.end(), [](const Kept& a, const Kept& b) { return a.used < b.used; });
  for (const Kept& kept : all) {
    if (sum <= max_bytes_) return;
    if (fs::remove(kept.path, error)) sum -= kept.bytes;
  }
}

}  // namespace weft::cuda
