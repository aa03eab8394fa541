#include "ops/require.h"

#include "op/apply.h"
#include "ops/elementwise.h"
#include "ops/reduction.h"

namespace weft {

namespace {

struct Require : OpOf<Require> {
  static constexpr const char* kName = "require";
  std::string message;
  auto fields() const { return std::tie(message); }
  explicit Require(const std::string& m) : message(m) {}
  int num_outputs() const override { return 0; }
  bool pure() const override { return false; }
  bool differentiable() const override { return false; }
  void infer(Inputs, OutputSpec*) const override {}
  void run(Inputs in, const Tensor*) const override { check(*on_host(in[0]).data_as<bool>(), message); }
};

}  // namespace

void require_all(const Tensor& condition, const std::string& message) {
  GradModeGuard no_grad(false);
  apply_check(Require(message), all(condition));
}

}  // namespace weft
