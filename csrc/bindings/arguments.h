// The argument table: what a caller can write, as data. A function has one or more forms; a form is a C++ function and
// the text of its parameters, such as "(input, dim, dtype=None, *, out=None)". Their types are those of the C++
// function. The parser of calls, the function and the method, NumPy's spellings, errors, __doc__, inspect.signature and
// the stubs (tools/make_stubs.py) all follow from it.
#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/containers.h"

namespace weft::python {

struct Parameter {
  enum class Kind : uint8_t { PositionalOnly, Either, KeywordOnly, Rest, Keywords };
  std::string name;
  std::string annotation;        // its type, as Python writes it
  PyObject* key = nullptr;       // the name, interned
  PyObject* standard = nullptr;  // what stands for an argument that is not given; nullptr: it has to be given
  Kind kind = Kind::Either;
  bool takes_none = false;  // only where None is the default, or the annotation names it
};

// The arguments of a call, in the order of a form's parameters: borrowed from the call, but for *args and **kwargs.
struct BoundArguments {
  static constexpr size_t kMost = 32;
  PyObject* values[kMost];
  py::object rest, keywords;
};

class Form {
 public:
  using TypeName = std::string (*)();
  // Reads `text`. A type that stands in it, "x: Sequence[Tensor]" or "-> Tensor", is told instead of the C++
  // function's. Raises for text that does not fit the function, and for a default that could change.
  Form(const char* name, const char* text, const TypeName* types, size_t count, TypeName result);
  virtual ~Form() = default;
  Form(const Form&) = delete;
  Form& operator=(const Form&) = delete;

  // Calls the C++ function; nullptr where the argument at `misfit` is of another type than its parameter. Throws what
  // the function throws.
  virtual PyObject* call(PyObject* const* values, size_t& misfit) const = 0;
  // False where the arguments do not fit by number and name, or one is None that must not be.
  bool bind(PyObject* const* args, size_t count, PyObject* names, BoundArguments& bound) const;
  // Why the arguments do not fit, without the function's name; `progress` says how far they do. `misfit`: the place
  // of the argument that call() refused, -1 where bind() gave false.
  std::string problem(PyObject* const* args, size_t count, PyObject* names, bool method, ptrdiff_t misfit,
                      size_t& progress) const;

  // Is there an out= that shares no memory with another argument? Where an argument could hold any objects, it may.
  bool has_own_out(const BoundArguments& bound) const;

  // "(input: Tensor, dim: int) -> Tensor"; of a method "(self, dim: int) -> Tensor".
  std::string text(bool method) const;
  py::object signature(bool method) const;  // as inspect.Signature

 private:
  // The place of the parameter that can be given by this name; -1 if there is none.
  ptrdiff_t find(PyObject* name) const;

