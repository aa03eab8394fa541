#include "bindings/jit_guards.h"

#include <pybind11/numpy.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include <unordered_map>

#include "bindings/gil.h"
#include "bindings/jit_signature.h"
#include "bindings/tensor_object.h"
#include "graph/tracer.h"
#include "op/interpreter.h"
#include "op/refusal.h"

#include <frameobject.h>

namespace weft::python {

namespace {

// Values that are compared by ==, which runs no code of the program for these types.
bool is_plain(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  if (o == Py_None || type == &PyBool_Type || type == &PyLong_Type || type == &PyFloat_Type || type == &PyUnicode_Type)
    return true;
  if (type == &PyBytes_Type || type == &PyComplex_Type || type == &PyRange_Type || type == &PyEllipsis_Type)
    return true;
  static std::atomic<PyObject*> device;
  return reinterpret_cast<PyObject*>(type) ==
         made_once(device, [] { return py::type::of(py::reinterpret_steal<py::object>(device_object(Device{}))); });
}

bool is_numpy(PyObject* o, const char* type) {
  // A program that never imported NumPy has no such values; the type's name is a cheap first test.
  const char* name = Py_TYPE(o)->tp_name;
  if (std::strncmp(name, "numpy.", 6) != 0) return false;
  return py::isinstance(o, import_module("numpy").attr(type));
}

PyTypeObject* deque_type() {
  static std::atomic<PyObject*> type;
  return reinterpret_cast<PyTypeObject*>(made_once(type, [] { return import_module("collections").attr("deque"); }));
}

bool is_container(PyObject* o) {
  return PyList_Check(o) || PyTuple_Check(o) || PyDict_Check(o) || PyAnySet_Check(o) ||
         PyType_IsSubtype(Py_TYPE(o), deque_type());
}

// Calls f with the elements of a container, with keys and values of a dict, until it returns false.
template <class F>
bool each_element(PyObject* o, F&& f) {
  if (PyList_Check(o)) {
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(o); i++)
      if (!f(PyList_GET_ITEM(o, i))) return false;
    return true;
  }
  if (PyTuple_Check(o)) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(o); i++)
      if (!f(PyTuple_GET_ITEM(o, i))) return false;
    return true;
  }
  if (PyDict_Check(o)) {
    PyObject *key, *value;
    for (Py_ssize_t i = 0; PyDict_Next(o, &i, &key, &value);)
      if (!f(key) || !f(value)) return false;
    return true;
  }
  // Sets and deques by their own iterators, whatever a subclass has made of iteration.
  PyTypeObject* base = PyAnySet_Check(o) ? (PyFrozenSet_Check(o) ? &PyFrozenSet_Type : &PySet_Type) : deque_type();
  py::object iterator = py::reinterpret_steal<py::object>(base->tp_iter(o));
  if (!iterator) throw py::error_already_set();
  while (PyObject* next = Py_TYPE(iterator.ptr())->tp_iternext(iterator.ptr())) {
    py::object element = py::reinterpret_steal<py::object>(next);
    if (!f(next)) return false;
  }
  if (PyErr_Occurred()) {
    if (!PyErr_ExceptionMatches(PyExc_StopIteration)) throw py::error_already_set();
    PyErr_Clear();
  }
  return true;
}

py::object type_of_object(PyObject* o) {
  return py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(Py_TYPE(o)));
}

}  // namespace

SeenValue::SeenValue(PyObject* o, int levels) {
  Budget budget;
  *this = SeenValue(o, levels, 0, budget);
}

SeenValue::SeenValue(PyObject* o, int levels, int depth, Budget& budget) {
  if (!o) return;
  check(++budget.elements <= kMaxElements, " holds more than ", static_cast<int64_t>(kMaxElements),
        " elements, too many to compare at every call; pass what is needed of it as an argument, or make a tensor or a "
        "tuple of constants of it outside");
  if (is_plain(o) || is_numpy(o, "generic")) {
    kind_ = Kind::Equal;
    object_ = py::reinterpret_borrow<py::object>(o);
  } else if (levels == 0 && is_container(o)) {
    kind_ = depth == 0 ? Kind::Type : Kind::Same;
    object_ = depth == 0 ? type_of_object(o) : py::reinterpret_borrow<py::object>(o);
  } else if (is_container(o)) {
    set_elements(o, levels, depth, budget);
  } else if (is_numpy(o, "ndarray") && levels != 0) {
    set_array(o);
  } else if (PyObject* weak = PyWeakref_NewRef(o, nullptr)) {
    kind_ = Kind::Weak;
    object_ = py::reinterpret_steal<py::object>(weak);
  } else {
    PyErr_Clear();
    kind_ = Kind::Same;
    object_ = py::reinterpret_borrow<py::object>(o);
  }
}

