// Fused optimiser steps. weft.optim and weft.nn.utils call them; users do not.
#include <pybind11/pybind11.h>

#include "ops/optimizer.h"

#include "bindings/bindings.h"
#include "bindings/gil.h"

namespace weft::python {

// A list of tensors, read without an iterator: a step reads hundreds of them.
struct ListedTensors {
  TensorList tensors;
  operator const TensorList&() const { return tensors; }
};

}  // namespace weft::python

namespace pybind11::detail {

template <>
struct type_caster<weft::python::ListedTensors> {
  PYBIND11_TYPE_CASTER(weft::python::ListedTensors, const_name("list[weft.Tensor]"));
  bool load(handle source, bool) {
    if (!PyList_Check(source.ptr())) return false;
    const Py_ssize_t count = PyList_GET_SIZE(source.ptr());
    value.tensors.reserve(static_cast<size_t>(count));
    for (Py_ssize_t i = 0; i < count; i++) {
      PyObject* item = PyList_GET_ITEM(source.ptr(), i);
      if (!weft::python::is_tensor(item)) return false;
      value.tensors.push_back(weft::python::unwrap(item));
    }
    return true;
  }
};

}  // namespace pybind11::detail

namespace weft::python {

namespace {

StepRule rule_named(const std::string& name) {
  const std::optional<StepRule> rule = step_rule(name);
  check<ErrorKind::Value>(rule.has_value(), "there is no rule of an optimiser called '", name, "'");
  return *rule;
}

StepLists lists_of(ListedTensors& params, ListedTensors& grads, std::vector<ListedTensors>& states) {
  StepLists lists{std::move(params.tensors), std::move(grads.tensors), {}};
  for (ListedTensors& list : states) lists.states.push_back(std::move(list.tensors));
  return lists;
}

void take_step(const std::string& rule, ListedTensors params, ListedTensors grads, std::vector<ListedTensors> states,
               const std::vector<double>& numbers) {
  const StepRule which = rule_named(rule);
  const StepLists lists = lists_of(params, grads, states);
  GilRelease release;
  optimizer_step(which, lists, numbers);
}

auto prepare(const std::string& rule, ListedTensors params, ListedTensors grads, std::vector<ListedTensors> states,
             const std::vector<double>& numbers) {
  return prepare_step(rule_named(rule), lists_of(params, grads, states), numbers);
}

void trace_step_of(const std::string& rule, ListedTensors params, ListedTensors grads,
                   std::vector<ListedTensors> states, const Tensor& numbers) {
  trace_step(rule_named(rule), lists_of(params, grads, states), numbers);
}

// [params, *states]: what they become.
std::vector<TensorList> differentiable(const std::string& rule, ListedTensors params, ListedTensors grads,
                                       std::vector<ListedTensors> states, const std::vector<double>& numbers) {
  StepLists after = differentiable_step(rule_named(rule), lists_of(params, grads, states), numbers);
  std::vector<TensorList> lists{std::move(after.params)};
  for (TensorList& list : after.states) lists.push_back(std::move(list));
  return lists;
}

void take_adafactor_step(const Tensor& p, const Tensor& grad, ListedTensors means, const Tensor& numbers, double eps,
                         bool maximize, bool decays, bool record) {
  if (record) return adafactor_step(p, grad, means.tensors, numbers, {eps, maximize, decays, true});
  GilRelease release;
  adafactor_step(p, grad, means.tensors, numbers, {eps, maximize, decays, false});
}

bool takes_adafactor_step(const Tensor& p, ListedTensors means) { return has_adafactor_step(p, means.tensors); }

void run_steps(const std::vector<PreparedStep*>& steps) {
  for (const PreparedStep* step : steps) check<ErrorKind::Type>(step, "_run_steps: expected prepared steps, got None");
  GilRelease release;
  for (PreparedStep* step : steps) step->run();
}

// Are the entries of an optimizer's state what a step has last seen? entries[i] must be state[params[i]] still, and
// hold columns[k][i] as names[k]: the same objects, not equal ones.
bool state_is(const py::object& state, const py::list& params, const py::list& entries, const py::tuple& names,
              const py::list& columns) {
  if (!PyDict_Check(state.ptr())) return false;
  const Py_ssize_t count = PyList_GET_SIZE(params.ptr()), width = PyTuple_GET_SIZE(names.ptr());
  const auto is_list_of = [](PyObject* o, Py_ssize_t size) { return PyList_Check(o) && PyList_GET_SIZE(o) == size; };
  if (!is_list_of(entries.ptr(), count) || !is_list_of(columns.ptr(), width)) return false;
  const auto holds = [](PyObject* dict, PyObject* key, PyObject* wanted) {
    PyObject* found = PyDict_GetItemWithError(dict, key);
    if (!found && PyErr_Occurred()) throw py::error_already_set();
    return found == wanted;
  };
  for (Py_ssize_t i = 0; i < count; i++)
    if (!holds(state.ptr(), PyList_GET_ITEM(params.ptr(), i), PyList_GET_ITEM(entries.ptr(), i))) return false;
  for (Py_ssize_t k = 0; k < width; k++) {
    PyObject* column = PyList_GET_ITEM(columns.ptr(), k);
    if (!is_list_of(column, count)) return false;
    for (Py_ssize_t i = 0; i < count; i++) {
      PyObject* entry = PyList_GET_ITEM(entries.ptr(), i);
      if (!PyDict_Check(entry) || !holds(entry, PyTuple_GET_ITEM(names.ptr(), k), PyList_GET_ITEM(column, i)))
        return false;
    }
  }
  return true;
}

// The gradients of those of a group's parameters that have one, if these are the known ones in their order; else None,
// as for parameters that are no list.
py::object gradients_of(const py::object& params, const py::list& known) {
  if (!PyList_CheckExact(params.ptr())) return py::none();
  static PyObject* const name = PyUnicode_InternFromString("grad");
  py::list grads;
  // Reading a gradient may run code that changes the lists
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(params.ptr()); i++) {
    const auto p = py::reinterpret_borrow<py::object>(PyList_GET_ITEM(params.ptr(), i));
    const auto grad = py::reinterpret_steal<py::object>(PyObject_GetAttr(p.ptr(), name));
    if (!grad) throw py::error_already_set();
    if (grad.is_none()) continue;
    const Py_ssize_t found = PyList_GET_SIZE(grads.ptr());
    if (found >= PyList_GET_SIZE(known.ptr()) || PyList_GET_ITEM(known.ptr(), found) != p.ptr()) return py::none();
    if (PyList_Append(grads.ptr(), grad.ptr()) != 0) throw py::error_already_set();
  }
  if (PyList_GET_SIZE(grads.ptr()) != PyList_GET_SIZE(known.ptr())) return py::none();
  return grads;
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
  py::class_<PreparedStep>(f.scope(), "_PreparedStep", "An optimiser's step that was checked and can be taken.");
  f.function("_optimizer_step", "(rule, params, grads, states, numbers)", &take_step,
             "One step by a rule on all parameters. Changes params and the lists of state.");
  f.function("_prepare_step", "(rule, params, grads, states, numbers)", &prepare,
             "One step by a rule on all parameters, to be taken: will change params and the lists of state.");
  f.function("_differentiable_step", "(rule, params, grads, states, numbers)", &differentiable,
             "What parameters and states become by a step, as autograd follows it: [params, *states].");
  f.function("_trace_step", "(rule, params, grads, states, numbers)", &trace_step_of,
             "Records a step by a rule whose numbers are read when it runs.");
  f.function("_has_adafactor_step", "(param, means)", &takes_adafactor_step,
             "Is there a kernel for Adafactor's step of this parameter?");
  f.function("_adafactor_step", "(param, grad, means, numbers, eps, maximize, decays, record)", &take_adafactor_step,
             "Adafactor's step of one parameter: changes it and its running means of squares.");
  f.function("_run_steps", "(steps)", &run_steps, "Takes steps that were prepared.");
  f.function("_state_is", "(state, params, entries, names, columns)", &state_is,
             "Is an optimizer's state what a step has last seen?");
  f.function("_gradients_of", "(params, known)", &gradients_of,
             "The gradients of the parameters that have one, if these are the known ones; else None.");
  f.function("_set_numbers", "(numbers, values)", &set_numbers);
  f.function("_global_norm", "(tensors)", &global_norm, "The 2-norm of all elements of all tensors.");
}

}  // namespace weft::python
