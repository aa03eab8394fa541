// weft.check_numerics(): the check of ops that runs in a scope of the program.
#include "autograd/numerics.h"
#include "bindings/autograd.h"
#include "bindings/gil.h"
#include "bindings/jit_guards.h"
#include "bindings/tensor_object.h"

namespace weft::python {

namespace {

class PyNumericsCheck final : public NumericsCheck {
 public:
  PyNumericsCheck(bool infinities, Interpreter* next, py::object report)
      : NumericsCheck(infinities, next), report_(std::move(report)) {}

 private:
  void found(const Op& op, const std::string& what) override {
    GilAcquire gil;
    call_python(report_, py::make_tuple(op.name(), what));
  }
  py::object report_;
};

// Of this thread.
thread_local std::vector<std::unique_ptr<PyNumericsCheck>> checks;

}  // namespace

void bind_numerics(Family& m) {
  m.function("_begin_numerics_check", "(infinities, report)", [](bool infinities, py::object report) {
    refuse_while_tracing("check_numerics");
    checks.push_back(std::make_unique<PyNumericsCheck>(infinities, interpreter, std::move(report)));
    interpreter = checks.back().get();
  });
  m.function("_end_numerics_check", "()", [] {
    check(!checks.empty() && interpreter == checks.back().get(),
          "check_numerics: scopes must end in the order opposite to that in which they began, on the same thread");
    interpreter = checks.back()->next();
    checks.pop_back();
  });
}

}  // namespace weft::python
