// Dynamic dimensions: one trace for all sizes of marked dimensions. A program is traced at a few sizes; where its ops
// are the same, the numbers in them (sizes, mostly) follow from the marked sizes, and programs for other sizes are made
// without running the function again.
#pragma once

#include "graph/program.h"

namespace weft::graph {

// The size of dimension `dim` of argument `argument` is variable number `variable`.
struct DynamicDim {
  int argument = 0, dim = 0, variable = 0;
};

struct Comparison {
  enum class Kind : uint8_t { Less, LessEqual, Equal, Exact };  // Exact: Python took the size for a plain number
  Kind kind = Kind::Equal;
  double a = 0, b = 0;
  bool outcome() const { return kind == Kind::Less ? a < b : kind == Kind::LessEqual ? a <= b : a == b; }
};

// A traced sample: the sizes that the variables had, and what was recorded.
struct Sample {
  std::vector<int64_t> sizes;
  Program program;
  std::vector<Tensor> cells;  // captured tensors that are made anew by every trace, in order
  // What Python compared sizes with, in order: any other outcome could have made another program.
  std::vector<Comparison> comparisons;
};

class DynamicProgram {
 public:
  // The sizes to trace at, beside those of a first call. The last one is there to check the others.
  static std::vector<std::vector<int64_t>> sample_sizes(const std::vector<int64_t>& first);

  // Raises RuntimeError that says why the samples are not one program.
  DynamicProgram(std::vector<Sample> samples, std::vector<DynamicDim> dims);

  // Raises RuntimeError if the program has no form for these sizes.
  Program at(const std::vector<int64_t>& sizes) const;

 private:
  // A number of the program: constant, or a sum of terms in the sizes.
  struct Number {
    double first = 0;                  // in the first sample
    std::vector<double> coefficients;  // empty: constant
  };
  static std::vector<double> terms(const std::vector<int64_t>& sizes);
  double value(const Number& n, const std::vector<double>& terms) const;
  void compare_structure(const Sample& other) const;
  void fit(const std::vector<std::vector<double>>& values);
  void infer_types(Program& p, const std::vector<int64_t>& sizes) const;

  std::vector<Sample> samples_;
  std::vector<DynamicDim> dims_;
  std::vector<Number> numbers_;
};

}  // namespace weft::graph
