#include "bindings/arguments.h"

#include <structmember.h>

#include <algorithm>
#include <charconv>

#include "bindings/argument_errors.h"
#include "bindings/tensor_object.h"

namespace weft::python {

namespace {

// NumPy's names of arguments, which stand for PyTorch's.
constexpr std::pair<const char*, const char*> kOtherNames[] = {
    {"axis", "dim"}, {"keepdims", "keepdim"}, {"x", "input"}, {"a", "input"}, {"x1", "input"}, {"x2", "other"}};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "a, b: tuple[int, int]=(1, 2)" at the commas outside of brackets and quotes.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  int depth = 0;
  char quote = 0;
  for (size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '\'') {
      quote = c;
    } else if (c == '[' || c == '(') {
      depth++;
    } else if (c == ']' || c == ')') {
      depth--;
    } else if (c == ',' && depth == 0) {
      parts.push_back(trimmed(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  if (!trimmed(text.substr(begin)).empty()) parts.push_back(trimmed(text.substr(begin)));
  return parts;
}

// The value of a default. Only what cannot change: a list would be shared by all calls.
py::object literal(const char* name, std::string_view text) {
  if (text == "None") return py::none();
  if (text == "True" || text == "False") return py::bool_(text == "True");
  if (text == "inf" || text == "-inf") return py::float_(text == "inf" ? HUGE_VAL : -HUGE_VAL);
  const char *begin = text.data(), *end = begin + text.size();
  int64_t whole = 0;
  if (auto read = std::from_chars(begin, end, whole); read.ec == std::errc() && read.ptr == end) return py::int_(whole);
  double real = 0;
  if (auto read = std::from_chars(begin, end, real); read.ec == std::errc() && read.ptr == end) return py::float_(real);
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'')
    return py::str(std::string(text.substr(1, text.size() - 2)));
  check(text.size() >= 2 && text.front() == '(' && text.back() == ')', name, ": the default ", std::string(text),
        " in a form is no constant that cannot change: None, a bool, a number, a text, or a tuple of them");
  py::list items;
  for (std::string_view item : split(text.substr(1, text.size() - 2))) items.append(literal(name, item));
  return py::tuple(items);
}

// "name: annotation = default"
Parameter parameter(const char* name, std::string_view text, Parameter::Kind kind, std::string annotation) {
  Parameter p;
  p.kind = kind;
  if (const size_t equals = text.find('='); equals != std::string_view::npos) {
    p.standard = literal(name, trimmed(text.substr(equals + 1))).release().ptr();
    text = trimmed(text.substr(0, equals));
  }
  if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    annotation = trimmed(text.substr(colon + 1));
    text = trimmed(text.substr(0, colon));
  }
  const bool named = annotation.find("None") != std::string::npos;
  if (p.standard == Py_None && !named && annotation != "Any") annotation += " | None";
  p.takes_none = p.standard == Py_None || (named && annotation.ends_with("None"));
  p.annotation = std::move(annotation);
  p.name = text;
  p.key = PyUnicode_InternFromString(p.name.c_str());
  if (!p.key) throw py::error_already_set();
  return p;
}

// A name in a message, where characters that are none are escaped.
std::string quoted(PyObject* name) {
  const py::str text = py::repr(name);
  const auto plain =
      py::reinterpret_steal<py::object>(PyUnicode_AsEncodedString(text.ptr(), "utf-8", "backslashreplace"));
  if (!plain) throw py::error_already_set();
  return PyBytes_AS_STRING(plain.ptr());
}

bool same_name(PyObject* a, PyObject* b) { return a == b || PyUnicode_Compare(a, b) == 0; }

}  // namespace

Form::Form(const char* name, const char* given, const TypeName* types, size_t count, TypeName result)
    : result_(result()) {
  const std::string_view text = given;
  const size_t close = text.rfind(')'), arrow = text.rfind("-> ");
  check(text.starts_with('(') && close != std::string_view::npos, name, ": a form begins with '(', got ", given);
  if (arrow != std::string_view::npos && arrow > close) result_ = trimmed(text.substr(arrow + 3));
  using Kind = Parameter::Kind;
  Kind kind = Kind::Either;
  for (std::string_view part : split(text.substr(1, close - 1))) {
    if (part == "*") {
      kind = Kind::KeywordOnly;
      continue;
    }
    if (part == "/") {
      for (Parameter& p : parameters_) p.kind = Kind::PositionalOnly;
      continue;
    }
    check(parameters_.size() < count, name, ": ", given, " has more parameters than its function, which has ", count);
    std::string annotation = types[parameters_.size()]();
    if (part.starts_with("**")) {
      keywords_ = static_cast<ptrdiff_t>(parameters_.size());
      parameters_.push_back(parameter(name, part.substr(2), Kind::Keywords, "Any"));
    } else if (part.starts_with("*")) {
      rest_ = static_cast<ptrdiff_t>(parameters_.size());
      parameters_.push_back(parameter(name, part.substr(1), Kind::Rest, "Any"));
      kind = Kind::KeywordOnly;
    } else {
      parameters_.push_back(parameter(name, part, kind, std::move(annotation)));
      if (kind != Kind::KeywordOnly) positional_++;
    }
  }
  for (size_t i = 0; i < parameters_.size(); i++)
    if (parameters_[i].name == "out") out_ = static_cast<ptrdiff_t>(i);
  check(parameters_.size() == count && count <= BoundArguments::kMost, name, ": ", given, " has ", parameters_.size(),
        " parameters, its function ", count);
}

ptrdiff_t Form::find(PyObject* name) const {
  const auto with_name = [this](auto fits) -> ptrdiff_t {
    for (size_t i = 0; i < parameters_.size(); i++)
      if (parameters_[i].kind <= Parameter::Kind::KeywordOnly &&
          parameters_[i].kind != Parameter::Kind::PositionalOnly && fits(parameters_[i]))
        return static_cast<ptrdiff_t>(i);
    return -1;
  };
  // Names in source code are interned, as ours.
  ptrdiff_t place = with_name([&](const Parameter& p) { return p.key == name; });
  if (place < 0) place = with_name([&](const Parameter& p) { return same_name(p.key, name); });
  if (place >= 0) return place;
  for (auto [other, own] : kOtherNames)
    if (PyUnicode_CompareWithASCIIString(name, other) == 0)
      return with_name([own = own](const Parameter& p) { return p.name == own; });
  return -1;
}

bool Form::bind(PyObject* const* args, size_t count, PyObject* names, BoundArguments& bound) const {
  if (count > positional_ && rest_ < 0) return false;
  PyObject** values = bound.values;
  const size_t placed = std::min(count, positional_), all = parameters_.size();
  for (size_t i = 0; i < placed; i++) values[i] = args[i];
  for (size_t i = placed; i < all; i++) values[i] = nullptr;
  if (rest_ >= 0) {
    bound.rest = py::tuple(count - placed);
    for (size_t i = placed; i < count; i++) PyTuple_SET_ITEM(bound.rest.ptr(), i - placed, Py_NewRef(args[i]));
    values[rest_] = bound.rest.ptr();
  }
  if (keywords_ >= 0) {
    bound.keywords = py::dict();
    values[keywords_] = bound.keywords.ptr();
  }
  for (Py_ssize_t k = 0; names && k < PyTuple_GET_SIZE(names); k++) {
    PyObject *name = PyTuple_GET_ITEM(names, k), *value = args[count + static_cast<size_t>(k)];
    const ptrdiff_t place = find(name);
    if (place >= 0) {
      if (values[place]) return false;  // given twice
      values[place] = value;
    } else if (keywords_ < 0 || PyDict_SetItem(bound.keywords.ptr(), name, value) < 0) {
      if (PyErr_Occurred()) throw py::error_already_set();
      return false;
    }
  }
  for (size_t i = 0; i < all; i++) {
    const Parameter& p = parameters_[i];
    if (!values[i]) {
      if (!p.standard) return false;
      values[i] = p.standard;
    } else if (values[i] == Py_None && !p.takes_none) {
      return false;
    }
  }
  return true;
}

namespace {

// Two storages may lie on the same memory, where it is that of another library.
bool overlap(const Storage& a, const Storage& b) {
  const auto *p = static_cast<const char*>(a.data()), *q = static_cast<const char*>(b.data());
  return &a == &b || (p < q + b.nbytes() && q < p + a.nbytes());
}

// Does `o` share the memory of `out`, or could it? Or would a result computed from it need a gradient?
bool may_share(PyObject* o, const Tensor& out, bool nested = false) {
  if (is_tensor(o)) {
    const Tensor& t = unwrap(o);
    return !t.defined() || overlap(*t.impl()->storage, *out.impl()->storage) ||
           (GradMode::enabled() && t.requires_grad());
  }
  if (PyTuple_CheckExact(o) || PyList_CheckExact(o)) {
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(o); i++)
      if (nested || may_share(PySequence_Fast_GET_ITEM(o, i), out, true)) return true;
    return false;
  }
  return !(o == Py_None || PyLong_Check(o) || PyFloat_Check(o) || PyComplex_Check(o) || PyUnicode_Check(o) ||
           read_dtype(o) || read_device(o));
}

}  // namespace

