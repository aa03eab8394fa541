#include "bindings/jit_signature.h"

#include <algorithm>
#include <atomic>
#include <string_view>

#include "bindings/gil.h"
#include "bindings/recursion.h"
#include "bindings/tensor_object.h"
#include "op/autocast.h"
#include "op/grad_mode.h"

namespace weft::python {

namespace {

template <class T>
void append_bytes(std::string& key, const T& v) {
  key.append(reinterpret_cast<const char*>(&v), sizeof v);
}

// Containers may hold themselves.
struct NestedValue : RecursionGuard {
  NestedValue() : RecursionGuard(" in the arguments or results of a jitted function") {}
};

// Of lists or dicts: the same objects in the same places?
bool same_elements(PyObject* a, PyObject* b) {
  if (PyList_Check(a)) {
    bool same = PyList_GET_SIZE(a) == PyList_GET_SIZE(b);
    for (Py_ssize_t i = 0; same && i < PyList_GET_SIZE(a); i++) same = PyList_GET_ITEM(a, i) == PyList_GET_ITEM(b, i);
    return same;
  }
  PyObject *key_a, *key_b, *value_a, *value_b;
  Py_ssize_t at_a = 0, at_b = 0;
  while (PyDict_Next(a, &at_a, &key_a, &value_a))
    if (!PyDict_Next(b, &at_b, &key_b, &value_b) || key_a != key_b || value_a != value_b) return false;
  return !PyDict_Next(b, &at_b, &key_b, &value_b);
}

}  // namespace

PyObject* attributes_of(PyObject* tensor) {
  PyObject* dict = reinterpret_cast<TensorObject*>(tensor)->dict;
  return dict && PyDict_GET_SIZE(dict) ? dict : nullptr;
}

void Signature::add(PyObject* o, const std::string& name) {
  if (is_tensor(o)) {
    add_tensor(o, name);
    return add_attributes(o, name);
  }
  NestedValue nested;
  if (o == Py_None) return add_constant('n', "None", name);
  if (PyBool_Check(o)) return add_constant(o == Py_True ? 't' : 'f', o == Py_True ? "True" : "False", name);
  if (PyTuple_Check(o)) {
    key += '(';
    append_bytes(key, Py_TYPE(o));
    append_bytes(key, PyTuple_GET_SIZE(o));
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(o); i++) add(PyTuple_GET_ITEM(o, i), indexed(name, i));
    return;
  }
  if (PyList_CheckExact(o)) {
    key += '[';
    append_bytes(key, PyList_GET_SIZE(o));
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(o); i++) add(PyList_GET_ITEM(o, i), indexed(name, i));
    return;
  }
  if (PyDict_CheckExact(o)) {
    key += '{';
    append_bytes(key, PyDict_GET_SIZE(o));
    PyObject *k, *v;
    Py_ssize_t at = 0;
    while (PyDict_Next(o, &at, &k, &v)) {
      add(k, described ? "a key of " + name : name);
      add(v, described ? concat(name, "[", py::repr(k).cast<std::string>(), "]") : name);
    }
    return;
  }
  if (PySlice_Check(o)) {  // hashable only since Python 3.12
    auto* slice = reinterpret_cast<PySliceObject*>(o);
    if (!is_tensor(slice->start) && !is_tensor(slice->stop) && !is_tensor(slice->step)) {
      key += ':';
      for (PyObject* part : {slice->start, slice->stop, slice->step}) add(part, name);
      return;
    }
  }
  add_object(o, name);
}

void Signature::add_call(const py::tuple& args, const py::dict& kwargs) {
  for (size_t i = 0; i < args.size(); i++) {
    if (dynamic) argument = std::to_string(i);
    add(args[i].ptr(), described ? concat("argument ", i) : std::string());
  }
  for (auto [name, value] : kwargs) {
    std::string text = py::str(name).cast<std::string>();
    key += text + '=';
    if (dynamic) argument = text;
    add(value.ptr(), described ? text : std::string());
  }
}

