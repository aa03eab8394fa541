// What tells calls of a jitted function apart: its arguments taken apart, and structures of tensors in general.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/bindings.h"

namespace weft::python {

// One structure of containers around tensors and constants.
struct Tree {
  enum class Kind : uint8_t { Tensor, Constant, Tuple, List, Dict, Object };
  Kind kind = Kind::Constant;
  int leaf = -1;      // Tensor: which
  py::object object;  // Constant: itself; Tuple: its type; Dict and Object: their keys or names of attributes, a tuple
  py::object type{};  // Dict, Object
  std::vector<Tree> children;
};

// o with its tensors replaced by what f gives for them; containers are new, and lists and dicts go to `made`.
py::object map_tensors(PyObject* o, const std::function<py::object(PyObject*)>& f,
                       std::vector<py::object>* made = nullptr);
// Arguments with the tensors in them, and in the attributes of those, replaced in the order in which Signature meets
// them.
class StandIns {
 public:
  explicit StandIns(const std::vector<py::object>& objects) : objects_(objects) {}
  // where: for messages.
  py::object of(PyObject* o, const std::string& where);
  // Raises RuntimeError where a stand-in has other attributes by now, or a list or dict other elements: these changes
  // would be lost.
  void check_unchanged() const;

 private:
  struct Container {
    py::object object, copy;
    std::string where;
  };
  py::object of_tensor(PyObject* tensor);
  void check_attributes() const;

  const std::vector<py::object>& objects_;
  size_t next_ = 0;
  std::vector<PyObject*> with_attributes_;
  std::vector<std::pair<PyObject*, py::dict>> given_;  // to stand-ins
  std::vector<Container> containers_;
};
// A new object of original's type and with its attributes, for another tensor.
py::object object_like(const py::object& original, const Tensor& t);
// Takes a result apart: tensors go to `leaves`. Instances of dataclasses and of SimpleNamespace are objects; of what
// else holds tensors nothing can be made for another call: TypeError.
Tree take_apart(PyObject* o, std::vector<Tensor>& leaves);
py::object put_together(const Tree& tree, const std::vector<Tensor>& leaves);
// Equal but for the tensors in it.
bool same_structure(const Tree& a, const Tree& b);

using DynamicDims = std::vector<std::pair<std::string, std::vector<int64_t>>>;
constexpr int64_t kAllDims = 1 << 20;  // in DynamicDims: every dimension

// Arguments taken apart: the tensors, and a key that is equal for calls that one graph serves.
struct Signature {
  std::string key;
  std::vector<py::object> tensor_objects;
  std::vector<Tensor> tensors;
  std::vector<py::object> constants;  // compared by ==, beside the key
  std::vector<std::string> parts;     // for people; only when `described`
  bool described = false;
  // Dimensions whose size may vary: for each top-level argument, by position or name; empty name: all.
  const DynamicDims* dynamic = nullptr;
  std::string group;           // the key without these sizes
  std::vector<int64_t> sizes;  // these sizes, in order
  std::string argument;        // the top-level argument that is being added
  std::vector<int> most_dims;  // of the tensors that each entry of `dynamic` is about; -1: there are none

  void add(PyObject* o, const std::string& name);
  // The arguments of a call.
  void add_call(const py::tuple& args, const py::dict& kwargs);

  // Raises ValueError for a dynamic dimension that none of the tensors has.
  void check_dynamic() const;
  void finish_group() { group += key.substr(group_from_); }

 private:
  size_t group_from_ = 0;

  std::string indexed(const std::string& name, Py_ssize_t i) const;

  void add_tensor(PyObject* o, const std::string& name);
  void add_attributes(PyObject* o, const std::string& name);
  std::vector<PyObject*> with_attributes_;

  void add_to_group(const Tensor& t);

  void add_constant(char tag, const std::string& text, const std::string& name);

  void add_object(PyObject* o, const std::string& name);
};

// The dict of a tensor's attributes, or null where there are none.
PyObject* attributes_of(PyObject* tensor);
// Could a function tell one from the other, beside by `is`?
bool same_constant(const py::object& a, const py::object& b);
bool same_constants(const std::vector<py::object>& a, const std::vector<py::object>& b);
// Adds what else decides how a function runs: grad mode, autocast, default dtype and device.
void add_modes(Signature& s);

}  // namespace weft::python
