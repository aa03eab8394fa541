#include "ops/require.h"

#include "op/apply.h"
#include "ops/batching.h"
#include "ops/elementwise.h"
#include "ops/reduction.h"

namespace weft {

namespace {

struct Require : OpOf<Require> {
  static constexpr const char* kName = "require";
  std::string message;
  bool of_value;
  auto fields() const { return std::tie(message, of_value); }
  Require(const std::string& m, bool v) : message(m), of_value(v) {}
  int num_outputs() const override { return 0; }
  bool pure() const override { return false; }
  bool differentiable() const override { return false; }
  void infer(Inputs, OutputSpec*) const override {}
  void run(Inputs in, const Tensor*) const override {
    const bool holds = *on_host(in[0]).data_as<BoolByte>();
    check<ErrorKind::Value>(holds || !of_value, message);
    check(holds, message);
  }
};

}  // namespace

void require_all(const Tensor& condition, const std::string& message, bool of_value) {
  GradModeGuard no_grad(false);
  apply_check(Require(message, of_value), all(condition));
}

// Batch rules

namespace {

WEFT_BATCH_SHIFT(Require, op);

}  // namespace

}  // namespace weft
