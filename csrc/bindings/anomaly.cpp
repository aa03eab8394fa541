// Anomaly detection: what Python knows of the place where a node is recorded.
#include "op/anomaly.h"
#include "bindings/autograd.h"
#include "bindings/gil.h"
#include "bindings/jit_guards.h"
#include "bindings/tensor_object.h"

namespace weft::python {

namespace {

// Functions of weft.autograd.anomaly_mode: record() -> place, describe(place) -> str, annotate(exception, str).
struct Callbacks {
  py::object record, describe, annotate;
};
Callbacks* callbacks = nullptr;  // never freed: nodes may outlive the interpreter

class PyNodeOrigin final : public NodeOrigin {
 public:
  explicit PyNodeOrigin(py::object place) : place_(std::move(place)) {}
  ~PyNodeOrigin() override {
    GilAcquire gil;
    place_ = py::object();
  }
  std::string text() const override {
    GilAcquire gil;
    return callbacks->describe(place_).cast<std::string>();
  }
  void annotate_current_exception(const std::string& text) const override {
    try {
      throw;
    } catch (py::error_already_set& e) {
      GilAcquire gil;
      callbacks->annotate(e.value(), text);
    } catch (...) {
    }
  }

 private:
  py::object place_;
};

Ref<NodeOrigin> record_place() {
  GilAcquire gil;
  return Ref<NodeOrigin>(new PyNodeOrigin(callbacks->record()));
}

}  // namespace

void bind_anomaly(Family& m) {
  m.function("_set_anomaly_callbacks", "(record, describe, annotate)",
             [](py::object record, py::object describe, py::object annotate) {
               delete callbacks;
               callbacks = new Callbacks{std::move(record), std::move(describe), std::move(annotate)};
               set_origin_recorder(record_place);
             });
  m.function("_set_anomaly_mode", "(enabled, check_nan)", [](bool enabled, bool check_nan) {
    const AnomalyMode before = anomaly_mode();
    set_anomaly_mode({enabled, check_nan});
    return py::make_tuple(before.enabled, before.check_nan);
  });
  def_setting(
      m, "is_anomaly_enabled", [] { return anomaly_enabled(); },
      "Does this thread detect anomalies in backward, as weft.autograd.detect_anomaly() asks for?\n\n"
      ">>> import weft\n"
      ">>> with weft.autograd.detect_anomaly():\n"
      "...     inside = weft.is_anomaly_enabled()\n"
      ">>> inside, weft.is_anomaly_enabled()\n"
      "(True, False)\n");
  def_setting(
      m, "is_anomaly_check_nan_enabled", [] { return anomaly_mode().check_nan; },
      "Does anomaly detection, where it is on, look for NaN in gradients?\n\n"
      ">>> import weft\n"
      ">>> with weft.autograd.detect_anomaly(check_nan=False):\n"
      "...     weft.is_anomaly_check_nan_enabled()\n"
      "False\n");
}

}  // namespace weft::python
