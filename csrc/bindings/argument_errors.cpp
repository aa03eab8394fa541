// Errors about arguments that fit no signature. pybind11 prints every argument as Python would, a whole tensor of
// values too; here a tensor is its dtype and shape, and long texts are cut.
#include "bindings/argument_errors.h"

#include <pybind11/pybind11.h>
#include <unordered_set>

#include "bindings/bindings.h"

namespace weft::python {

namespace {

constexpr size_t kLongestText = 80;
constexpr size_t kMostSignatures = 6;
constexpr std::string_view kInvoked = "\nInvoked with: ";

std::string cut(std::string text) {
  if (text.size() <= kLongestText) return text;
  size_t end = kLongestText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) end--;  // not inside of a character
  return text.substr(0, end) + "...";
}

// Elements of a container beyond these are left out, and what lies deeper.
constexpr Py_ssize_t kMostElements = 4;
constexpr int kDeepest = 2;

}  // namespace

std::string described(PyObject* argument, int depth) {
  if (is_tensor(argument)) {
    const Tensor& t = unwrap(argument);
    return t.defined() ? concat("Tensor(", t.dtype(), " ", t.shape(), ")") : "Tensor()";
  }
  if ((PyTuple_CheckExact(argument) || PyList_CheckExact(argument)) && depth < kDeepest) {
    // A copy: texts of elements run their code.
    const auto items = py::reinterpret_steal<py::tuple>(PySequence_Tuple(argument));
    if (!items) throw py::error_already_set();
    const bool is_list = PyList_CheckExact(argument);
    std::string text = is_list ? "[" : "(";
    for (Py_ssize_t i = 0; i < std::min<Py_ssize_t>(PyTuple_GET_SIZE(items.ptr()), kMostElements); i++)
      text += (i > 0 ? ", " : "") + described(PyTuple_GET_ITEM(items.ptr(), i), depth + 1);
    return text + (PyTuple_GET_SIZE(items.ptr()) > kMostElements ? ", ..." : "") + (is_list ? "]" : ")");
  }
  if (PyTuple_Check(argument) || PyList_Check(argument) || PyDict_Check(argument) || PyAnySet_Check(argument))
    return concat("a ", Py_TYPE(argument)->tp_name, " of ", static_cast<int64_t>(PyObject_Size(argument)));
  auto text = py::reinterpret_steal<py::object>(PyObject_Repr(argument));
  const char* plain = text ? PyUnicode_AsUTF8(text.ptr()) : nullptr;
  if (!plain) PyErr_Clear();
  return plain ? cut(plain) : concat("a ", Py_TYPE(argument)->tp_name);
}

namespace {

// "    1. (input: weft.Tensor, dim: typing.SupportsInt) -> weft.Tensor" without the rest of many.
std::string signatures(std::string_view text) {
  std::string kept;
  size_t count = 0, begin = 0;
  while (begin < text.size()) {
    size_t end = std::min(text.find('\n', begin), text.size());
    if (count++ <= kMostSignatures) kept.append(text.substr(begin, end - begin)).append("\n");
    begin = end + 1;
  }
  if (count > kMostSignatures + 1) kept += "    ...\n";
  return kept;
}

// The names of all ops. Errors of an op that another one is made of come under the name of the one that was called.
std::unordered_set<std::string>& op_names() {
  static std::unordered_set<std::string> names;
  return names;
}

// What a device says of an op that was called earlier (device/cuda/runtime.cpp): the name is that op's.
constexpr std::string_view kRanBefore = "the op ran before this call";

}  // namespace

void note_op_name(const std::string& name) { op_names().insert(name); }

// Of errors without Python code in between.
void rename_error(std::string_view own) {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  const auto text = py::reinterpret_steal<py::object>(trace ? nullptr : PyObject_Str(value));
  const char* plain = text ? PyUnicode_AsUTF8(text.ptr()) : nullptr;
  PyErr_Clear();
  const std::string_view message = plain ? plain : "";
  const size_t colon = message.find(": ");
  const auto stem = [](std::string_view name) { return name.substr(0, name.find_last_not_of('_') + 1); };
  if (colon != std::string_view::npos && message.find(kRanBefore) == std::string_view::npos &&
      op_names().contains(std::string(own)) && stem(message.substr(0, colon)) != stem(own) &&
      op_names().contains(std::string(message.substr(0, colon)))) {
    const auto renamed =
        py::reinterpret_steal<py::object>(PyObject_CallFunction(type, "s", concat(own, message.substr(colon)).c_str()));
    if (renamed) {
      Py_DECREF(value);
      value = renamed.inc_ref().ptr();
    }
    PyErr_Clear();
  }
  PyErr_Restore(type, value, trace);
}