std::string Signature::indexed(const std::string& name, Py_ssize_t i) const {
  return described ? concat(name, "[", static_cast<int64_t>(i), "]") : name;
}

void Signature::add_tensor(PyObject* o, const std::string& name) {
  const Tensor& t = unwrap(o);
  key += 'T';
  append_bytes(key, Py_TYPE(o));
  append_bytes(key, t.dtype());
  append_bytes(key, t.device().type);
  append_bytes(key, t.device().index);
  append_bytes(key, t.requires_grad());
  append_bytes(key, t.ndim());
  if (dynamic) add_to_group(t);
  key.append(reinterpret_cast<const char*>(t.shape().data()), sizeof(int64_t) * static_cast<size_t>(t.ndim()));
  if (t.is_contiguous()) {
    key += 'c';
  } else {
    key += 's';
    key.append(reinterpret_cast<const char*>(t.strides().data()), sizeof(int64_t) * static_cast<size_t>(t.ndim()));
  }
  group_from_ = key.size();
  for (size_t i = 0; i < tensors.size(); i++) {
    if (tensors[i].impl()->storage != t.impl()->storage) continue;
    key += tensors[i].same(t) ? '=' : '~';
    append_bytes(key, i);
  }
  tensors.push_back(t);
  tensor_objects.push_back(py::reinterpret_borrow<py::object>(o));
  if (!described) return;
  std::string text = concat(name, ": ", t.dtype(), " ", t.shape());
  if (!t.is_contiguous()) text += concat(" with strides ", t.strides());
  if (t.device().type != DeviceType::CPU) text += concat(" on ", t.device());
  if (t.requires_grad()) text += ", requires grad";
  parts.push_back(std::move(text));
}

// Attributes of a tensor are arguments as well. Each tensor's once: they may lead back to it.
void Signature::add_attributes(PyObject* o, const std::string& name) {
  PyObject* dict = attributes_of(o);
  if (!dict || std::find(with_attributes_.begin(), with_attributes_.end(), o) != with_attributes_.end()) return;
  with_attributes_.push_back(o);
  key += '.';
  append_bytes(key, PyDict_GET_SIZE(dict));
  // Comparing values may run code that changes the dict.
  for (auto [k, v] : py::reinterpret_steal<py::dict>(PyDict_Copy(dict))) {
    const std::string attribute = py::str(k).cast<std::string>();
    append_bytes(key, attribute.size());
    key += attribute;
    add(v.ptr(), described ? concat(name, ".", attribute) : name);
  }
}

void Signature::add_to_group(const Tensor& t) {
  group += key.substr(group_from_);
  most_dims.resize(dynamic->size(), -1);
  for (size_t i = 0; i < dynamic->size(); i++)
    if ((*dynamic)[i].first.empty() || (*dynamic)[i].first == argument) most_dims[i] = std::max(most_dims[i], t.ndim());
  for (int d = 0; d < t.ndim(); d++) {
    bool marked = false;
    for (const auto& [name, dims] : *dynamic)
      if (name.empty() || name == argument)
        for (int64_t dim : dims) marked |= dim == kAllDims || dim == d || dim + t.ndim() == d;
    if (marked) sizes.push_back(t.size(d));
    append_bytes(group, marked ? int64_t{-1} : t.size(d));
  }
}

void Signature::check_dynamic() const {
  for (size_t i = 0; i < most_dims.size(); i++) {
    const auto& [name, dims] = (*dynamic)[i];
    for (int64_t dim : dims)
      check<ErrorKind::Value>(dim == kAllDims || most_dims[i] <= 0 || (dim < most_dims[i] && dim >= -most_dims[i]),
                              "jit: dynamic_dims names dimension ", dim, name.empty() ? "" : " of argument ", name,
                              ", but the tensors there have at most ", int64_t{most_dims[i]}, " dimensions");
  }
}

void Signature::add_constant(char tag, const std::string& text, const std::string& name) {
  key += tag;
  if (described) parts.push_back(name + " = " + text);
}

