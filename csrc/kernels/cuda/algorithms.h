// Sorting of keys with a number each, stable; NVIDIA's CUB does it.
#pragma once

#include <cstdint>

namespace weft::cuda {

// `rows` rows of `length` keys, each row by itself; only the lowest `bits` bits of keys count. Inputs are kept.
void sort_rows(const uint32_t* keys, uint32_t* sorted_keys, const int32_t* numbers, int32_t* sorted_numbers,
               int64_t rows, int64_t length, int bits);
void sort_rows(const uint64_t* keys, uint64_t* sorted_keys, const int32_t* numbers, int32_t* sorted_numbers,
               int64_t rows, int64_t length, int bits);

}  // namespace weft::cuda
