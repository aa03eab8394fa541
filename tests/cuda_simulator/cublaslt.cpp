// cuBLASLt for the simulated device: matrices by columns, op(A) op(B) + beta C + bias, checked as the library checks
// them.
#include "cublasLt.h"

#include "core/half.h"
#include "kernels/cuda/launch.h"

struct SimulatedDesc {
  cublasComputeType_t compute;
  cudaDataType_t scale;
  cublasOperation_t transa = CUBLAS_OP_N, transb = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void* bias = nullptr;
};
struct SimulatedLayout {
  cudaDataType_t type;
  int64_t rows, columns, ld;
  int32_t batch = 1;
  int64_t stride = 0;
};

namespace {

double load(const void* p, cudaDataType_t type, int64_t i) {
  switch (type) {
    case CUDA_R_64F:
      return static_cast<const double*>(p)[i];
    case CUDA_R_16F:
      return static_cast<double>(weft::to_float(static_cast<const weft::Float16*>(p)[i]));
    case CUDA_R_16BF:
      return static_cast<double>(weft::to_float(static_cast<const weft::BFloat16*>(p)[i]));
    default:
      return static_cast<double>(static_cast<const float*>(p)[i]);
  }
}
void store(void* p, cudaDataType_t type, int64_t i, double v) {
  switch (type) {
    case CUDA_R_64F:
      static_cast<double*>(p)[i] = v;
      return;
    case CUDA_R_16F:
      static_cast<weft::Float16*>(p)[i] = weft::to_float16(static_cast<float>(v));
      return;
    case CUDA_R_16BF:
      static_cast<weft::BFloat16*>(p)[i] = weft::to_bfloat16(static_cast<float>(v));
      return;
    default:
      static_cast<float*>(p)[i] = static_cast<float>(v);
  }
}

struct Call {
  SimulatedDesc desc;
  SimulatedLayout a, b, c, d;
  const void *pa, *pb, *pc;
  void* pd;
  double alpha, beta;
};

void multiply(Call k) {
  int64_t inner = k.desc.transa == CUBLAS_OP_N ? k.a.columns : k.a.rows;
  for (int32_t batch = 0; batch < k.d.batch; batch++) {
    for (int64_t column = 0; column < k.d.columns; column++) {
      for (int64_t row = 0; row < k.d.rows; row++) {
        double sum = 0;
        for (int64_t i = 0; i < inner; i++) {
          int64_t at = k.desc.transa == CUBLAS_OP_N ? row + i * k.a.ld : i + row * k.a.ld;
          int64_t bt = k.desc.transb == CUBLAS_OP_N ? i + column * k.b.ld : column + i * k.b.ld;
          sum += load(k.pa, k.a.type, batch * k.a.stride + at) * load(k.pb, k.b.type, batch * k.b.stride + bt);
        }
        double v = k.alpha * sum;
        if (k.beta != 0) v += k.beta * load(k.pc, k.c.type, batch * k.c.stride + row + column * k.c.ld);
        if (k.desc.epilogue == CUBLASLT_EPILOGUE_BIAS) v += load(k.desc.bias, k.d.type, row);
        store(k.pd, k.d.type, batch * k.d.stride + row + column * k.d.ld, v);
      }
    }
  }
}

// Do the sizes fit each other and the leading dimensions the rows?
bool fits(const SimulatedDesc& desc, const SimulatedLayout& a, const SimulatedLayout& b, const SimulatedLayout& c,
          const SimulatedLayout& d) {
  bool ta = desc.transa == CUBLAS_OP_T, tb = desc.transb == CUBLAS_OP_T;
  int64_t m = ta ? a.columns : a.rows, k = ta ? a.rows : a.columns;
  int64_t k2 = tb ? b.columns : b.rows, n = tb ? b.rows : b.columns;
  bool sizes = k == k2 && d.rows == m && d.columns == n && c.rows == m && c.columns == n;
  bool leading = a.ld >= a.rows && b.ld >= b.rows && c.ld >= c.rows && d.ld >= d.rows;
  bool batches = a.batch == d.batch && b.batch == d.batch && c.batch == d.batch;
  bool types = a.type == b.type && a.type == c.type && a.type == d.type &&
               (a.type == CUDA_R_64F) == (desc.compute == CUBLAS_COMPUTE_64F) &&
               !(desc.epilogue == CUBLASLT_EPILOGUE_BIAS && a.type == CUDA_R_64F);
  return sizes && leading && batches && types;
}

}  // namespace

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  static int one;
  *handle = &one;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* desc, cublasComputeType_t compute, cudaDataType_t scale) {
  *desc = new SimulatedDesc{compute, scale};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, size_t) {
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      desc->transa = *static_cast<const cublasOperation_t*>(value);
      break;
    case CUBLASLT_MATMUL_DESC_TRANSB:
      desc->transb = *static_cast<const cublasOperation_t*>(value);
      break;
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      desc->epilogue = *static_cast<const cublasLtEpilogue_t*>(value);
      break;
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      desc->bias = *static_cast<const void* const*>(value);
      break;
  }
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType_t type, uint64_t rows,
                                          uint64_t columns, int64_t ld) {
  *layout = new SimulatedLayout{type, static_cast<int64_t>(rows), static_cast<int64_t>(columns), ld};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute, const void* value, size_t) {
  if (attribute == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT)
    layout->batch = *static_cast<const int32_t*>(value);
  else
    layout->stride = *static_cast<const int64_t*>(value);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  *preference = nullptr;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t, cublasLtMatmulPreferenceAttributes_t,
                                                    const void*, size_t) {
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t) { return CUBLAS_STATUS_SUCCESS; }

// Products over a multiple of 5 have no algorithm here, so that the plug-in's own kernel is used for some.
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                                              cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c,
                                              cublasLtMatrixLayout_t d, cublasLtMatmulPreference_t, int,
                                              cublasLtMatmulHeuristicResult_t* result, int* found) {
  *found = 0;
  if (!fits(*desc, *a, *b, *c, *d)) return CUBLAS_STATUS_INVALID_VALUE;
  if ((desc->transa == CUBLAS_OP_N ? a->columns : a->rows) % 5 == 0) return CUBLAS_STATUS_NOT_SUPPORTED;
  *result = {};
  result->workspaceSize = 1024;
  *found = 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t desc, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t la, const void* b, cublasLtMatrixLayout_t lb, const void* beta,
                              const void* c, cublasLtMatrixLayout_t lc, void* d, cublasLtMatrixLayout_t ld,
                              const cublasLtMatmulAlgo_t*, void*, size_t, cudaStream_t) {
  if (!fits(*desc, *la, *lb, *lc, *ld)) return CUBLAS_STATUS_INVALID_VALUE;
  auto number = [&](const void* p) {
    return desc->scale == CUDA_R_64F ? *static_cast<const double*>(p)
                                     : static_cast<double>(*static_cast<const float*>(p));
  };
  weft::cuda::launch(multiply, weft::cuda::Grid{dim3(1), dim3(1)},
                     Call{*desc, *la, *lb, *lc, *ld, a, b, c, d, number(alpha), number(beta)});
  return CUBLAS_STATUS_SUCCESS;
}

const char* cublasLtGetStatusString(cublasStatus_t) { return "simulated cuBLASLt error"; }
