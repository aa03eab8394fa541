// Guards of weft.jit: what a trace has read of Python (variables, attributes, elements, arrays), kept as one flat list
// that is compared at every call, and the scope in which a trace records these reads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bindings/bindings.h"

namespace weft::python {

// A value as a trace has seen it. Keeps alive only constants and objects that allow no weak reference.
class SeenValue {
 public:
  // Elements of one variable that are compared, levels of containers in it, and bytes of arrays.
  static constexpr size_t kMaxElements = 100'000;
  static constexpr int kMaxDepth = 8;
  static constexpr size_t kMaxArrayBytes = size_t{1} << 20;

  SeenValue() = default;
  // o: nullptr where there was none. levels: containers this many levels deep are compared by their elements, deeper
  // ones by identity; 0: only the type counts; kAllLevels: as deep as kMaxDepth, an error beyond. Raises RuntimeError
  // past the bounds.
  static constexpr int kAllLevels = -1;
  SeenValue(PyObject* o, int levels);

  bool is(PyObject* now) const {
    switch (kind_) {
      case Kind::Missing:
        return now == nullptr;
      case Kind::Same:
        return now == object_.ptr();
      case Kind::Weak:
        // The reference to an object that is gone gives None, which nobody refers to weakly.
        return now && now != Py_None && PyWeakref_GET_OBJECT(object_.ptr()) == now;
      case Kind::Equal:
        return now == object_.ptr() || (now && is_equal(now));
      default:
        return now && is_alike(now);
    }
  }
  // Is it a container of this type, so that only an element can differ?
  bool is_container_of(PyObject* now) const;
  int traverse(visitproc visit, void* arg) const;

 private:
  enum class Kind : uint8_t { Missing, Same, Weak, Equal, Type, Elements, Array };
  struct Budget {
    size_t elements = 0;
  };
  SeenValue(PyObject* o, int levels, int depth, Budget& budget);

  void set_elements(PyObject* o, int levels, int depth, Budget& budget);
  void set_array(PyObject* o);
  bool is_equal(PyObject* now) const;
  bool is_alike(PyObject* now) const;
  bool same_array(PyObject* now) const;
  bool is_constant() const;

  Kind kind_ = Kind::Missing;
  // Same, Equal: the value; Weak: a weak reference; Type, Elements: the type; Array: a copy.
  mutable py::object object_;
  py::object whole_;  // Elements: an immutable container of constants, which is compared by identity first
  std::vector<SeenValue> elements_;
};

class Guards {
 public:
  Guards() = default;
  Guards(const Guards&) = delete;
  Guards& operator=(const Guards&) = delete;

  // An entry of a dict that belongs to `owner` (the attributes of an object) or to nobody (variables of a module). When
  // the owner dies its guards go: then what led to it has changed, which another guard sees.
  void add_item(const py::object& owner, const py::dict& dict, const py::object& key, std::string label, int levels);
  // All entries of a dict.
  void add_dict(const py::object& owner, const py::dict& dict, std::string label, int levels);
  void add_cell(const py::object& cell, std::string label, int levels);
  // What a class gives for a name.
  void add_type(const py::object& type, const py::str& name, std::string label);
  // A slot of an object, by the descriptor in its class.
  void add_slot(const py::object& owner, const py::object& descriptor, std::string label);
  // An attribute that something other than the class and the object's dict answers for; it is asked for again.
  void add_attribute(const py::object& owner, const py::str& name, std::string label);
  // Code, default arguments and closure of a Python function.
  void add_function(const py::object& function, std::string label);
  // The contents of an array.
  void add_array(const py::object& array, std::string label);
  // How many entries a dict has, counted by the caller.
  void add_count(const py::object& owner, const py::dict& dict, Py_ssize_t count, std::string label);
  // The class of an object.
  void add_class(const py::object& owner, std::string label);
  // What function(owner) gives.
  void add_answer(const py::object& owner, const py::object& function, std::string label);
  // The guards, by number, that do not hold now, each with the object that it is about; without those of objects that
  // only the guards keep alive.
  std::vector<std::pair<size_t, py::object>> differing() const;
  // What is there now is what the guard compares with from now on.
  void renew(size_t number, int levels);
  void drop(const std::vector<size_t>& numbers);
  const std::string& label(size_t number) const { return guards_.at(number).label; }
  // Lets go of owners that only these guards keep alive, or these and the other ones.
  void prune(const Guards* other = nullptr);

