// Fused optimiser steps. weft.optim and weft.nn.utils call them; users do not.
#include "ops/optimizer.h"

#include "bindings/bindings.h"

namespace weft::python {

namespace {

void sgd(const TensorList& params, const TensorList& grads, const TensorList& momentum_buffers, double lr,
         double momentum, double dampening, double weight_decay, bool nesterov, bool maximize, bool first_step) {
  py::gil_scoped_release release;
  sgd_step(params, grads, momentum_buffers, {lr, momentum, dampening, weight_decay, nesterov, maximize, first_step});
}

void adam(const TensorList& params, const TensorList& grads, const TensorList& exp_avgs, const TensorList& exp_avg_sqs,
          const TensorList& max_exp_avg_sqs, double step, double lr, double beta1, double beta2, double eps,
          double weight_decay, bool decoupled, bool amsgrad, bool maximize) {
  py::gil_scoped_release release;
  adam_step(params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs,
            {step, lr, beta1, beta2, eps, weight_decay, decoupled, amsgrad, maximize});
}

// Sets the numbers that a traced step reads.
void set_numbers(const Tensor& numbers, const std::vector<double>& values) {
  check(numbers.dtype() == DType::Float64 && numbers.numel() == static_cast<int64_t>(values.size()) &&
            numbers.is_contiguous() && numbers.device().type == DeviceType::CPU,
        "_set_numbers: expected a float64 vector of ", values.size(), " numbers");
  std::copy(values.begin(), values.end(), numbers.data_as<double>());
}

}  // namespace

void bind_optimizer(Family& f, Family&) {
  py::module_& m = f.module();
  m.def("_sgd_step", &sgd, py::arg("params"), py::arg("grads"), py::arg("momentum_buffers"), py::arg("lr"),
        py::arg("momentum"), py::arg("dampening"), py::arg("weight_decay"), py::arg("nesterov"), py::arg("maximize"),
        py::arg("first_step"), "One step of SGD on all parameters. Changes params and momentum_buffers.");
  m.def("_adam_step", &adam, py::arg("params"), py::arg("grads"), py::arg("exp_avgs"), py::arg("exp_avg_sqs"),
        py::arg("max_exp_avg_sqs"), py::arg("step"), py::arg("lr"), py::arg("beta1"), py::arg("beta2"), py::arg("eps"),
        py::arg("weight_decay"), py::arg("decoupled"), py::arg("amsgrad"), py::arg("maximize"),
        "One step of Adam or AdamW on all parameters. Changes params and the three lists of state.");
  m.def("_trace_sgd_step", &trace_sgd_step, py::arg("params"), py::arg("grads"), py::arg("momentum_buffers"),
        py::arg("numbers"), "Records a step of SGD whose numbers are read when it runs.");
  m.def("_trace_adam_step", &trace_adam_step, py::arg("params"), py::arg("grads"), py::arg("exp_avgs"),
        py::arg("exp_avg_sqs"), py::arg("max_exp_avg_sqs"), py::arg("numbers"),
        "Records a step of Adam whose numbers are read when it runs.");
  m.def("_set_numbers", &set_numbers, py::arg("numbers"), py::arg("values"));
  m.def("_global_norm", &global_norm, py::arg("tensors"), "The 2-norm of all elements of all tensors.");
}

}  // namespace weft::python