void SeenValue::set_elements(PyObject* o, int levels, int depth, Budget& budget) {
  check(depth < kMaxDepth, " holds containers more than ", kMaxDepth,
        " levels deep, too many to compare at every call; pass what is needed of it as an argument");
  kind_ = Kind::Elements;
  object_ = type_of_object(o);
  if (PyTuple_CheckExact(o) && PyTuple_GET_SIZE(o) > 0) {
    // Constants in a tuple stay what they are, so that the tuple itself need not be walked, however long it is.
    bool constant = true;
    for (Py_ssize_t i = 0; constant && i < PyTuple_GET_SIZE(o); i++) constant = is_plain(PyTuple_GET_ITEM(o, i));
    if (constant) {
      whole_ = py::reinterpret_borrow<py::object>(o);
      return;
    }
  }
  each_element(o, [&](PyObject* element) {
    elements_.push_back(SeenValue(element, levels < 0 ? levels : levels - 1, depth + 1, budget));
    return true;
  });
  const bool constant =
      std::all_of(elements_.begin(), elements_.end(), [](const SeenValue& s) { return s.is_constant(); });
  if (!constant) return;
  // Equal sets may have their elements in another order.
  if (PyAnySet_Check(o)) {
    whole_ = py::reinterpret_steal<py::object>(PyFrozenSet_New(o));
    if (!whole_) throw py::error_already_set();
    elements_.clear();
  } else if (PyTuple_CheckExact(o)) {
    whole_ = py::reinterpret_borrow<py::object>(o);
  }
}

bool SeenValue::is_constant() const {
  return kind_ == Kind::Equal ||
         (kind_ == Kind::Elements && whole_ && object_.ptr() == reinterpret_cast<PyObject*>(&PyTuple_Type));
}

void SeenValue::set_array(PyObject* o) {
  auto array = py::reinterpret_borrow<py::array>(o);
  const auto bytes = static_cast<size_t>(array.nbytes());
  check(bytes <= kMaxArrayBytes, " is a NumPy array of ", static_cast<int64_t>(bytes),
        " bytes, too many to compare at every call (the bound is ", static_cast<int64_t>(kMaxArrayBytes),
        "); make a tensor of it outside (weft.from_numpy shares its memory), or pass it as an argument");
  kind_ = Kind::Array;
  object_ = array.attr("copy")("C");
}

bool SeenValue::is_equal(PyObject* now) const {
  PyObject* before = object_.ptr();
  if (Py_TYPE(before) != Py_TYPE(now)) return false;
  bool same;
  if (PyFloat_CheckExact(now)) {
    const double x = PyFloat_AS_DOUBLE(before), y = PyFloat_AS_DOUBLE(now);
    same = std::memcmp(&x, &y, sizeof x) == 0;  // not -0.0 for 0.0; NaN is itself
  } else if (PyComplex_CheckExact(now)) {
    const Py_complex x = PyComplex_AsCComplex(before), y = PyComplex_AsCComplex(now);
    same = std::memcmp(&x, &y, sizeof x) == 0;
  } else if (PyRange_Check(now)) {
    same = same_constant(object_, py::reinterpret_borrow<py::object>(now));
  } else if (is_plain(now)) {
    same = py::handle(before).equal(py::handle(now));
  } else {  // a NumPy scalar
    same = py::handle(before).attr("tobytes")().equal(py::handle(now).attr("tobytes")()) &&
           py::handle(before).attr("dtype").equal(py::handle(now).attr("dtype"));
  }
  if (same) object_ = py::reinterpret_borrow<py::object>(now);
  return same;
}

