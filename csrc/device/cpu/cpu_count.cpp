#include "device/cpu/cpu_count.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>

namespace weft {

namespace {

// 0 where the process's limits on cores are unknown.
int cores_allowed() {
  for (size_t most = CPU_SETSIZE; most <= (1 << 20); most *= 4) {  // too small a set is an error
    cpu_set_t* set = CPU_ALLOC(most);
    if (!set) return 0;
    size_t bytes = CPU_ALLOC_SIZE(most);
    bool known = sched_getaffinity(0, bytes, set) == 0;
    int count = known ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (known) return count;
  }
  return 0;
}

// The group's time over the length of the period, both in microseconds; 0: no limit.
double quota_of_group(const std::string& folder, bool second_version) {
  double quota = 0, period = 0;
  if (second_version) {
    std::ifstream file(folder + "/cpu.max");
    if (!(file >> quota >> period)) return 0;  // "max"
  } else {
    std::ifstream quota_file(folder + "/cpu.cfs_quota_us"), period_file(folder + "/cpu.cfs_period_us");
    if (!(quota_file >> quota) || !(period_file >> period)) return 0;
  }
  return quota > 0 && period > 0 ? quota / period : 0;  // -1 of version 1: no limit
}

bool names_cpu(const std::string& controllers) { return ("," + controllers + ",").find(",cpu,") != std::string::npos; }

}  // namespace

int cpu_quota(const std::string& root) {
  double least = 0;
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // hierarchy:controllers:path
    size_t first = line.find(':'), second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    bool second_version = controllers.empty();
    if (!second_version && !names_cpu(controllers)) continue;
    std::string mount = root + (second_version ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu");
    while (true) {  // a container may see its own group as the root alone
      if (double q = quota_of_group(mount + path, second_version); q > 0) least = least > 0 ? std::min(least, q) : q;
      size_t last = path.rfind('/');
      if (path.size() < 2 || last == std::string::npos) break;
      path.resize(last);
    }
  }
  return static_cast<int>(std::ceil(std::min(least, 1e6)));
}

int available_cpus() {
  int cores = cores_allowed();
  if (cores < 1) cores = static_cast<int>(std::thread::hardware_concurrency());
  if (int quota = cpu_quota(""); quota > 0) cores = std::min(cores, quota);
  return std::max(cores, 1);
}

}  // namespace weft