void Signature::add_object(PyObject* o, const std::string& name) {
  Py_hash_t hash = PyObject_Hash(o);
  if (hash == -1) {
    PyErr_Clear();
    bool array = py::hasattr(o, "__array_interface__");
    fail<ErrorKind::Type>("jit: ", described ? name : "an argument", " is of type ", Py_TYPE(o)->tp_name,
                          array ? ", whose values would be read only once; pass a tensor (weft.from_numpy)"
                                : ", which is neither a tensor nor hashable, so that calls with it cannot be told "
                                  "apart; pass tensors, numbers, strings, tuples, lists or dicts of these");
  }
  key += 'o';
  append_bytes(key, Py_TYPE(o));
  if (PyFloat_CheckExact(o)) {  // by its bits: 0.0 equals -0.0, and NaN nothing
    append_bytes(key, PyFloat_AS_DOUBLE(o));
  } else if (PyComplex_CheckExact(o)) {
    append_bytes(key, PyComplex_AsCComplex(o));
  } else if (std::string_view(Py_TYPE(o)->tp_name).starts_with("numpy.") && py::hasattr(o, "tobytes")) {
    const auto bytes = py::handle(o).attr("tobytes")().cast<std::string>();
    append_bytes(key, bytes.size());
    key += bytes;
  } else {
    append_bytes(key, hash);
    constants.push_back(py::reinterpret_borrow<py::object>(o));
  }
  if (described) parts.push_back(concat(name, " = ", py::repr(o).cast<std::string>()));
}

void add_modes(Signature& s) {
  append_bytes(s.key, GradMode::enabled());
  append_bytes(s.key, GradMode::inference());
  append_bytes(s.key, default_dtype());
  append_bytes(s.key, default_device().type);
  append_bytes(s.key, autocast_is_on);
  if (s.described) s.parts.push_back(GradMode::enabled() ? "grad mode on" : "grad mode off");
  if (!autocast_is_on) return;
  for (DeviceType type : {DeviceType::CPU, DeviceType::CUDA}) {
    append_bytes(s.key, autocast_state(type).enabled);
    append_bytes(s.key, autocast_state(type).dtype);
  }
  if (s.described) s.parts.push_back("autocast");
}

bool same_constant(const py::object& a, const py::object& b) {
  if (a.is(b)) return true;
  if (Py_TYPE(a.ptr()) != Py_TYPE(b.ptr())) return false;
  if (PyUnicode_CheckExact(a.ptr()) || PyLong_CheckExact(a.ptr())) return a.equal(b);
  static std::atomic<PyObject*> place;
  PyObject* same = made_once(place, [] { return import_module("weft._jit_constants").attr("same_constant"); });
  return py::handle(same)(a, b).cast<bool>();
}

bool same_constants(const std::vector<py::object>& a, const std::vector<py::object>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_constant);
}

py::object map_tensors(PyObject* o, const std::function<py::object(PyObject*)>& f, std::vector<py::object>* made) {
  if (is_tensor(o)) return f(o);
  NestedValue nested;
  if (PyTuple_Check(o)) {
    py::tuple items(PyTuple_GET_SIZE(o));
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(o); i++)
      items[static_cast<size_t>(i)] = map_tensors(PyTuple_GET_ITEM(o, i), f, made);
    if (PyTuple_CheckExact(o)) return items;
    py::handle type(reinterpret_cast<PyObject*>(Py_TYPE(o)));
    return py::hasattr(o, "_fields") ? type(*items) : type(items);
  }
  if (PyList_CheckExact(o)) {
    py::list items;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(o); i++) items.append(map_tensors(PyList_GET_ITEM(o, i), f, made));
    if (made) made->push_back(items);
    return items;
  }
  if (PyDict_CheckExact(o)) {
    py::dict items;
    PyObject *k, *v;
    Py_ssize_t at = 0;
    while (PyDict_Next(o, &at, &k, &v)) items[py::handle(k)] = map_tensors(v, f, made);
    if (made) made->push_back(items);
    return items;
  }
  return py::reinterpret_borrow<py::object>(o);
}