bool SeenValue::is_alike(PyObject* now) const {
  if (kind_ == Kind::Array) return same_array(now);
  if (reinterpret_cast<PyObject*>(Py_TYPE(now)) != object_.ptr()) return false;
  if (kind_ == Kind::Type || now == whole_.ptr()) return true;
  if (whole_ && PyAnySet_Check(now)) {
    if (PySet_GET_SIZE(now) != PySet_GET_SIZE(whole_.ptr())) return false;
    bool numbers = false;  // 1 is found where True is
    const bool same = each_element(now, [&](PyObject* element) {
      numbers |= !PyUnicode_CheckExact(element);
      // Only elements of plain types are looked up: others would compare with code of their own.
      return (is_plain(element) || is_numpy(element, "generic")) && PySet_Contains(whole_.ptr(), element) == 1;
    });
    return same && (!numbers || same_constant(whole_, py::reinterpret_steal<py::object>(PyFrozenSet_New(now))));
  }
  if (whole_ && elements_.empty()) {
    if (PyTuple_GET_SIZE(now) != PyTuple_GET_SIZE(whole_.ptr())) return false;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(now); i++) {
      SeenValue one(PyTuple_GET_ITEM(whole_.ptr(), i), kAllLevels);
      if (!one.is(PyTuple_GET_ITEM(now, i))) return false;
    }
    return true;
  }
  size_t at = 0;
  const bool same =
      each_element(now, [&](PyObject* element) { return at < elements_.size() && elements_[at++].is(element); });
  return same && at == elements_.size();
}

bool SeenValue::same_array(PyObject* now) const {
  if (Py_TYPE(now) != Py_TYPE(object_.ptr())) return false;
  auto before = py::reinterpret_borrow<py::array>(object_), array = py::reinterpret_borrow<py::array>(now);
  if (array.ndim() != before.ndim() || !array.dtype().equal(before.dtype()) ||
      !std::equal(array.shape(), array.shape() + array.ndim(), before.shape()))
    return false;
  if (!(array.flags() & py::array::c_style)) array = array.attr("copy")("C");
  return std::memcmp(array.data(), before.data(), static_cast<size_t>(before.nbytes())) == 0;
}

bool SeenValue::is_container_of(PyObject* now) const {
  return kind_ == Kind::Elements && now && reinterpret_cast<PyObject*>(Py_TYPE(now)) == object_.ptr();
}

int SeenValue::traverse(visitproc visit, void* arg) const {
  Py_VISIT(object_.ptr());
  Py_VISIT(whole_.ptr());
  for (const SeenValue& element : elements_)
    if (int stop = element.traverse(visit, arg)) return stop;
  return 0;
}

// Guards

PyMethodDef Guards::callback_method_ = {"guarded_object_is_gone", &Guards::when_gone, METH_O, nullptr};

// The weak references are the guards' own, so that this is not called when the guards are gone.
PyObject* Guards::when_gone(PyObject* self, PyObject* weak) {
  auto* guards = static_cast<Guards*>(PyCapsule_GetPointer(self, nullptr));
  std::vector<py::object> let_go;  // last, because that may end the guards
  for (size_t i = 0; i < guards->owners_.size(); i++) {
    if (guards->owners_[i].weak.ptr() != weak) continue;
    guards->owners_[i].gone = true;
    for (Guard& g : guards->guards_)
      if (g.owner == static_cast<int>(i)) {
        g.holder = nullptr;
        let_go.push_back(std::move(g.kept));
      }
  }
  Py_RETURN_NONE;
}

int Guards::owner_of(const py::object& owner) {
  if (owner.is_none()) return -1;
  auto place = std::lower_bound(places_.begin(), places_.end(), std::pair<PyObject*, int>(owner.ptr(), -1));
  if (place != places_.end() && place->first == owner.ptr()) return place->second;
  if (!callback_)
    callback_ = py::reinterpret_steal<py::object>(
        PyCFunction_New(&callback_method_, py::capsule(static_cast<void*>(this)).ptr()));
  Owner o;
  o.weak = py::reinterpret_steal<py::object>(PyWeakref_NewRef(owner.ptr(), callback_.ptr()));
  if (!o.weak) {
    PyErr_Clear();
    o.strong = owner;
  }
  owners_.push_back(std::move(o));
  places_.insert(place, {owner.ptr(), static_cast<int>(owners_.size()) - 1});
  return static_cast<int>(owners_.size()) - 1;
}