  // Guards on what hooks and derivatives of the program read; changed() compares them too.
  void set_backward(py::object guards) { backward_ = std::move(guards); }
  std::string changed_for_backward() const;

  // What has changed; empty if nothing has.
  std::string changed() const;
  size_t size() const { return guards_.size(); }
  int traverse(visitproc visit, void* arg) const;
  void clear();

 private:
  enum class Place : uint8_t {
    Item,
    Dict,
    Cell,
    Type,
    Class,
    Slot,
    Attribute,
    Code,
    Defaults,
    KeywordDefaults,
    Object,
    Count,
    Answer
  };
  struct Guard {
    Place place;
    int owner;         // -1: none
    PyObject* holder;  // borrowed from the owner, or `kept`
    PyObject* key;     // borrowed from `kept_key`
    SeenValue seen;
    py::object kept, kept_key;
    std::string label;
  };
  struct Owner {
    py::object weak;    // a weak reference, whose callback empties this
    py::object strong;  // where there are no weak references
    bool gone = false;
  };

  int owner_of(const py::object& owner);
  bool keeps(PyObject* owner) const;
  void add(Place place, const py::object& owner, const py::object& holder, const py::object& key, std::string label,
           int levels = SeenValue::kAllLevels);
  // The value there now: a new reference where `made` is set, else borrowed; nullptr: none.
  static PyObject* value_at(const Guard& g, py::object& made);
  static PyObject* when_gone(PyObject* self, PyObject* weak);

  std::vector<Guard> guards_;
  std::vector<Owner> owners_;
  std::vector<std::pair<PyObject*, int>> places_;  // sorted by owner: its number
  py::object callback_, backward_;
  static PyMethodDef callback_method_;
};

// Guards as an object that Python's garbage collector sees: a compiled graph and the reruns of its calls share them.
struct SharedGuards {
  py::object object;  // none: null
  Guards* guards = nullptr;

  SharedGuards() = default;
  explicit SharedGuards(py::object o);
};

// While it lives, reads of Python state by this thread are recorded: calls of functions by a profile function (any
// that was set before is called too), attributes by weft._guards.
class Recording {
 public:
  Recording();
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // The guards for all that was read.
  const py::object& recorder() const { return recorder_; }
  // Raises RuntimeError if the program has set another profile function, so that calls went unnoticed.
  void check_whole() const;
  // A Python object was made for a tensor of the trace.
  void note_tensor(PyObject* tensor);

  // Of this thread; nullptr: none.
  static Recording* current();

 private:
  void stop();
  static int on_event(PyObject* self, PyFrameObject* frame, int what, PyObject* arg);

  py::object recorder_, called_, returned_;
  py::list tensors_;                   // weak references
  std::vector<PyObject*> generators_;  // of Python and NumPy, whose draws are noted
  py::set drawn_;
  Recording* outer_;
  Py_tracefunc previous_ = nullptr;
  py::object previous_object_;
};

// An array that a traced function has made a tensor of.
void note_array(const py::object& array);

// The program reads the setting `name`, which getter() gives again: a trace that does so holds while it is `value`.
// owner: whose setting it is, or None.
void note_setting(const std::string& name, const py::object& getter, const py::object& value,
                  const py::object& owner = py::none());

// Binds a function of no arguments that gives a setting.
template <class F>
void def_setting(Family& m, const char* name, F get, const char* doc) {
  auto function = [name, get, module = py::handle(m.scope())] {
    const auto value = get();
    if (tracing()) note_setting(concat(name, "()"), module.attr(name), py::cast(value));
    return value;
  };
  m.function(name, "()", function, doc);
}

// A traced function looks at a property of a tensor that ops of the graph need not tell.
void note_flag(const Tensor& t, const char* name);
// Raises RuntimeError for an argument of what is being traced (of_memory: for a view of one, too): calls may differ in
// `what` without differing in their signatures.
void check_known_while_tracing(const char* what, const Tensor& t, bool of_memory = false);

void bind_jit_guards(Family& m);

}  // namespace weft::python