bool Form::has_own_out(const BoundArguments& bound) const {
  if (out_ < 0 || !is_tensor(bound.values[out_])) return false;
  const Tensor& out = unwrap(bound.values[out_]);
  if (!out.defined()) return false;
  for (size_t i = 0; i < parameters_.size(); i++)
    if (static_cast<ptrdiff_t>(i) != out_ && bound.values[i] != parameters_[i].standard &&
        may_share(bound.values[i], out))
      return false;
  return true;
}

std::string Form::problem(PyObject* const* args, size_t count, PyObject* names, bool method, ptrdiff_t misfit,
                          size_t& progress) const {
  progress = 0;
  const size_t self = method ? 1 : 0;
  if (count > positional_ && rest_ < 0)
    return concat("takes ", positional_ - self, " positional argument", positional_ - self == 1 ? "" : "s", ", got ",
                  count - self);
  PyObject* values[BoundArguments::kMost] = {};
  std::copy_n(args, std::min(count, positional_), values);
  for (Py_ssize_t k = 0; names && k < PyTuple_GET_SIZE(names); k++) {
    PyObject* name = PyTuple_GET_ITEM(names, k);
    const ptrdiff_t place = find(name);
    if (place >= 0 && values[place])
      return concat("got '", parameters_[static_cast<size_t>(place)].name, "' twice, once as ", quoted(name));
    if (place >= 0) values[place] = args[count + static_cast<size_t>(k)];
    if (place >= 0 || keywords_ >= 0) continue;
    py::list known;
    for (const Parameter& p : parameters_)
      if (p.kind == Parameter::Kind::Either || p.kind == Parameter::Kind::KeywordOnly) known.append(p.name);
    const py::list near = import_module("difflib").attr("get_close_matches")(py::handle(name), known, 1);
    return concat("unexpected keyword argument ", quoted(name),
                  near.empty() ? "" : "; did you mean " + quoted(py::handle(near[0]).ptr()) + "?");
  }
  for (size_t i = 0; i < parameters_.size(); i++) {
    const Parameter& p = parameters_[i];
    if (!values[i] && !p.standard && p.kind <= Parameter::Kind::KeywordOnly)
      return concat("missing argument '", p.name, "'");
  }
  // All are there: one is of another type, or None.
  size_t place = misfit < 0 ? 0 : static_cast<size_t>(misfit);
  while (misfit < 0 && place + 1 < parameters_.size() && !(values[place] == Py_None && !parameters_[place].takes_none))
    place++;
  progress = 1 + place;
  const Parameter& p = parameters_[place];
  PyObject* value = values[place] ? values[place] : p.standard ? p.standard : Py_None;
  std::string text = concat(p.name, " must be ", p.annotation, ", got ", described(value));
  if (value != Py_None && !is_tensor(value)) text += concat(" (", Py_TYPE(value)->tp_name, ")");
  if (p.annotation.starts_with("dtype") && PyUnicode_Check(value))
    if (py::object found = py::getattr(import_module("weft"), value, py::none()); read_dtype(found.ptr()))
      text += "; did you mean weft." + py::str(value).cast<std::string>() + "?";
  return text;
}

