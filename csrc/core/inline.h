// WEFT_INLINE: functions that per-ISA kernel files share. They must never become weak symbols, because the linker could
// then keep the AVX-512 copy for an older machine; so they are always inlined. WEFT_HD marks host+device functions.
#pragma once

#ifdef __CUDACC__
#define WEFT_HD __host__ __device__
#define WEFT_INLINE __host__ __device__ __forceinline__
#else
#define WEFT_HD
#define WEFT_INLINE inline __attribute__((always_inline))
#endif
