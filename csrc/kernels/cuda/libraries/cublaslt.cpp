// Products through cuBLASLt, opened at run time. What was set up for a product of given sizes (descriptors, algorithm)
// is kept for the next one.
#include <cublasLt.h>
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <unordered_map>

#include "core/other_threads.h"
#include "device/cuda/libraries.h"
#include "kernels/cuda/scratch.h"
#include "kernels/elementwise.h"
#include "kernels/matmul.h"
#include "kernels/plugin.h"
#include "memory/allocator.h"

namespace weft::cuda {

namespace {

constexpr size_t kWorkspace = size_t{32} << 20;

struct CublasLt {
  decltype(&cublasLtCreate) create;
  decltype(&cublasLtMatmul) matmul;
  decltype(&cublasLtMatmulDescCreate) desc_create;
  decltype(&cublasLtMatmulDescSetAttribute) desc_set;
  decltype(&cublasLtMatrixLayoutCreate) layout_create;
  decltype(&cublasLtMatrixLayoutSetAttribute) layout_set;
  decltype(&cublasLtMatmulPreferenceCreate) preference_create;
  decltype(&cublasLtMatmulPreferenceSetAttribute) preference_set;
  decltype(&cublasLtMatmulPreferenceDestroy) preference_destroy;
  decltype(&cublasLtMatmulAlgoGetHeuristic) heuristic;
  decltype(&cublasLtGetStatusString) status_string;

  CublasLt() {
    find(create, "cublasLtCreate");
    find(matmul, "cublasLtMatmul");
    find(desc_create, "cublasLtMatmulDescCreate");
    find(desc_set, "cublasLtMatmulDescSetAttribute");
    find(layout_create, "cublasLtMatrixLayoutCreate");
    find(layout_set, "cublasLtMatrixLayoutSetAttribute");
    find(preference_create, "cublasLtMatmulPreferenceCreate");
    find(preference_set, "cublasLtMatmulPreferenceSetAttribute");
    find(preference_destroy, "cublasLtMatmulPreferenceDestroy");
    find(heuristic, "cublasLtMatmulAlgoGetHeuristic");
    find(status_string, "cublasLtGetStatusString");
  }