  std::vector<Parameter> parameters_;
  std::string result_;
  size_t positional_ = 0;  // how many can be given by place
  ptrdiff_t rest_ = -1, keywords_ = -1, out_ = -1;
};

// Reads an argument of one of the common types; false for an object of another type, None among them.
bool read_argument(PyObject* o, Tensor& value);
bool read_argument(PyObject* o, bool& value);
bool read_argument(PyObject* o, int& value);
bool read_argument(PyObject* o, int64_t& value);
bool read_argument(PyObject* o, double& value);
bool read_argument(PyObject* o, std::string& value);
bool read_argument(PyObject* o, Scalar& value);
bool read_argument(PyObject* o, Operand& value);
bool read_argument(PyObject* o, Dims& value);
bool read_argument(PyObject* o, DType& value);
bool read_argument(PyObject* o, Device& value);
bool read_argument(PyObject* o, FormatArgument& value);
bool read_argument(PyObject* o, StridedLayout& value);
template <class T>
concept CommonArgument = requires(PyObject* o, T& value) { read_argument(o, value); };

// Reads one argument; false for an object of another type.
template <class T>
struct Reader {
  py::detail::make_caster<T> caster;
  bool read(PyObject* o) { return caster.load(o, true); }
  decltype(auto) get() {
    if constexpr (std::is_pointer_v<T>)
      return py::detail::cast_op<T>(caster);
    else
      return py::detail::cast_op<T&>(caster);
  }
};
template <CommonArgument T>
struct Reader<T> {
  T value{};
  bool read(PyObject* o) { return read_argument(o, value); }
  T& get() { return value; }
};
// None, which only parameters with that default take, is the undefined tensor. A copy: code that runs while further
// arguments are read may give the object another tensor.
template <>
struct Reader<Tensor> {
  Tensor value;
  bool read(PyObject* o) { return o == Py_None || read_argument(o, value); }
  const Tensor& get() { return value; }
};
template <>
struct Reader<bool> {
  bool value = false;
  bool read(PyObject* o) {
    if (o != Py_True && o != Py_False) return read_argument(o, value);
    value = o == Py_True;
    return true;
  }
  bool get() const { return value; }
};
template <CommonArgument T>
struct Reader<std::optional<T>> {
  std::optional<T> value;
  bool read(PyObject* o) { return o == Py_None || read_argument(o, value.emplace()); }
  std::optional<T>& get() { return value; }
};
template <CommonArgument T>
struct Reader<std::vector<T>> {
  std::vector<T> value;
  bool read(PyObject* o) {
    py::tuple items;
    if (!read_sequence(o, items)) return false;
    value.resize(items.size());
    for (size_t i = 0; i < value.size(); i++)
      if (!read_argument(PyTuple_GET_ITEM(items.ptr(), i), value[i])) return false;
    return true;
  }
  std::vector<T>& get() { return value; }
};
template <>
struct Reader<py::object> {
  py::object value;
  bool read(PyObject* o) {
    value = py::reinterpret_borrow<py::object>(o);
    return true;
  }
  const py::object& get() { return value; }
};

// The readers of a call's arguments, side by side.
template <size_t, class T>
struct Slot {
  Reader<T> reader;
};
template <class Indices, class... T>
struct Slots;
template <size_t... I, class... T>
struct Slots<std::index_sequence<I...>, T...> : Slot<I, T>... {};
template <size_t I, class T>
Reader<T>& reader_at(Slot<I, T>& slot) {
  return slot.reader;
}

// The name of a C++ type in annotations.
template <class T>
struct Annotation {
  static std::string text() { return "Any"; }
};
#define WEFT_ANNOTATION(Type, name)            \
  template <>                                  \
  struct Annotation<Type> {                    \
    static std::string text() { return name; } \
  };
WEFT_ANNOTATION(void, "None")
WEFT_ANNOTATION(Tensor, "Tensor")
WEFT_ANNOTATION(bool, "bool")
WEFT_ANNOTATION(int, "int")
WEFT_ANNOTATION(int64_t, "int")
WEFT_ANNOTATION(size_t, "int")
WEFT_ANNOTATION(double, "float")
WEFT_ANNOTATION(std::string, "str")
WEFT_ANNOTATION(Scalar, "complex")
WEFT_ANNOTATION(Dims, "int | Sequence[int]")
WEFT_ANNOTATION(DType, "dtype")
WEFT_ANNOTATION(Device, "device | str | int")
WEFT_ANNOTATION(FormatArgument, "memory_format | None")
WEFT_ANNOTATION(StridedLayout, "layout | None")
WEFT_ANNOTATION(py::bool_, "bool")
WEFT_ANNOTATION(py::int_, "int")
WEFT_ANNOTATION(py::str, "str")
WEFT_ANNOTATION(py::bytes, "bytes")
WEFT_ANNOTATION(py::tuple, "tuple[Any, ...]")
WEFT_ANNOTATION(py::list, "list[Any]")
WEFT_ANNOTATION(py::dict, "dict[Any, Any]")
#undef WEFT_ANNOTATION
template <class T>
struct Annotation<std::optional<T>> {
  static std::string text() { return Annotation<T>::text() + " | None"; }
};
template <class T, class... Rest>
struct Annotation<std::variant<T, Rest...>> {
  static std::string text() { return Annotation<T>::text() + ((" | " + Annotation<Rest>::text()) + ... + ""); }
};
template <class T>
struct Annotation<std::vector<T>> {
  static std::string text() { return "list[" + Annotation<T>::text() + "]"; }
};
template <class A, class B>
struct Annotation<std::pair<A, B>> {
  static std::string text() { return "tuple[" + Annotation<A>::text() + ", " + Annotation<B>::text() + "]"; }
};
template <class T, class... Rest>
struct Annotation<std::tuple<T, Rest...>> {
  static std::string text() {
    return "tuple[" + Annotation<T>::text() + ((", " + Annotation<Rest>::text()) + ... + "") + "]";
  }
};

// New references; nullptr with a Python error.
PyObject* to_object(const Tensor& value);
PyObject* to_object(bool value);
PyObject* to_object(int64_t value);
PyObject* to_object(double value);
PyObject* to_object(const std::string& value);
PyObject* to_object(DType value);
PyObject* to_object(const std::vector<Tensor>& value);

// A new reference. Throws where Python has an error.
template <class R>
PyObject* to_python(R&& value) {
  using Plain = std::decay_t<R>;
  PyObject* object;
  if constexpr (std::is_base_of_v<py::object, Plain>)
    object = py::object(std::forward<R>(value)).release().ptr();
  else if constexpr (std::is_same_v<Plain, Tensor> || std::is_same_v<Plain, bool> || std::is_same_v<Plain, int64_t> ||
                     std::is_same_v<Plain, double> || std::is_same_v<Plain, std::string> ||
                     std::is_same_v<Plain, DType> || std::is_same_v<Plain, std::vector<Tensor>>)
    object = to_object(value);
  else
    object = py::detail::make_caster<Plain>::cast(std::forward<R>(value), py::return_value_policy::move, {}).ptr();
  if (!object) throw py::error_already_set();
  return object;
}

template <class F, class R, class... Args>
class FormOf final : public Form {
 public:
  FormOf(const char* name, const char* text, F f)
      : Form(name, text, types, sizeof...(Args), &Annotation<std::decay_t<R>>::text), f_(std::move(f)) {}
  PyObject* call(PyObject* const* values, size_t& misfit) const override {
    return call(values, misfit, std::index_sequence_for<Args...>{});
  }