std::string Form::text(bool method) const {
  std::string text = "(";
  bool keyword_only = false, only_by_place = false;
  for (size_t i = 0; i < parameters_.size(); i++) {
    const Parameter& p = parameters_[i];
    using Kind = Parameter::Kind;
    if (only_by_place && p.kind != Kind::PositionalOnly) text += ", /";
    only_by_place = p.kind == Kind::PositionalOnly;
    if (i > 0) text += ", ";
    if (p.kind == Kind::KeywordOnly && !keyword_only) text += "*, ";
    keyword_only = p.kind == Kind::KeywordOnly || p.kind == Kind::Rest;
    if (p.kind == Kind::Rest) text += "*";
    if (p.kind == Kind::Keywords) text += "**";
    if (method && i == 0) {
      text += "self";
      continue;
    }
    text += p.name + ": " + p.annotation;
    if (p.standard) text += " = " + std::string(py::repr(p.standard));
  }
  return text + (only_by_place ? ", /)" : ")") + " -> " + result_;
}

py::object Form::signature(bool method) const {
  const auto inspect = import_module("inspect");
  const py::object type = inspect.attr("Parameter");
  const char* const kinds[] = {"POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD", "KEYWORD_ONLY", "VAR_POSITIONAL",
                               "VAR_KEYWORD"};
  py::list parameters;
  for (const Parameter& p : parameters_) {
    const bool self = method && parameters.empty();
    py::dict options;
    if (!self) options["annotation"] = p.annotation;
    if (p.standard) options["default"] = py::handle(p.standard);
    // `from` cannot be the name of a parameter in Python
    const std::string name = self ? "self" : p.name == "from" ? "from_" : p.name;
    parameters.append(
        type(name, type.attr(kinds[static_cast<int>(self ? Parameter::Kind::PositionalOnly : p.kind)]), **options));
  }
  return inspect.attr("Signature")(parameters, py::arg("return_annotation") = result_);
}