 private:
  template <class F>
  static void find(F& function, const char* name) {
    function = reinterpret_cast<F>(dlsym(cublaslt_library(), name));
    weft::check(function != nullptr, "libcublasLt.so.13 lacks the function ", name, "; install a newer nvidia-cublas");
  }
};
const CublasLt& lt() {
  static const CublasLt functions;
  return functions;
}

void check_lt(cublasStatus_t status, const char* call) {
  weft::check(status == CUBLAS_STATUS_SUCCESS, allocation_tag(), ": ", call, " failed: ", lt().status_string(status),
              " on '", kernel_device(), "'");
}

cublasLtHandle_t handle() {
  static std::mutex mutex;
  static std::array<cublasLtHandle_t, kMaxDevices> handles{};
  std::lock_guard lock(mutex);
  cublasLtHandle_t& h = handles[static_cast<size_t>(kernel_device().index)];
  if (!h) check_lt(lt().create(&h), "cublasLtCreate");
  return h;
}

// cuBLASLt counts matrices by columns. Seen so, a row-major matrix is its transpose; the product is computed as
// out' = b' a'.
struct Matrix {
  const void* data = nullptr;
  int64_t rows = 0, columns = 0, ld = 0;  // as it lies, by columns
  bool transposed = false;                // in the product
  int64_t batch_stride = 0;
};

// v' as a matrix by columns; false when neither of its strides is 1.
bool read_matrix(const StridedView& v, Matrix& m) {
  int64_t rows = v.shape[v.ndim - 2], columns = v.shape[v.ndim - 1];
  int64_t row = v.strides[v.ndim - 2], column = v.strides[v.ndim - 1];
  m.data = v.data;
  if ((column == 1 || columns == 1) && (row >= columns || rows == 1)) {
    m.rows = columns;
    m.columns = rows;
    m.ld = rows == 1 ? columns : row;
    m.transposed = false;
    return m.ld >= 1;
  }
  if ((row == 1 || rows == 1) && (column >= rows || columns == 1)) {
    m.rows = rows;
    m.columns = columns;
    m.ld = columns == 1 ? rows : column;
    m.transposed = true;
    return m.ld >= 1;
  }
  return false;
}

struct Key {
  int64_t n[12];
  int32_t kind[8];
  bool operator==(const Key& o) const { return std::equal(n, n + 12, o.n) && std::equal(kind, kind + 8, o.kind); }
};
struct KeyHash {
  size_t operator()(const Key& k) const {
    size_t seed = 0;
    auto mix = [&](size_t v) { seed ^= v + 0x9e3779b97f4a7c15u + (seed << 6) + (seed >> 2); };
    for (int64_t v : k.n) mix(static_cast<size_t>(v));
    for (int32_t v : k.kind) mix(static_cast<size_t>(v));
    return seed;
  }
};
struct Setup {
  cublasLtMatmulDesc_t desc = nullptr;
  cublasLtMatrixLayout_t a = nullptr, b = nullptr, c = nullptr, d = nullptr;
  cublasLtMatmulAlgo_t algorithm{};
  size_t workspace = 0;
  bool supported = false;
};

cudaDataType_t data_type(DType t) {
  switch (t) {
    case DType::Float64:
      return CUDA_R_64F;
    case DType::Float16:
      return CUDA_R_16F;
    case DType::BFloat16:
      return CUDA_R_16BF;
    default:
      return CUDA_R_32F;
  }
}

uint32_t alignment_of(const void* p) {
  auto address = reinterpret_cast<uintptr_t>(p);
  return address ? static_cast<uint32_t>(std::min<uintptr_t>(address & -address, 256)) : 256;
}

cublasLtMatrixLayout_t make_layout(cudaDataType_t type, const Matrix& m, int32_t batch) {
  cublasLtMatrixLayout_t layout = nullptr;
  check_lt(lt().layout_create(&layout, type, static_cast<uint64_t>(m.rows), static_cast<uint64_t>(m.columns), m.ld),
           "cublasLtMatrixLayoutCreate");
  lt().layout_set(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &batch, sizeof batch);
  lt().layout_set(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &m.batch_stride, sizeof m.batch_stride);
  return layout;
}

Setup make_setup(DType dtype, const Matrix& left, const Matrix& right, const Matrix& c, const Matrix& out,
                 int32_t batch, bool bias, bool tf32) {
  Setup s;
  cudaDataType_t type = data_type(dtype), scale = dtype == DType::Float64 ? CUDA_R_64F : CUDA_R_32F;
  cublasComputeType_t compute = dtype == DType::Float64           ? CUBLAS_COMPUTE_64F
                                : dtype == DType::Float32 && tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                                  : CUBLAS_COMPUTE_32F;
  check_lt(lt().desc_create(&s.desc, compute, scale), "cublasLtMatmulDescCreate");
  cublasOperation_t op_left = left.transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
  cublasOperation_t op_right = right.transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
  lt().desc_set(s.desc, CUBLASLT_MATMUL_DESC_TRANSA, &op_left, sizeof op_left);
  lt().desc_set(s.desc, CUBLASLT_MATMUL_DESC_TRANSB, &op_right, sizeof op_right);
  if (bias) {
    cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
    lt().desc_set(s.desc, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue);
  }
  s.a = make_layout(type, left, batch);
  s.b = make_layout(type, right, batch);
  s.c = make_layout(type, c, batch);
  s.d = make_layout(type, out, batch);

  cublasLtMatmulPreference_t preference = nullptr;
  check_lt(lt().preference_create(&preference), "cublasLtMatmulPreferenceCreate");
  lt().preference_set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &kWorkspace, sizeof kWorkspace);
  // Parts of a sum are added up in a fixed order: the same bits on every run.
  uint32_t reductions = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
  lt().preference_set(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &reductions, sizeof reductions);
  uint32_t align_a = alignment_of(left.data), align_b = alignment_of(right.data), align_c = alignment_of(c.data),
           align_d = alignment_of(out.data);
  lt().preference_set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, &align_a, sizeof align_a);
  lt().preference_set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, &align_b, sizeof align_b);
  lt().preference_set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, &align_c, sizeof align_c);
  lt().preference_set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, &align_d, sizeof align_d);
  cublasLtMatmulHeuristicResult_t result{};
  int found = 0;
  cublasStatus_t status = lt().heuristic(handle(), s.desc, s.a, s.b, s.c, s.d, preference, 1, &result, &found);
  lt().preference_destroy(preference);
  if (status == CUBLAS_STATUS_SUCCESS && found > 0 && result.state == CUBLAS_STATUS_SUCCESS) {
    s.algorithm = result.algo;
    s.workspace = result.workspaceSize;
    s.supported = true;
  }
  return s;
}