py::object StandIns::of(PyObject* o, const std::string& where) {
  std::vector<py::object> made;
  py::object replaced = map_tensors(o, [this](PyObject* tensor) { return of_tensor(tensor); }, &made);
  for (py::object& container : made) {
    py::object copy = container.attr("copy")();
    containers_.push_back({std::move(container), std::move(copy), where});
  }
  return replaced;
}

py::object StandIns::of_tensor(PyObject* tensor) {
  py::object stand_in = objects_[next_++];
  PyObject* dict = attributes_of(tensor);
  if (!dict || std::find(with_attributes_.begin(), with_attributes_.end(), tensor) != with_attributes_.end())
    return stand_in;
  with_attributes_.push_back(tensor);
  for (auto [name, value] : py::reinterpret_borrow<py::dict>(dict)) {
    const std::string where = concat("the attribute ", py::repr(name).cast<std::string>(), " of an argument");
    py::setattr(stand_in, name, of(value.ptr(), where));
  }
  if (PyObject* own = attributes_of(stand_in.ptr()))
    given_.emplace_back(stand_in.ptr(), py::reinterpret_steal<py::dict>(PyDict_Copy(own)));
  return stand_in;
}

void StandIns::check_unchanged() const {
  check_attributes();
  for (const Container& c : containers_)
    check(same_elements(c.object.ptr(), c.copy.ptr()), "jit: the function changes a ", Py_TYPE(c.object.ptr())->tp_name,
          " in ", c.where, ", which would not reach the caller; return the values, and change it outside");
}

void StandIns::check_attributes() const {
  for (const py::object& o : objects_) {
    auto found = std::find_if(given_.begin(), given_.end(), [&](const auto& entry) { return entry.first == o.ptr(); });
    const py::dict given = found == given_.end() ? py::dict() : found->second;
    PyObject* dict = attributes_of(o.ptr());
    const auto now = dict ? py::reinterpret_steal<py::dict>(PyDict_Copy(dict)) : py::dict();
    for (auto [name, value] : now)
      check(PyDict_GetItem(given.ptr(), name.ptr()) == value.ptr(), "jit: the function sets the attribute ",
            py::repr(name).cast<std::string>(),
            " of an argument, which would happen only while it is traced; return the value, and set it outside");
    for (auto [name, value] : given)
      check(now.contains(name), "jit: the function deletes the attribute ", py::repr(name).cast<std::string>(),
            " of an argument, which would happen only while it is traced; delete it outside");
  }
}

py::object object_like(const py::object& original, const Tensor& t) {
  PyTypeObject* type = Py_TYPE(original.ptr());
  auto object = py::reinterpret_steal<py::object>(type == tensor_type() ? wrap(t) : wrap_as(type, t));
  if (PyObject* dict = attributes_of(original.ptr()))
    for (auto [name, value] : py::reinterpret_steal<py::dict>(PyDict_Copy(dict))) object.attr(name) = value;
  return object;
}

namespace {

// The names of the attributes that are all the state of a plain object: an instance of a dataclass or of
// SimpleNamespace. Null for others.
py::object attribute_names(PyObject* o) {
  static std::atomic<PyObject*> place;
  PyObject* names = made_once(place, [] { return import_module("weft._jit_results").attr("attribute_names"); });
  py::object found = py::handle(names)(py::handle(o));
  return found.is_none() ? py::object() : found;
}

void take_object_apart(PyObject* o, std::vector<Tensor>& leaves, Tree& tree) {
  static std::atomic<PyObject*> place;
  PyObject* check_constant = made_once(place, [] { return import_module("weft._jit_results").attr("check_constant"); });
  tree.object = py::reinterpret_borrow<py::object>(o);
  if (py::object names = attribute_names(o)) {
    const size_t before = leaves.size();
    std::vector<Tree> children;
    for (py::handle name : names) children.push_back(take_apart(py::handle(o).attr(name).ptr(), leaves));
    if (leaves.size() == before) return;  // the same object for all calls
    tree.kind = Tree::Kind::Object;
    tree.object = names;
    tree.type = py::type::of(py::handle(o));
    tree.children = std::move(children);
    return;
  }
  const py::handle function(check_constant);
  function(py::handle(o));
}

}  // namespace

