#include "ops/require.h"

#include "op/apply.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/elementwise.h"
#include "ops/reduction.h"

namespace weft {

namespace {

struct Require : OpOf<Require> {
  static constexpr const char* kName = "require";
  static constexpr Traits kTraits{.pure = false, .differentiable = false};
  std::string message;
  bool of_value;
  WEFT_FIELDS(message, of_value);
  void check_inputs(const InputCheck& in) const { in.count(1).dtype(0, DType::Bool).shape(0, {}); }
  Require(const std::string& m, bool v) : message(m), of_value(v) {}
  int num_outputs() const override { return 0; }
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

// What programs are saved with

namespace {

WEFT_OP(Require);

}  // namespace

}  // namespace weft