const Setup& setup_for(DType dtype, const Matrix& left, const Matrix& right, const Matrix& c, const Matrix& out,
                       int32_t batch, bool bias, bool tf32) {
  static std::mutex mutex;
  static std::unordered_map<Key, Setup, KeyHash> setups;
  Key key{{left.rows, left.columns, left.ld, left.batch_stride, right.rows, right.columns, right.ld, right.batch_stride,
           c.ld, c.batch_stride, out.ld, out.batch_stride},
          {static_cast<int32_t>(dtype), left.transposed * 2 + right.transposed, batch, bias * 2 + tf32,
           static_cast<int32_t>(alignment_of(left.data) * 1024 + alignment_of(right.data)),
           static_cast<int32_t>(alignment_of(c.data) * 1024 + alignment_of(out.data)), kernel_device().index, 0}};
  {
    PatientLock lock(mutex);
    auto it = setups.find(key);
    if (it != setups.end()) return it->second;
  }
  OthersRun others;
  std::lock_guard lock(mutex);
  auto it = setups.find(key);
  if (it == setups.end()) it = setups.emplace(key, make_setup(dtype, left, right, c, out, batch, bias, tf32)).first;
  return it->second;
}

// One product of matrices, or a batch of them at equal distances.
bool run(DType dtype, const Matrix& left, const Matrix& right, const Matrix& c, const Matrix& out, int32_t batch,
         const void* bias, bool add_c) {
  bool tf32 = dtype == DType::Float32 && allow_tf32();
  const Setup& known = setup_for(dtype, left, right, c, out, batch, bias != nullptr, tf32);
  if (!known.supported) return false;
  Setup s = known;
  DeviceScratch workspace(s.workspace);
  double one64 = 1, zero64 = 0;
  float one = 1, zero = 0;
  bool wide = dtype == DType::Float64;
  const void* alpha = wide ? static_cast<void*>(&one64) : &one;
  const void* beta = add_c ? alpha : wide ? static_cast<void*>(&zero64) : &zero;
  static std::mutex mutex;
  PatientLock lock(mutex);  // the bias is part of the descriptor
  if (bias) lt().desc_set(s.desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias);
  check_lt(lt().matmul(handle(), s.desc, alpha, left.data, s.a, right.data, s.b, beta, c.data, s.c,
                       const_cast<void*>(out.data), s.d, &s.algorithm, workspace.as<void>(), s.workspace, stream()),
           "cublasLtMatmul");
  check_launch();
  return true;
}

// A contiguous copy of a matrix that cuBLASLt cannot read where it lies.
class Readable {
 public:
  explicit Readable(const StridedView& v) : view_(v), scratch_(needs_copy(v) ? bytes(v) : 0) {
    if (!needs_copy(v)) return;
    int64_t step = 1;
    for (int d = v.ndim - 1; d >= 0; d--) {
      strides_[d] = step;
      step *= v.shape[d];
    }
    view_.data = scratch_.as<void>();
    view_.strides = strides_;
    copy_kernel(kernel_device(), view_, v);
  }
  const StridedView& view() const { return view_; }

 private:
  static bool needs_copy(const StridedView& v) {
    Matrix m;
    return !read_matrix(v, m);
  }
  static size_t bytes(const StridedView& v) { return static_cast<size_t>(v.numel()) * item_size(v.dtype); }
  StridedView view_;
  DeviceScratch scratch_;
  int64_t strides_[64];
};

