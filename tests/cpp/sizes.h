#pragma once

#include <cstddef>

constexpr size_t kMiB = size_t{1} << 20;
