// Python's operators on tensors: + - * / // % ** @ & | ^ << >>, comparisons, their in-place and reflected forms.
#include "bindings/tensor_object.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"

namespace weft::python {

namespace {

// Reads a number quickly; nullopt leaves it to Python to try the other operand.
std::optional<Scalar> number(PyObject* o) {
  if (PyFloat_CheckExact(o)) return Scalar(PyFloat_AS_DOUBLE(o));
  if (PyUnicode_Check(o) || PyList_Check(o) || PyTuple_Check(o) || o == Py_None) return std::nullopt;
  return read_scalar(o);
}

// NumPy arrays take part as tensors on the same memory.
std::optional<Tensor> array_operand(PyObject* o) {
  if (!PyObject_HasAttrString(o, "__array_interface__")) return std::nullopt;
  py::object made = import_module("weft._C").attr("as_tensor")(py::handle(o));
  return unwrap(made.ptr());
}

// One struct per C++ function, whose overloads take tensors and numbers.
#define WEFT_FUNCTION(name)                      \
  struct Call_##name {                           \
    template <class A, class B>                  \
    static Tensor call(const A& a, const B& b) { \
      return weft::name(a, b);                   \
    }                                            \
  };
// clang-format off
#define WEFT_OPERATOR_FUNCTIONS(X)                                                                            \
  X(add) X(sub) X(mul) X(div) X(floor_divide) X(remainder) X(pow) X(bitwise_and) X(bitwise_or) X(bitwise_xor) \
  X(bitwise_left_shift) X(bitwise_right_shift) X(eq) X(ne) X(lt) X(le) X(gt) X(ge)                            \
  X(add_) X(sub_) X(mul_) X(div_) X(floor_divide_) X(remainder_) X(pow_)                                      \
  X(bitwise_and_) X(bitwise_or_) X(bitwise_xor_)
// clang-format on
WEFT_OPERATOR_FUNCTIONS(WEFT_FUNCTION)

template <class Function>
PyObject* binary(PyObject* a, PyObject* b) {
  return guarded([&]() -> PyObject* {
    bool a_is = is_tensor(a), b_is = is_tensor(b);
    if (a_is && b_is) return wrap(Function::call(unwrap(a), unwrap(b)));
    if (std::optional<Scalar> n = number(a_is ? b : a))
      return wrap(a_is ? Function::call(unwrap(a), *n) : Function::call(*n, unwrap(b)));
    if (std::optional<Tensor> other = array_operand(a_is ? b : a))
      return wrap(a_is ? Function::call(unwrap(a), *other) : Function::call(*other, unwrap(b)));
    Py_RETURN_NOTIMPLEMENTED;
  });
}

template <class Function>
PyObject* in_place(PyObject* a, PyObject* b) {
  return guarded([&]() -> PyObject* {
    if (is_tensor(b)) {
      Function::call(unwrap(a), unwrap(b));
    } else if (std::optional<Scalar> n = number(b)) {
      Function::call(unwrap(a), *n);
    } else if (std::optional<Tensor> other = array_operand(b)) {
      Function::call(unwrap(a), *other);
    } else {
      Py_RETURN_NOTIMPLEMENTED;
    }
    return Py_NewRef(a);
  });
}

template <class Function>
PyObject* compared(PyObject* a, PyObject* b) {
  return guarded([&]() -> PyObject* {
    if (is_tensor(b)) return wrap(Function::call(unwrap(a), unwrap(b)));
    if (std::optional<Scalar> n = number(b)) return wrap(Function::call(unwrap(a), *n));
    if (std::optional<Tensor> other = array_operand(b)) return wrap(Function::call(unwrap(a), *other));
    Py_RETURN_NOTIMPLEMENTED;
  });
}

PyObject* power(PyObject* a, PyObject* b, PyObject* modulo) {
  if (modulo != Py_None) {
    PyErr_SetString(PyExc_TypeError, "pow: a modulus is not supported for tensors");
    return nullptr;
  }
  return binary<Call_pow>(a, b);
}

PyObject* in_place_power(PyObject* a, PyObject* b, PyObject*) { return in_place<Call_pow_>(a, b); }

PyObject* matrix_multiply(PyObject* a, PyObject* b) {
  if (!is_tensor(a) || !is_tensor(b)) Py_RETURN_NOTIMPLEMENTED;
  return guarded([&] { return wrap(matmul(unwrap(a), unwrap(b))); });
}

template <Tensor (*f)(const Tensor&)>
PyObject* unary(PyObject* a) {
  return guarded([&] { return wrap(f(unwrap(a))); });
}

PyObject* as_positive(PyObject* a) {
  Py_INCREF(a);
  return a;
}

// For ~x: logical for bool, bitwise for integers.
Tensor invert(const Tensor& x) { return bitwise_not(x); }

int as_bool(PyObject* a) {
  return guarded([&]() -> int {
    const Tensor& t = unwrap(a);
    check(t.numel() == 1, "bool: the truth value of a tensor of shape ", t.shape(), " with ", t.numel(),
          " elements is ambiguous; use .any(), .all() or compare single elements");
    py::object value = py::reinterpret_steal<py::object>(item(t, "bool"));
    return PyObject_IsTrue(value.ptr());
  });
}

// The element; of a complex one that is real, its real part.
py::object real_item(PyObject* a, const char* asked) {
  py::object value = py::reinterpret_steal<py::object>(item(unwrap(a), asked));
  if (!PyComplex_Check(value.ptr())) return value;
  check(PyComplex_ImagAsDouble(value.ptr()) == 0, asked, ": the complex number ", std::string(py::str(value)),
        " is not real; use .item() or complex()");
  return py::float_(PyComplex_RealAsDouble(value.ptr()));
}

PyObject* as_int(PyObject* a) {
  return guarded([&] { return py::int_(real_item(a, "int")).release().ptr(); });
}

PyObject* as_float(PyObject* a) {
  return guarded([&] { return py::float_(real_item(a, "float")).release().ptr(); });
}

PyObject* as_index(PyObject* a) {
  return guarded([&] {
    const Tensor& t = unwrap(a);
    check<ErrorKind::Type>(category(t.dtype()) <= DTypeCategory::Integer && t.numel() == 1,
                           "only integer tensors of one element can be used as an index, got dtype ", t.dtype(),
                           " and shape ", t.shape());
    return py::int_(py::reinterpret_steal<py::object>(item(t, "index"))).release().ptr();
  });
}

PyObject* compare(PyObject* a, PyObject* b, int op) {
  switch (op) {
    case Py_EQ:
      return compared<Call_eq>(a, b);
    case Py_NE:
      return compared<Call_ne>(a, b);
    case Py_LT:
      return compared<Call_lt>(a, b);
    case Py_LE:
      return compared<Call_le>(a, b);
    case Py_GT:
      return compared<Call_gt>(a, b);
    default:
      return compared<Call_ge>(a, b);
  }
}

PyType_Slot slots[] = {
    {Py_nb_add, reinterpret_cast<void*>(binary<Call_add>)},
    {Py_nb_subtract, reinterpret_cast<void*>(binary<Call_sub>)},
    {Py_nb_multiply, reinterpret_cast<void*>(binary<Call_mul>)},
    {Py_nb_true_divide, reinterpret_cast<void*>(binary<Call_div>)},
    {Py_nb_floor_divide, reinterpret_cast<void*>(binary<Call_floor_divide>)},
    {Py_nb_remainder, reinterpret_cast<void*>(binary<Call_remainder>)},
    {Py_nb_power, reinterpret_cast<void*>(power)},
    {Py_nb_matrix_multiply, reinterpret_cast<void*>(matrix_multiply)},
    {Py_nb_and, reinterpret_cast<void*>(binary<Call_bitwise_and>)},
    {Py_nb_or, reinterpret_cast<void*>(binary<Call_bitwise_or>)},
    {Py_nb_xor, reinterpret_cast<void*>(binary<Call_bitwise_xor>)},
    {Py_nb_lshift, reinterpret_cast<void*>(binary<Call_bitwise_left_shift>)},
    {Py_nb_rshift, reinterpret_cast<void*>(binary<Call_bitwise_right_shift>)},
    {Py_nb_inplace_add, reinterpret_cast<void*>(in_place<Call_add_>)},
    {Py_nb_inplace_subtract, reinterpret_cast<void*>(in_place<Call_sub_>)},
    {Py_nb_inplace_multiply, reinterpret_cast<void*>(in_place<Call_mul_>)},
    {Py_nb_inplace_true_divide, reinterpret_cast<void*>(in_place<Call_div_>)},
    {Py_nb_inplace_floor_divide, reinterpret_cast<void*>(in_place<Call_floor_divide_>)},
    {Py_nb_inplace_remainder, reinterpret_cast<void*>(in_place<Call_remainder_>)},
    {Py_nb_inplace_power, reinterpret_cast<void*>(in_place_power)},
    {Py_nb_inplace_and, reinterpret_cast<void*>(in_place<Call_bitwise_and_>)},
    {Py_nb_inplace_or, reinterpret_cast<void*>(in_place<Call_bitwise_or_>)},
    {Py_nb_inplace_xor, reinterpret_cast<void*>(in_place<Call_bitwise_xor_>)},
    {Py_nb_negative, reinterpret_cast<void*>(unary<[](const Tensor& x) { return weft::neg(x); }>)},
    {Py_nb_positive, reinterpret_cast<void*>(as_positive)},
    {Py_nb_absolute, reinterpret_cast<void*>(unary<[](const Tensor& x) { return weft::abs(x); }>)},
    {Py_nb_invert, reinterpret_cast<void*>(unary<invert>)},
    {Py_nb_bool, reinterpret_cast<void*>(as_bool)},
    {Py_nb_int, reinterpret_cast<void*>(as_int)},
    {Py_nb_float, reinterpret_cast<void*>(as_float)},
    {Py_nb_index, reinterpret_cast<void*>(as_index)},
    {Py_tp_richcompare, reinterpret_cast<void*>(compare)},
    {0, nullptr},
};

}  // namespace

PyType_Slot* const tensor_number_slots = slots;

}  // namespace weft::python