namespace {

using CallEntry = PyObject* (*)(PyObject*, PyObject* const*, Py_ssize_t, PyObject*);
CallEntry dispatcher = nullptr;

void rewrite_error(PyObject* const* args, size_t count, PyObject* names) {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  auto own_type = py::reinterpret_steal<py::object>(type), own_value = py::reinterpret_steal<py::object>(value),
       own_trace = py::reinterpret_steal<py::object>(trace);
  auto text = py::reinterpret_steal<py::object>(PyObject_Str(value));
  const char* plain = text ? PyUnicode_AsUTF8(text.ptr()) : nullptr;
  const std::string_view message = plain ? plain : "";
  const size_t invoked = message.find(kInvoked);
  if (!plain || invoked == std::string_view::npos ||
      message.find("incompatible function arguments") == std::string_view::npos) {
    PyErr_Clear();
    PyErr_Restore(own_type.release().ptr(), own_value.release().ptr(), own_trace.release().ptr());
    return;
  }
  std::string shorter = signatures(message.substr(0, invoked)) + "got (";
  size_t named = names ? static_cast<size_t>(PyTuple_GET_SIZE(names)) : 0;
  for (size_t i = 0; i < count + named; i++) {
    if (i > 0) shorter += ", ";
    if (i >= count) shorter += py::str(PyTuple_GET_ITEM(names, i - count)).cast<std::string>() + "=";
    shorter += described(args[i]);
  }
  shorter += ")";
  PyErr_SetString(PyExc_TypeError, shorter.c_str());
}

PyCFunction as_method(CallEntry entry) { return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(entry)); }

PyObject* call(PyObject* self, PyObject* const* args, Py_ssize_t nargs, PyObject* names) {
  PyObject* result = dispatcher(self, args, nargs, names);
  if (!result) [[unlikely]] {
    try {
      const py::detail::function_record* record = py::detail::function_record_ptr_from_PyObject(self);
      rename_error(record && record->name ? record->name : "");
      if (!PyErr_ExceptionMatches(PyExc_TypeError)) return nullptr;
      rewrite_error(args, static_cast<size_t>(PyVectorcall_NARGS(static_cast<size_t>(nargs))), names);
    } catch (py::error_already_set& error) {
      error.restore();
    }
  }
  return result;
}

void shorten_in(PyObject* value, int depth, bool is_op) {
  if (PyInstanceMethod_Check(value)) value = PyInstanceMethod_GET_FUNCTION(value);
  if (PyCFunction_Check(value)) {
    PyMethodDef* def = reinterpret_cast<PyCFunctionObject*>(value)->m_ml;
    const int wanted = METH_FASTCALL | METH_KEYWORDS;
    // Only functions that pybind11 has made carry the same entry
    if ((def->ml_flags & wanted) != wanted || def->ml_meth != as_method(dispatcher)) return;
    def->ml_meth = as_method(&call);
    if (is_op) op_names().insert(def->ml_name);
    return;
  }
  PyObject* dict = PyModule_Check(value) && depth < 2 ? PyModule_GetDict(value)
                   : PyType_Check(value) && depth < 2 ? reinterpret_cast<PyTypeObject*>(value)->tp_dict
                                                      : nullptr;
  if (!dict) return;
  const bool holds_ops = PyModule_Check(value) || value == reinterpret_cast<PyObject*>(tensor_type());
  const auto entries = py::reinterpret_steal<py::dict>(PyDict_Copy(dict));
  for (auto [key, inner] : entries) {
    const bool is_public = !py::str(key).cast<std::string>().starts_with("_");
    shorten_in(inner.ptr(), depth + 1, holds_ops && is_public);
  }
}

}  // namespace

void shorten_argument_errors(py::handle module) {
  // pybind11's entry of all functions, from one of ours
  py::cpp_function probe([] {});
  auto* function = reinterpret_cast<PyCFunctionObject*>(probe.ptr());
  dispatcher = reinterpret_cast<CallEntry>(reinterpret_cast<void (*)()>(function->m_ml->ml_meth));
  shorten_in(module.ptr(), 0, false);
}

}  // namespace weft::python