namespace {

// What weft.softmax and Tensor.softmax are: objects of two types, of which that of methods binds self.
struct FunctionObject {
  PyObject_HEAD vectorcallfunc call;
  struct Entry* entry;
};
struct Entry {
  std::string name, owner, doc;  // owner: "weft._C", "Tensor"
  std::vector<const Form*> forms;
  bool method;
};
PyTypeObject *function_type = nullptr, *method_type = nullptr;

Entry& entry_of(PyObject* o) { return *reinterpret_cast<FunctionObject*>(o)->entry; }

thread_local bool own_out = false;

// What out_is_apart() says for the innermost call.
class OwnOut {
 public:
  explicit OwnOut(bool apart) : before_(own_out) { own_out = apart; }
  ~OwnOut() { own_out = before_; }
  OwnOut(const OwnOut&) = delete;

 private:
  bool before_;
};

constexpr size_t kMostForms = 6;  // in an error

// `misfits`: of each form, the place of the argument of another type; -1 where they did not fit before that.
[[noreturn]] void raise_mismatch(const Entry& e, PyObject* const* args, size_t count, PyObject* names,
                                 const std::vector<ptrdiff_t>& misfits) {
  std::string best;
  size_t farthest = 0;
  for (size_t i = 0; i < e.forms.size(); i++) {
    size_t progress = 0;
    std::string text = e.forms[i]->problem(args, count, names, e.method, misfits[i], progress);
    if (!best.empty() && progress <= farthest) continue;
    best = std::move(text);
    farthest = progress;
  }
  std::string text = concat(e.name, ": ", best);
  for (size_t i = 0; i < std::min(e.forms.size(), kMostForms); i++)
    text += "\n    " + e.name + e.forms[i]->text(e.method);
  if (e.forms.size() > kMostForms) text += "\n    ...";
  fail<ErrorKind::Type>(text);
}

PyObject* call_function(PyObject* self, PyObject* const* args, size_t flags, PyObject* names) {
  const Entry& e = entry_of(self);
  const auto count = static_cast<size_t>(PyVectorcall_NARGS(flags));
  PyObject* result = guarded([&]() -> PyObject* {
    check<ErrorKind::Type>(!e.method || (count > 0 && is_tensor(args[0])), e.owner, ".", e.name,
                           ": expected a Tensor as self, got ", count > 0 ? Py_TYPE(args[0])->tp_name : "nothing");
    std::vector<ptrdiff_t> misfits;
    for (const Form* form : e.forms) {
      BoundArguments bound;
      size_t misfit = 0;
      const bool fits = form->bind(args, count, names, bound);
      const OwnOut out(fits && form->has_own_out(bound));
      if (fits)
        if (PyObject* made = form->call(bound.values, misfit)) return made;
      misfits.push_back(fits ? static_cast<ptrdiff_t>(misfit) : -1);
    }
    raise_mismatch(e, args, count, names, misfits);
  });
  if (!result) [[unlikely]]
    rename_error(e.name);
  return result;
}

PyObject* get_method(PyObject* self, PyObject* object, PyObject*) {
  return object && object != Py_None ? PyMethod_New(self, object) : Py_NewRef(self);
}

// A function is no method of a class that holds it. That it can be asked makes it a routine for inspect and help().
PyObject* get_itself(PyObject* self, PyObject*, PyObject*) { return Py_NewRef(self); }

PyObject* represent_function(PyObject* self) {
  const Entry& e = entry_of(self);
  return PyUnicode_FromFormat("<%s %s.%s>", e.method ? "method" : "function", e.owner.c_str(), e.name.c_str());
}

// __module__ is that of the types.
constexpr std::string_view kModule = "weft._C.";

PyObject* name_of(PyObject* self, void*) { return PyUnicode_FromString(entry_of(self).name.c_str()); }
// "softmax", "nn.relu", "Tensor.softmax"
PyObject* qualified_name(PyObject* self, void*) {
  const Entry& e = entry_of(self);
  const std::string name = concat(e.owner, ".", e.name);
  return PyUnicode_FromString(name.c_str() + (name.starts_with(kModule) ? kModule.size() : 0));
}
PyObject* doc_of(PyObject* self, void*) { return PyUnicode_FromString(entry_of(self).doc.c_str()); }
PyObject* signature_of(PyObject* self, void*) {
  const Entry& e = entry_of(self);
  return guarded([&] { return e.forms[0]->signature(e.method).release().ptr(); });
}
PyObject* forms_of(PyObject* self, void*) {
  const Entry& e = entry_of(self);
  return guarded([&] {
    py::tuple texts(e.forms.size());
    for (size_t i = 0; i < e.forms.size(); i++) texts[i] = e.forms[i]->text(e.method);
    return texts.release().ptr();
  });
}
// Pickled by name.
PyObject* reduce(PyObject* self, PyObject*) { return qualified_name(self, nullptr); }

PyGetSetDef function_properties[] = {{"__name__", name_of, nullptr, nullptr, nullptr},
                                     {"__qualname__", qualified_name, nullptr, nullptr, nullptr},
                                     {"__doc__", doc_of, nullptr, nullptr, nullptr},
                                     {"__signature__", signature_of, nullptr, nullptr, nullptr},
                                     {"__forms__", forms_of, nullptr, "The text of each way to call it.", nullptr},
                                     {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyMethodDef function_methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};
PyMemberDef function_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(FunctionObject, call), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr}};