Tree take_apart(PyObject* o, std::vector<Tensor>& leaves) {
  Tree tree;
  NestedValue nested;
  if (is_tensor(o)) {
    tree.kind = Tree::Kind::Tensor;
    tree.leaf = static_cast<int>(leaves.size());
    leaves.push_back(unwrap(o));
  } else if (PyTuple_Check(o)) {
    tree.kind = Tree::Kind::Tuple;
    tree.object = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(Py_TYPE(o)));
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(o); i++)
      tree.children.push_back(take_apart(PyTuple_GET_ITEM(o, i), leaves));
  } else if (PyList_CheckExact(o)) {
    tree.kind = Tree::Kind::List;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(o); i++)
      tree.children.push_back(take_apart(PyList_GET_ITEM(o, i), leaves));
  } else if (PyDict_CheckExact(o) || PyODict_CheckExact(o)) {
    tree.kind = Tree::Kind::Dict;
    tree.type = py::type::of(py::handle(o));
    tree.object = py::tuple(py::reinterpret_borrow<py::dict>(o));
    PyObject *k, *v;
    Py_ssize_t at = 0;
    if (PyDict_CheckExact(o)) {
      while (PyDict_Next(o, &at, &k, &v)) tree.children.push_back(take_apart(v, leaves));
    } else {  // an OrderedDict keeps its order apart
      for (py::handle key : tree.object) tree.children.push_back(take_apart(PyDict_GetItem(o, key.ptr()), leaves));
    }
  } else {
    take_object_apart(o, leaves, tree);
  }
  return tree;
}

py::object put_together(const Tree& tree, const std::vector<Tensor>& leaves) {
  switch (tree.kind) {
    case Tree::Kind::Tensor:
      return py::reinterpret_steal<py::object>(wrap(leaves[static_cast<size_t>(tree.leaf)]));
    case Tree::Kind::Constant:
      return tree.object;
    case Tree::Kind::List: {
      py::list items;
      for (const Tree& child : tree.children) items.append(put_together(child, leaves));
      return items;
    }
    case Tree::Kind::Dict: {
      py::object items = tree.type();
      py::tuple keys = tree.object;
      for (size_t i = 0; i < tree.children.size(); i++) items[keys[i]] = put_together(tree.children[i], leaves);
      return items;
    }
    case Tree::Kind::Object: {
      // Past __init__ and __setattr__, which have run when it was traced and may refuse to.
      py::object made = tree.type.attr("__new__")(tree.type);
      py::tuple names = tree.object;
      for (size_t i = 0; i < tree.children.size(); i++)
        if (PyObject_GenericSetAttr(made.ptr(), py::object(names[i]).ptr(),
                                    put_together(tree.children[i], leaves).ptr()) < 0)
          throw py::error_already_set();
      return made;
    }
    case Tree::Kind::Tuple:
      break;
  }
  py::tuple items(tree.children.size());
  for (size_t i = 0; i < tree.children.size(); i++) items[i] = put_together(tree.children[i], leaves);
  if (tree.object.ptr() == reinterpret_cast<PyObject*>(&PyTuple_Type)) return items;
  return py::hasattr(tree.object, "_fields") ? tree.object(*items) : tree.object(items);
}

bool same_structure(const Tree& a, const Tree& b) {
  if (a.kind != b.kind || a.children.size() != b.children.size()) return false;
  if (a.kind != Tree::Kind::Tensor && a.kind != Tree::Kind::List && !a.object.equal(b.object)) return false;
  if (a.type.ptr() != b.type.ptr()) return false;
  for (size_t i = 0; i < a.children.size(); i++)
    if (!same_structure(a.children[i], b.children[i])) return false;
  return true;
}

}  // namespace weft::python
