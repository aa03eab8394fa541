#include "bindings/jit_check.h"

#include <pybind11/pybind11.h>
#include <memory>

namespace weft::python {

namespace {

// Notes the generators that are drawn from in a scope, and takes them back.
class RewindScope {
 public:
  using States = std::vector<std::pair<uint64_t, uint64_t>>;
  void enter() { log_ = std::make_unique<graph::DrawLog>(); }
  void exit() {
    before_ = log_->before();
    log_ = nullptr;
  }
  void rewind() const {
    for (const auto& [generator, state] : before_) generator->set_state(state);
  }
  // Where they stand now.
  States states() const {
    States states;
    for (const auto& [generator, state] : before_)
      states.emplace_back(generator->state().seed, generator->state().offset);
    return states;
  }
  // Has this scope drawn from generators that the other one has not?
  bool drew_more_than(const RewindScope& other) const {
    for (const auto& [generator, state] : before_) {
      bool known = false;
      for (const auto& entry : other.before_) known |= entry.first.get() == generator.get();
      if (!known) return true;
    }
    return false;
  }

 private:
  std::unique_ptr<graph::DrawLog> log_;
  std::vector<std::pair<Ref<Generator>, PhiloxState>> before_;
};

// A Listener that is in place in a scope.
class ListenScope : public graph::Listener {
 public:
  void enter() { scope_ = std::make_unique<InterpreterScope>(this); }
  void exit() { scope_ = nullptr; }

 private:
  std::unique_ptr<InterpreterScope> scope_;
};

template <class T, class Class>
void def_scope(Class& type) {
  type.def("__enter__", [](py::object self) {
    self.cast<T&>().enter();
    return self;
  });
  type.def("__exit__", [](T& scope, const py::args&) { scope.exit(); });
}

}  // namespace

void bind_jit_check(Family& m) {
  py::class_<graph::Listener>(m.scope(), "_Listener")
      .def("add", &graph::Listener::add)
      .def("has", &graph::Listener::has);
  auto listen = py::class_<ListenScope, graph::Listener>(m.scope(), "_ListenScope").def(py::init<>());
  def_scope<ListenScope>(listen);
  auto draws = py::class_<RewindScope>(m.scope(), "_RewindScope").def(py::init<>());
  def_scope<RewindScope>(draws);
  draws.def("rewind", &RewindScope::rewind)
      .def("states", &RewindScope::states)
      .def("drew_more_than", &RewindScope::drew_more_than);
  py::class_<graph::Snapshot>(m.scope(), "_Snapshot")
      .def(py::init<const std::vector<Tensor>&>())
      .def("restore", &graph::Snapshot::restore);
  m.function("_same_bits", "(a, b)", &graph::same_bits, "The same dtype, shape and bits, NaNs being equal?");
}

}  // namespace weft::python
