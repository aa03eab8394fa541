// How many cores this process may use.
#pragma once

#include <string>

namespace weft {

// At least 1: the cores that the process may run on (sched_getaffinity), or fewer where the quota of its control group
// gives it less time than they have. A part of a core counts as one: the threads then share it.
int available_cpus();

// Cores' worth of time that the control group of this process and those above it may use (cpu.max of version 2,
// cpu.cfs_quota_us of version 1; Linux, Documentation/admin-guide/cgroup-v2.rst), rounded up; 0: no limit. root stands
// before /proc and /sys.
int cpu_quota(const std::string& root);

}  // namespace weft