void Guards::add(Place place, const py::object& owner, const py::object& holder, const py::object& key,
                 std::string label, int levels) {
  Guard g{place, owner_of(owner), holder.ptr(), key.ptr(), {}, {}, key, std::move(label)};
  // The dict of an object is kept until the object goes, other holders are the owner itself.
  if (holder.ptr() != owner.ptr()) g.kept = holder;
  py::object made;
  PyObject* now = value_at(g, made);
  try {
    g.seen = SeenValue(now, levels);
  } catch (const Error& e) {
    fail("jit: ", g.label, e.message());
  }
  guards_.push_back(std::move(g));
}

std::string Guards::changed_for_backward() const {
  return backward_ ? backward_.cast<const Guards&>().changed() : std::string();
}

SharedGuards::SharedGuards(py::object o) : object(std::move(o)), guards(object.cast<Guards*>()) {}

void Guards::add_item(const py::object& owner, const py::dict& dict, const py::object& key, std::string label,
                      int levels) {
  add(Place::Item, owner, dict, key, std::move(label), levels);
}
void Guards::add_dict(const py::object& owner, const py::dict& dict, std::string label, int levels) {
  add(Place::Dict, owner, dict, py::none(), std::move(label), levels);
}
void Guards::add_cell(const py::object& cell, std::string label, int levels) {
  add(Place::Cell, cell, cell, py::none(), std::move(label), levels);
}
void Guards::add_type(const py::object& type, const py::str& name, std::string label) {
  check<ErrorKind::Type>(PyType_Check(type.ptr()), "add_type: expected a class");
  add(Place::Type, type, type, name, std::move(label));
}
void Guards::add_slot(const py::object& owner, const py::object& descriptor, std::string label) {
  check<ErrorKind::Type>(Py_TYPE(descriptor.ptr()) == &PyMemberDescr_Type, "add_slot: expected a member descriptor");
  add(Place::Slot, owner, owner, descriptor, std::move(label));
}
void Guards::add_attribute(const py::object& owner, const py::str& name, std::string label) {
  add(Place::Attribute, owner, owner, name, std::move(label));
}
void Guards::add_function(const py::object& function, std::string label) {
  check<ErrorKind::Type>(PyFunction_Check(function.ptr()), "add_function: expected a Python function");
  add(Place::Code, function, function, py::none(), "the code of " + label);
  add(Place::Defaults, function, function, py::none(), "a default argument of " + label);
  add(Place::KeywordDefaults, function, function, py::none(), "a default argument of " + label);
}
void Guards::add_array(const py::object& array, std::string label) {
  add(Place::Object, array, array, py::none(), std::move(label));
}

void Guards::add_count(const py::object& owner, const py::dict& dict, Py_ssize_t count, std::string label) {
  add(Place::Count, owner, dict, py::none(), std::move(label));
  guards_.back().seen = SeenValue(py::int_(count).ptr(), SeenValue::kAllLevels);
}
void Guards::add_class(const py::object& owner, std::string label) {
  add(Place::Class, owner, owner, py::none(), std::move(label));
}

void Guards::add_answer(const py::object& owner, const py::object& function, std::string label) {
  add(Place::Answer, owner, owner, function, std::move(label));
}

PyObject* Guards::value_at(const Guard& g, py::object& made) {
  switch (g.place) {
    case Place::Item: {
      PyObject* v = PyDict_GetItemWithError(g.holder, g.key);
      if (!v && PyErr_Occurred()) throw py::error_already_set();
      return v;
    }
    case Place::Dict:
    case Place::Object:
      return g.holder;
    case Place::Cell:
      return PyCell_GET(g.holder);
    case Place::Type:
      return _PyType_Lookup(reinterpret_cast<PyTypeObject*>(g.holder), g.key);
    case Place::Slot:
      made = py::reinterpret_steal<py::object>(
          Py_TYPE(g.key)->tp_descr_get(g.key, g.holder, reinterpret_cast<PyObject*>(Py_TYPE(g.holder))));
      break;
    case Place::Attribute:
      made = py::reinterpret_steal<py::object>(PyObject_GetAttr(g.holder, g.key));
      break;
    case Place::Count:
      made = py::int_(PyDict_Size(g.holder));
      break;
    case Place::Answer:
      made = py::reinterpret_steal<py::object>(PyObject_CallFunctionObjArgs(g.key, g.holder, nullptr));
      break;
    case Place::Class:
      return reinterpret_cast<PyObject*>(Py_TYPE(g.holder));
    case Place::Code:
      return PyFunction_GET_CODE(g.holder);
    case Place::Defaults:
      return PyFunction_GET_DEFAULTS(g.holder);
    case Place::KeywordDefaults:
      return PyFunction_GET_KW_DEFAULTS(g.holder);
  }
  if (!made) PyErr_Clear();
  return made.ptr();
}

