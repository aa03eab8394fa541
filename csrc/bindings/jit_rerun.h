// The rerun of a call of a jitted function, for backward with create_graph.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/jit_guards.h"
#include "bindings/jit_signature.h"
#include "graph/check.h"
#include "graph/function.h"
#include "op/autocast.h"

namespace weft::python {

// What a call of a jitted function depends on, kept as long as its graph: the arguments, old values of what it changes
// in place, the modes, what it has drawn.
class FunctionRerun final : public graph::Rerun {
 public:
  struct Program {
    py::object function;
    Ref<graph::Function> compiled;
    SharedGuards guards;
    std::vector<py::object> conditions;
    std::shared_ptr<bool> has_warned;              // once for each jitted function
    std::shared_ptr<std::vector<uint32_t>> bumps;  // by a run, of the versions of Changes::read; empty: not known yet
  };
  // Before the call. Where it could not be made again, nothing is kept: results() then says why.
  static Ref<graph::Rerun> of_call(Program program, const Signature& s, const py::tuple& args, const py::dict& kwargs);
  ~FunctionRerun() override;

  // After the call.
  void finish_call(std::vector<graph::Drawn> drawn);
  std::vector<Tensor> results() override;
  void check_backward() const override;

  // Calls f with every Python object that this holds; stops when it returns other than 0.
  template <class F>
  int each_object(const F& f) const {
    int status = 0;
    each_reference(*this, [&](const py::object& o) {
      if (o && status == 0) status = f(o.ptr());
    });
    return status;
  }

 private:
  FunctionRerun() = default;
  void check_state() const;
  void warn() const;
  std::vector<Tensor> run() const;
  std::vector<Tensor> run_function() const;
  // Calls f with each reference to a Python object (not with copies of them: the collector must see no counts change).
  template <class Self, class F>
  static void each_reference(Self& self, const F& f) {
    for (auto* o : {&self.program_.function, &self.program_.guards.object, &self.args_, &self.kwargs_}) f(*o);
    for (auto& [given, old] : self.changed_) {
      f(given);
      f(old);
    }
    for (auto* list : {&self.program_.conditions, &self.signature_.constants, &self.signature_.tensor_objects})
      for (auto& o : *list) f(o);
  }

  Program program_;
  py::object args_, kwargs_;
  std::vector<std::pair<py::object, py::object>> changed_;  // of these, and what they were before
  graph::Function::Changes changes_;
  std::vector<Tensor> old_values_;  // of changes_.read
  std::vector<uint32_t> versions_;  // that the call has left them
  std::vector<graph::Drawn> drawn_;
  bool autocast_on_ = false;
  AutocastState autocast_[kNumDeviceTypes];
  Signature signature_;
};

}  // namespace weft::python
