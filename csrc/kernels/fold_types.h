// What each fold is computed with: the same on every device.
#pragma once

#include "kernels/reduction.h"
#include "kernels/scalar/folds.h"

namespace weft {

// Calls run(TypeTag<F>{}, TypeTag<C>{}, TypeTag<T>{}): elements are read as C, folded by F, and totals are of type T.
template <class Run>
WEFT_INLINE void visit_fold(Fold fold, DType in, DType out, const Run& run) {
  auto numbers = [&]<class F>(TypeTag<F> f) {
    if (accumulate_type(can_cast(in, out) ? out : in) == DType::Int64)
      run(f, TypeTag<int64_t>{}, TypeTag<int64_t>{});
    else if (in == DType::Float64 || out == DType::Float64)
      run(f, TypeTag<double>{}, TypeTag<double>{});
    else
      run(f, TypeTag<float>{}, TypeTag<double>{});
  };
  // For folds whose result is one of the elements, or a truth.
  auto elements = [&]<class F>(TypeTag<F> f) {
    if (in == DType::Float64)
      run(f, TypeTag<double>{}, TypeTag<double>{});
    else if (is_real_floating(in))
      run(f, TypeTag<float>{}, TypeTag<float>{});
    else if (in == DType::UInt64)
      run(f, TypeTag<uint64_t>{}, TypeTag<uint64_t>{});
    else
      run(f, TypeTag<int64_t>{}, TypeTag<int64_t>{});
  };
  using namespace scalar;
  switch (fold) {
    case Fold::Sum:
    case Fold::Mean:
      return numbers(TypeTag<SumFold>{});
    case Fold::NanSum:
      return numbers(TypeTag<NanSumFold>{});
    case Fold::SumAbs:
      return numbers(TypeTag<SumAbsFold>{});
    case Fold::Norm2:
      return numbers(TypeTag<SumSquareFold>{});
    case Fold::CountNonzero:
      return numbers(TypeTag<CountFold>{});
    case Fold::Prod:
      return numbers(TypeTag<ProdFold>{});
    case Fold::Max:
      return elements(TypeTag<MaxFold>{});
    case Fold::Min:
      return elements(TypeTag<MinFold>{});
    case Fold::MaxAbs:
      return elements(TypeTag<AbsOf<MaxFold>>{});
    case Fold::MinAbs:
      return elements(TypeTag<AbsOf<MinFold>>{});
    case Fold::Any:
      return elements(TypeTag<AnyFold>{});
    case Fold::All:
      return elements(TypeTag<AllFold>{});
  }
}

// Calls f(the fold, the type computed in) for argmax or argmin of elements of a dtype.
template <class F>
WEFT_INLINE void visit_arg_fold(bool largest, DType in, const F& f) {
  auto as = [&]<class C>(TypeTag<C> type) {
    largest ? f(TypeTag<scalar::MaxFold>{}, type) : f(TypeTag<scalar::MinFold>{}, type);
  };
  if (in == DType::Float64)
    as(TypeTag<double>{});
  else if (is_real_floating(in))
    as(TypeTag<float>{});
  else if (in == DType::UInt64)
    as(TypeTag<uint64_t>{});
  else
    as(TypeTag<int64_t>{});
}

}  // namespace weft