bool Guards::keeps(PyObject* owner) const {
  return std::any_of(owners_.begin(), owners_.end(), [&](const Owner& o) { return o.strong.ptr() == owner; });
}

void Guards::prune(const Guards* other) {
  for (bool again = true; again;) {
    // What these hold may be all that holds another owner.
    std::erase_if(guards_, [&](const Guard& g) { return g.owner >= 0 && owners_[static_cast<size_t>(g.owner)].gone; });
    again = false;
    for (size_t i = 0; i < owners_.size(); i++) {
      PyObject* strong = owners_[i].strong.ptr();
      if (!strong || Py_REFCNT(strong) > 1 + (other && other->keeps(strong))) continue;
      owners_[i].gone = again = true;
      for (Guard& g : guards_)
        if (g.owner == static_cast<int>(i)) {
          g.holder = nullptr;
          g.kept = {};
        }
      owners_[i].strong = {};
    }
  }
  places_.clear();
}

std::vector<std::pair<size_t, py::object>> Guards::differing() const {
  std::vector<std::pair<size_t, py::object>> found;
  py::object made;
  for (size_t i = 0; i < guards_.size(); i++) {
    const Guard& g = guards_[i];
    const Owner* owner = g.owner >= 0 ? &owners_[static_cast<size_t>(g.owner)] : nullptr;
    if (owner && (owner->gone || (owner->strong && Py_REFCNT(owner->strong.ptr()) == 1))) continue;
    if (g.seen.is(value_at(g, made))) continue;
    PyObject* about = !owner ? g.holder : owner->strong ? owner->strong.ptr() : PyWeakref_GET_OBJECT(owner->weak.ptr());
    found.emplace_back(i, py::reinterpret_borrow<py::object>(about));
  }
  return found;
}

void Guards::renew(size_t number, int levels) {
  py::object made;
  Guard& g = guards_.at(number);
  g.seen = SeenValue(value_at(g, made), levels);
}

void Guards::drop(const std::vector<size_t>& numbers) {
  for (auto i = numbers.rbegin(); i != numbers.rend(); ++i) guards_.erase(guards_.begin() + static_cast<ptrdiff_t>(*i));
}

std::string Guards::changed() const {
  py::object made;
  for (const Guard& g : guards_) {
    if (g.owner >= 0 && owners_[static_cast<size_t>(g.owner)].gone) continue;
    PyObject* now = value_at(g, made);
    if (g.seen.is(now)) [[likely]]
      continue;
    return concat(g.seen.is_container_of(now) ? "an element of " : "", g.label, " changed");
  }
  return changed_for_backward();
}

int Guards::traverse(visitproc visit, void* arg) const {
  for (const Guard& g : guards_) {
    Py_VISIT(g.kept.ptr());
    Py_VISIT(g.kept_key.ptr());
    if (int stop = g.seen.traverse(visit, arg)) return stop;
  }
  for (const Owner& o : owners_) {
    Py_VISIT(o.weak.ptr());
    Py_VISIT(o.strong.ptr());
  }
  Py_VISIT(callback_.ptr());
  Py_VISIT(backward_.ptr());
  return 0;
}

void Guards::clear() {
  std::vector<Guard> guards = std::exchange(guards_, {});
  std::vector<Owner> owners = std::exchange(owners_, {});
  py::object callback = std::exchange(callback_, {}), backward = std::exchange(backward_, {});
}

// Recording