PyTypeObject* make_type(const char* name, bool method) {
  std::vector<PyType_Slot> slots = {{Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                                    {Py_tp_repr, reinterpret_cast<void*>(represent_function)},
                                    {Py_tp_getset, function_properties},
                                    {Py_tp_methods, function_methods},
                                    {Py_tp_members, function_members}};
  slots.push_back({Py_tp_descr_get, reinterpret_cast<void*>(method ? get_method : get_itself)});
  slots.push_back({0, nullptr});
  const unsigned long flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_IMMUTABLETYPE |
                              Py_TPFLAGS_DISALLOW_INSTANTIATION | (method ? Py_TPFLAGS_METHOD_DESCRIPTOR : 0ul);
  PyType_Spec spec = {name, sizeof(FunctionObject), 0, static_cast<unsigned>(flags), slots.data()};
  PyObject* type = PyType_FromSpec(&spec);
  if (!type) throw py::error_already_set();
  return reinterpret_cast<PyTypeObject*>(type);
}

}  // namespace

bool out_is_apart() { return own_out; }

void add_form(py::handle scope, const char* name, const Form* form, const char* doc) {
  const bool method = PyType_Check(scope.ptr());
  PyTypeObject* type = method ? method_type : function_type;
  auto existing = py::getattr(scope, name, py::none());
  if (Py_TYPE(existing.ptr()) != type) {
    auto* object = PyObject_New(FunctionObject, type);
    if (!object) throw py::error_already_set();
    object->call = &call_function;
    object->entry = new Entry{name, scope.attr("__name__").cast<std::string>(), "", {}, method};
    existing = py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(object));
    py::setattr(scope, name, existing);
    if (name[0] != '_') note_op_name(name);
  }
  Entry& e = entry_of(existing.ptr());
  e.forms.push_back(form);
  if (e.doc.empty()) e.doc = doc;
}

Family Family::submodule(const char* name, const char* doc) {
  const std::string full = concat(py::str(scope_.attr("__name__")).cast<std::string>(), ".", name);
  // A borrowed reference: sys.modules holds it
  PyObject* made = PyImport_AddModule(full.c_str());
  if (!made) throw py::error_already_set();
  auto module = py::reinterpret_borrow<py::object>(made);
  module.attr("__doc__") = py::str(doc);
  scope_.attr(name) = module;
  return Family(std::move(module));
}

void bind_arguments(Family& m) {
  function_type = make_type("weft._C.function", false);
  method_type = make_type("weft._C.method", true);
  m.scope().attr("_function_type") = py::handle(reinterpret_cast<PyObject*>(function_type));
  m.scope().attr("_method_type") = py::handle(reinterpret_cast<PyObject*>(method_type));
  m.function(
      "_check_form", "(text)",
      [](const std::string& text) { form_of("check", text.c_str(), [](const Tensor&, int64_t) {}); },
      "Raises for a form that a function of a tensor and an integer cannot have.");
}

}  // namespace weft::python