bool matmul_cublaslt(const StridedView& out, const StridedView& a_given, const StridedView& b_given,
                     const StridedView& base, const LibraryProduct& how) {
  const int nd = out.ndim;
  if (how.beta != 1 || how.alpha != 1) return false;
  if (!is_real_floating(out.dtype) || a_given.shape[nd - 1] == 0) return false;
  Matrix left, right, result, c;
  if (!read_matrix(out, result) || result.transposed) return false;
  Readable a_readable(a_given), b_readable(b_given);
  const StridedView &a = a_readable.view(), &b = b_readable.view();
  read_matrix(b, left);
  read_matrix(a, right);

  // Batch dimensions that lie at equal distances in all operands become one.
  struct Batch {
    int64_t size, out, a, b, base;
  };
  Batch dims[64];
  int count = 0;
  for (int d = 0; d < nd - 2; d++) {
    if (out.shape[d] == 1) continue;
    Batch own{out.shape[d], out.strides[d], a.strides[d], b.strides[d], base.data ? base.strides[d] : 0};
    if (count > 0) {
      Batch& before = dims[count - 1];
      if (before.out == own.out * own.size && before.a == own.a * own.size && before.b == own.b * own.size &&
          before.base == own.base * own.size) {
        own.size *= before.size;
        before = own;
        continue;
      }
    }
    dims[count++] = own;
  }
  Batch inner = count > 0 ? dims[count - 1] : Batch{1, 0, 0, 0, 0};
  if (inner.size >= (int64_t{1} << 31)) return false;
  int64_t m = out.shape[nd - 2], n = out.shape[nd - 1];
  // Rows of a batch that share b are rows of one product.
  bool base_rows =
      !base.data || (base.strides[nd - 2] == 0 && inner.base == 0) || inner.base == base.strides[nd - 2] * m;
  if (inner.size > 1 && inner.b == 0 && !right.transposed && inner.a == right.ld * m && inner.out == result.ld * m &&
      base_rows) {
    m *= inner.size;
    right.columns = result.columns = m;
    inner = {1, 0, 0, 0, 0};
  }
  left.batch_stride = inner.b;
  right.batch_stride = inner.a;
  result.batch_stride = inner.out;

  // What is added: a vector along the columns rides along; a matrix that lies like the result is read as it is; all
  // else is copied into the result first.
  bool bias = base.data && out.dtype != DType::Float64 && base.strides[nd - 2] == 0 &&
              (base.strides[nd - 1] == 1 || n == 1) && inner.base == 0;
  for (int k = 0; k + 1 < count; k++) bias &= dims[k].base == 0;
  c = result;
  if (base.data && !bias) {
    Matrix own;
    bool direct = read_matrix(base, own) && !own.transposed && base.shape[nd - 2] == out.shape[nd - 2] &&
                  (m == out.shape[nd - 2] || own.columns == m) && base.strides[nd - 2] >= n;
    if (direct) {
      c = own;
      c.batch_stride = inner.base;
    } else {
      copy_kernel(kernel_device(), out, base);
    }
  }

  int64_t outer = 1;
  for (int k = 0; k + 1 < count; k++) outer *= dims[k].size;
  for (int64_t i = 0; i < outer; i++) {
    Matrix l = left, r = right, y = result, add = c;
    int64_t rest = i, at_base = 0;
    auto item = static_cast<int64_t>(item_size(out.dtype));
    for (int k = count - 2; k >= 0; k--) {
      int64_t at = rest % dims[k].size;
      rest /= dims[k].size;
      l.data = static_cast<const char*>(l.data) + at * dims[k].b * item;
      r.data = static_cast<const char*>(r.data) + at * dims[k].a * item;
      y.data = static_cast<const char*>(y.data) + at * dims[k].out * item;
      at_base += at * (c.data == result.data ? dims[k].out : dims[k].base) * item;
    }
    add.data = static_cast<const char*>(c.data) + at_base;
    bool done =
        run(out.dtype, l, r, add, y, static_cast<int32_t>(inner.size), bias ? base.data : nullptr, base.data && !bias);
    if (!done) {
      // Nothing has been computed yet: the first product of a kind tells.
      return false;
    }
  }
  return true;
}
WEFT_DEVICE_KERNEL(CUDA, library_matmul_kernel, matmul_cublaslt);

}  // namespace

}  // namespace weft::cuda