namespace {
thread_local Recording* recording = nullptr;

// Does it run code of the program, and not of an installed package or of this one?
bool is_of_program(PyFrameObject* frame) {
  auto owned = py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(PyFrame_GetCode(frame)));
  auto* code = reinterpret_cast<PyCodeObject*>(owned.ptr());
  static auto* known = new std::unordered_map<PyObject*, bool>;  // by the object that is the file's name, kept alive
  auto found = known->find(code->co_filename);
  if (found != known->end()) return found->second;
  static std::atomic<PyObject*> place;
  py::handle is_installed = made_once(place, [] { return import_module("weft._guards").attr("is_installed"); });
  const bool installed = is_installed(py::handle(code->co_filename)).cast<bool>();
  Py_INCREF(code->co_filename);
  return known->emplace(code->co_filename, !installed).first->second;
}
}  // namespace

Recording* Recording::current() { return recording; }

namespace {

// CPython 3.11 refuses it while another thread is in the middle of the same call, where an audit hook lets threads
// take turns.
void set_profile(Py_tracefunc function, PyObject* object) {
  constexpr int kMostAttempts = 1000;
  for (int attempt = 0; attempt < kMostAttempts; attempt++) {
    PyEval_SetProfile(function, object);
    if (PyThreadState_Get()->c_profilefunc == function) return;
    py::gil_scoped_release others;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

}  // namespace

Recording::Recording() : outer_(recording) {
  recorder_ = import_module("weft._guards").attr("Recorder")();
  called_ = recorder_.attr("called");
  returned_ = recorder_.attr("met");
  tensors_ = recorder_.attr("tensors");
  try {
    recorder_.attr("start")();
  } catch (...) {
    stop();
    throw;
  }
  drawn_ = recorder_.attr("drawn");
  for (py::handle pair : recorder_.attr("generators"))
    generators_.push_back(py::tuple(pair.cast<py::tuple>())[0].ptr());
  PyThreadState* thread = PyThreadState_Get();
  previous_ = thread->c_profilefunc;
  previous_object_ = py::reinterpret_borrow<py::object>(thread->c_profileobj);
  recording = this;
  set_profile(&Recording::on_event, nullptr);
}

Recording::~Recording() {
  py::error_scope error;  // this may run while one is on its way
  // Unless the program has set another one in between
  if (PyThreadState_Get()->c_profilefunc == &Recording::on_event) set_profile(previous_, previous_object_.ptr());
  recording = outer_;
  stop();
}

void Recording::check_whole() const {
  check_traceable(
      PyThreadState_Get()->c_profilefunc == &Recording::on_event,
      "jit: the function sets a profile function (sys.setprofile, cProfile) while it is traced, which takes "
      "the place of the one that records what it reads. Start the profiler outside of it");
}

void Recording::note_tensor(PyObject* tensor) {
  tensors_.append(py::reinterpret_steal<py::object>(PyWeakref_NewRef(tensor, nullptr)));
}

// A Ctrl-C that comes meanwhile is raised afterwards.
void Recording::stop() {
  py::error_scope error;  // this may run while one is on its way
  bool interrupted = false, done = false;
  while (!done) {
    try {
      recorder_.attr("stop")();
      done = true;
    } catch (py::error_already_set& e) {
      done = !e.matches(PyExc_KeyboardInterrupt);
      if (done) e.discard_as_unraisable("weft.jit");
      interrupted |= !done;
    }
  }
  if (interrupted) PyErr_SetInterrupt();
}

int Recording::on_event(PyObject*, PyFrameObject* frame, int what, PyObject* arg) {
  Recording* r = recording;
  if (!r) return 0;
  try {
    if (what == PyTrace_CALL) {
      if (is_of_program(frame)) r->called_(py::handle(reinterpret_cast<PyObject*>(frame)));
    } else if (what == PyTrace_C_CALL && PyCFunction_Check(arg)) {
      PyObject* self = PyCFunction_GET_SELF(arg);
      if (self && std::find(r->generators_.begin(), r->generators_.end(), self) != r->generators_.end())
        r->drawn_.add(py::int_(reinterpret_cast<uintptr_t>(self)));  // its id
    } else if (what == PyTrace_RETURN && arg && arg != Py_None && !is_plain(arg)) {
      auto back = py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(PyFrame_GetBack(frame)));
      if (back && is_of_program(reinterpret_cast<PyFrameObject*>(back.ptr()))) r->returned_(py::handle(arg));
    }
  } catch (py::error_already_set& e) {
    e.restore();
    return -1;
  } catch (const std::exception& e) {
    PyErr_SetString(PyExc_RuntimeError, e.what());
    return -1;
  }
  return r->previous_ ? r->previous_(r->previous_object_.ptr(), frame, what, arg) : 0;
}

void note_array(const py::object& array) {
  if (tracing() && recording) recording->recorder().attr("met_array")(array);
}

void check_known_while_tracing(const char* what, const Tensor& t, bool of_memory) {
  const graph::Tracer* tracer = graph::Tracer::current();
  check_traceable(
      !tracer || !(of_memory ? tracer->shows_stand_in(t) : tracer->is_stand_in(t)), what,
      ": this is not known while a function is traced: the tensor is an argument, of which it may differ from call to "
      "call. Read it outside the jitted function, and pass it as an argument of its own");
  check_traceable(!tracer || !tracer->shows_unknown_place(t), what,
                  ": this is not known while a function is traced: the tensor is x[i] with an index whose value is not "
                  "known; read it of x[i].clone()");
}

void note_setting(const std::string& name, const py::object& getter, const py::object& value, const py::object& owner) {
  if (tracing() && recording) recording->recorder().attr("read_setting")(name, getter, value, owner);
}

void note_flag(const Tensor& t, const char* name) {
  if (tracing() && recording && !t.impl()->storage->symbolic())
    recording->recorder().attr("met_flag")(py::reinterpret_steal<py::object>(wrap(t)), name);
}

namespace {
void collect_guards(PyHeapTypeObject* heap_type) {
  PyTypeObject* type = &heap_type->ht_type;
  type->tp_flags |= Py_TPFLAGS_HAVE_GC;
  type->tp_traverse = [](PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    if (!py::detail::is_holder_constructed(self)) return 0;
    return py::cast<Guards&>(py::handle(self)).traverse(visit, arg);
  };
  type->tp_clear = [](PyObject* self) {
    if (py::detail::is_holder_constructed(self)) py::cast<Guards&>(py::handle(self)).clear();
    return 0;
  };
}
}  // namespace

void bind_jit_guards(Family& m) {
  py::class_<Guards>(m.scope(), "_Guards", py::custom_type_setup(&collect_guards))
      .def(py::init<>())
      .def("add_item", &Guards::add_item)
      .def("add_dict", &Guards::add_dict)
      .def("add_cell", &Guards::add_cell)
      .def("add_type", &Guards::add_type)
      .def("add_slot", &Guards::add_slot)
      .def("add_attribute", &Guards::add_attribute)
      .def("add_function", &Guards::add_function)
      .def("add_array", &Guards::add_array)
      .def("add_count", &Guards::add_count)
      .def("add_class", &Guards::add_class)
      .def("add_answer", &Guards::add_answer)
      .def("differing", &Guards::differing)
      .def("renew", &Guards::renew)
      .def("drop", &Guards::drop)
      .def("label", &Guards::label)
      .def("set_backward", &Guards::set_backward)
      .def("prune", &Guards::prune, py::arg("other") = nullptr)
      .def("changed", &Guards::changed)
      .def("__len__", &Guards::size);
  m.function("_instance_dict", "(object)", [](const py::object& o) -> py::object {
    if (PyObject** place = is_tensor(o.ptr()) ? _PyObject_GetDictPtr(o.ptr()) : nullptr)  // made when it is needed
      return *place ? py::reinterpret_borrow<py::object>(*place) : py::none();
    PyObject* dict = PyObject_GenericGetDict(o.ptr(), nullptr);
    if (!dict) PyErr_Clear();
    return dict ? py::reinterpret_steal<py::object>(dict) : py::none();
  });
  m.function("_type_lookup", "(type, name, missing: Any | None)",
             [](const py::type& type, const py::str& name, py::object missing) {
               PyObject* found = _PyType_Lookup(reinterpret_cast<PyTypeObject*>(type.ptr()), name.ptr());
               return found ? py::reinterpret_borrow<py::object>(found) : std::move(missing);
             });
}

}  // namespace weft::python
