#include "kernels/cuda/compiled/kernel_cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

namespace weft::cuda {
namespace {

namespace fs = std::filesystem;

class KernelCacheTest : public testing::Test {
 protected:
  KernelCacheTest() {
    std::string name = (fs::temp_directory_path() / "weft_cache_XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~KernelCacheTest() override {
    chmod(folder_.c_str(), 0700);
    fs::remove_all(folder_);
  }
  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  static void write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }
  size_t files() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  std::string folder_;
};

TEST_F(KernelCacheTest, KeepsCode) {
  KernelCache cache(folder_ + "/made/when/needed");
  EXPECT_FALSE(cache.find("key"));
  cache.keep("key", "code");
  EXPECT_EQ(cache.find("key"), "code");
  EXPECT_EQ(KernelCache(folder_ + "/made/when/needed").find("key"), "code");
  EXPECT_FALSE(cache.find("other key"));
  cache.keep("key", "new code");
  EXPECT_EQ(cache.find("key"), "new code");
  cache.keep("nothing", "");
  EXPECT_EQ(cache.find("nothing"), "");
}

TEST_F(KernelCacheTest, DamagedFilesAreReplaced) {
  KernelCache cache(folder_);
  cache.keep("key", "some code");
  std::string path = cache.path_of("key"), whole = read(path);
  for (size_t length = 0; length < whole.size(); length++) {
    write(path, whole.substr(0, length));
    EXPECT_FALSE(cache.find("key")) << length;
  }
  for (size_t i = 0; i < whole.size(); i++) {
    std::string damaged = whole;
    damaged[i] ^= 4;
    write(path, damaged);
    EXPECT_FALSE(cache.find("key")) << i;
  }
  write(path, whole + "more");
  EXPECT_FALSE(cache.find("key"));
  cache.keep("key", "some code");
  EXPECT_EQ(cache.find("key"), "some code");
}

TEST_F(KernelCacheTest, FilesOfOtherKeysAndFoldersAreNotTaken) {
  KernelCache cache(folder_);
  cache.keep("key", "code");
  fs::rename(cache.path_of("key"), cache.path_of("other"));
  EXPECT_FALSE(cache.find("other"));
  fs::create_directory(cache.path_of("key"));
  EXPECT_FALSE(cache.find("key"));
  cache.keep("key", "code");  // no file can take the folder's place
  EXPECT_FALSE(cache.find("key"));
}

TEST_F(KernelCacheTest, WithoutAFolderToWriteToItOnlyDoesNotKeep) {
  KernelCache nothing("");
  nothing.keep("key", "code");
  EXPECT_FALSE(nothing.find("key"));
  write(folder_ + "/file", "");
  KernelCache below_a_file(folder_ + "/file/below");
  below_a_file.keep("key", "code");
  EXPECT_FALSE(below_a_file.find("key"));
  if (geteuid() == 0) return;  // whom no permission stops
  chmod(folder_.c_str(), 0500);
  KernelCache locked(folder_);
  locked.keep("key", "code");
  EXPECT_FALSE(locked.find("key"));
}

TEST_F(KernelCacheTest, TheLeastRecentlyUsedGo) {
  KernelCache cache(folder_, 4000);
  std::string code(1000, 'x');
  auto age = [&](const char* key, int minutes) {
    fs::last_write_time(cache.path_of(key), fs::file_time_type::clock::now() - std::chrono::minutes(minutes));
  };
  for (const char* key : {"a", "b", "c"}) cache.keep(key, code);
  age("a", 30);
  age("b", 20);
  age("c", 10);
  EXPECT_TRUE(cache.find("a"));  // the most recent one now
  cache.keep("d", code);
  EXPECT_FALSE(cache.find("b"));
  for (const char* key : {"a", "c", "d"}) EXPECT_TRUE(cache.find(key)) << key;
  cache.keep("too large", std::string(5000, 'y'));  // what was just made stays
  EXPECT_TRUE(cache.find("too large"));
  EXPECT_EQ(files(), 1u);
}

TEST_F(KernelCacheTest, UnfinishedFilesOfOldGo) {
  KernelCache cache(folder_);
  write(folder_ + "/old.tmp", "");
  write(folder_ + "/new.tmp", "");
  fs::last_write_time(folder_ + "/old.tmp", fs::file_time_type::clock::now() - std::chrono::hours(2));
  cache.keep("key", "code");
  EXPECT_FALSE(fs::exists(folder_ + "/old.tmp"));
  EXPECT_TRUE(fs::exists(folder_ + "/new.tmp"));
}

TEST_F(KernelCacheTest, ManyWritersAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++)
    threads.emplace_back([&] {
      KernelCache cache(folder_, 20000);
      for (int i = 0; i < 200; i++) {
        std::string key = "key " + std::to_string(i % 5), code(1000 + static_cast<size_t>(i % 5), 'x');
        if (std::optional<std::string> found = cache.find(key)) {
          EXPECT_EQ(*found, code);
        }
        cache.keep(key, code);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(files(), 5u);
}

TEST(KernelCacheFolder, FollowsTheEnvironment) {
  auto with = [](const char* own, const char* xdg, const char* home) {
    for (auto [name, value] :
         {std::pair{"WEFT_KERNEL_CACHE", own}, std::pair{"XDG_CACHE_HOME", xdg}, std::pair{"HOME", home}})
      value ? setenv(name, value, 1) : unsetenv(name);
    return KernelCache::default_folder();
  };
  std::string home_before = std::getenv("HOME") ? std::getenv("HOME") : "";
  EXPECT_EQ(with("/own", "/cache", "/home/me"), "/own");
  EXPECT_EQ(with("0", "/cache", "/home/me"), "");
  EXPECT_EQ(with(nullptr, "/cache", "/home/me"), "/cache/weft/kernels");
  EXPECT_EQ(with("", "relative", "/home/me"), "/home/me/.cache/weft/kernels");
  EXPECT_EQ(with(nullptr, nullptr, "/home/me"), "/home/me/.cache/weft/kernels");
  EXPECT_EQ(with(nullptr, nullptr, nullptr), "");
  if (!home_before.empty()) setenv("HOME", home_before.c_str(), 1);
}

}  // namespace
}  // namespace weft::cuda