 private:
  static constexpr TypeName types[] = {&Annotation<std::decay_t<Args>>::text..., nullptr};

  template <size_t... I>
  PyObject* call([[maybe_unused]] PyObject* const* values, [[maybe_unused]] size_t& misfit,
                 std::index_sequence<I...>) const {
    [[maybe_unused]] Slots<std::index_sequence<I...>, std::decay_t<Args>...> slots;
    if (!((misfit = I, reader_at<I>(slots).read(values[I])) && ...)) return nullptr;
    if constexpr (std::is_void_v<R>) {
      f_(reader_at<I>(slots).get()...);
      return Py_NewRef(Py_None);
    } else {
      return to_python<R>(f_(reader_at<I>(slots).get()...));
    }
  }
  F f_;
};

// A form for the rest of the process.
template <class F>
const Form* form_of(const char* name, const char* text, F f) {
  constexpr auto make = []<class R, class... Args>(const char* n, const char* t, F&& g, R (*)(Args...)) -> const Form* {
    return new FormOf<F, R, Args...>(n, t, std::move(g));
  };
  constexpr py::detail::function_signature_t<F>* signature = nullptr;
  return make(name, text, std::move(f), signature);
}

// Adds a form to scope.<name>, which is made with its first one: a function of a module, or a method of a class. The
// text of the first form that has some is its __doc__.
void add_form(py::handle scope, const char* name, const Form* form, const char* doc);
// Does the tensor given as out= to the innermost call of a function share no memory with its other arguments, of which
// none requires grad?
bool out_is_apart();

// Binds functions and methods:
//   void bind_softmax(Family& f) {
//     f.def("softmax", "(input, dim, dtype=None)", &softmax, "doc");
//   }
class Family {
 public:
  explicit Family(py::object scope) : scope_(std::move(scope)) {}
  // The module.
  const py::object& scope() const { return scope_; }
  // Adds a module within the module.
  Family submodule(const char* name, const char* doc);

  // weft.<name>(input, ...) and Tensor.<name>(...) at once
  template <class F>
  Family& def(const char* name, const char* text, F f, const char* doc = "") {
    const Form* form = form_of(name, text, std::move(f));
    add_form(scope_, name, form, doc);
    add_form(tensor_class(), name, form, doc);
    return *this;
  }
  template <class F>
  Family& function(const char* name, const char* text, F f, const char* doc = "") {
    add_form(scope_, name, form_of(name, text, std::move(f)), doc);
    return *this;
  }
  template <class F>
  Family& method(const char* name, const char* text, F f, const char* doc = "") {
    add_form(tensor_class(), name, form_of(name, text, std::move(f)), doc);
    return *this;
  }

 private:
  static py::handle tensor_class() { return reinterpret_cast<PyObject*>(tensor_type()); }
  py::object scope_;
};

// The types of these functions and methods.
void bind_arguments(Family& m);

}  // namespace weft::python
