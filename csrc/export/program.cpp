#include "export/program.h"

#include <algorithm>
#include <utility>

#include "op/grad_mode.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/movement.h"

namespace weft::exported {

using graph::at;
using graph::Origin;

namespace {

bool shares_memory(const Tensor& a, const Tensor& b) {
  return a.numel() && b.numel() && a.impl()->storage.get() == b.impl()->storage.get();
}

// The same values in the same layout, in memory of its own.
Tensor copy_of(const State& s) {
  const Tensor& t = s.tensor;
  check<ErrorKind::Value>(is_dense(t) || t.numel() == 0, "export: the elements of '", s.name, "' of shape ", t.shape(),
                          " and strides ", t.strides(), " overlap or leave gaps; call contiguous() on it");
  GradModeGuard no_grad(false);
  return copy_(empty_strided(t.shape(), t.strides(), t.dtype(), t.device()), detach(t));
}

}  // namespace

Program::Program(graph::Program traced, std::vector<std::string> arguments, std::vector<State> state)
    : traced_(std::move(traced)),
      arguments_(std::move(arguments)),
      state_(std::move(state)),
      inputs_(arguments_.size(), -1),
      in_place_(arguments_.size(), 0),
      updated_(arguments_.size(), 0) {
  const std::vector<Origin>& origins = traced_.traced.origins;
  for (size_t i = 0; i < origins.size(); i++) {
    if (origins[i].kind == Origin::Kind::Captured)
      check<ErrorKind::Value>(state_of(i) >= 0, "program: input ", i, " is no tensor that the program holds");
    if (origins[i].kind != Origin::Kind::Argument) continue;
    const int argument = origins[i].argument;
    check<ErrorKind::Value>(argument >= 0 && at(argument) < inputs_.size() && inputs_[at(argument)] < 0,
                            "program: input ", i, " is argument ", argument, ", which is not there or given twice");
    inputs_[at(argument)] = static_cast<int>(i);
  }
  for (int input : inputs_) check<ErrorKind::Value>(input >= 0, "program: an argument is no input of the graph");
  auto mark = [&](int input, std::vector<char>& list) {
    const Origin& origin = origins[at(input)];
    if (origin.kind == Origin::Kind::Argument) list[at(origin.argument)] = 1;
  };
  for (const graph::Update& u : graph().updates) {
    mark(u.input, updated_);
    mark(u.input, in_place_);
  }
  for (const graph::Result& r : graph().results)
    if (r.memory < 0) mark(~r.memory, in_place_);
}

int Program::state_of(size_t input) const {
  const Origin& origin = traced_.traced.origins[input];
  if (origin.kind != Origin::Kind::Captured) return -1;
  for (size_t s = 0; s < state_.size(); s++)
    if (state_[s].tensor.same(origin.tensor)) return static_cast<int>(s);
  return -1;
}

const graph::Value& Program::argument_type(size_t i) const {
  return graph().values[at(graph().inputs[at(inputs_[i])].value)];
}

Tensor Program::fitting(size_t i, const Tensor& given) const {
  const graph::Value& wanted = argument_type(i);
  const std::string& name = arguments_[i];
  check<ErrorKind::Type>(given.defined(), "program: argument '", name, "' is not given");
  check<ErrorKind::Type>(given.dtype() == wanted.dtype, "program: argument '", name, "' must have dtype ", wanted.dtype,
                         ", got ", given.dtype(), "; convert it with .to(", wanted.dtype, ")");
  check<ErrorKind::Value>(given.shape() == wanted.shape, "program: argument '", name, "' must have shape ",
                          wanted.shape, ", got ", given.shape(), "; export the program for such sizes as well");
  check<ErrorKind::Value>(given.device() == wanted.device, "program: argument '", name, "' must be on ", wanted.device,
                          ", got ", given.device());
  if (given.strides() == wanted.strides) return given;
  check<ErrorKind::Value>(!in_place_[i], "program: argument '", name, "' must have strides ", wanted.strides,
                          ", because the program changes it or returns a part of it; got ", given.strides());
  return copy_(empty_strided(wanted.shape, wanted.strides, wanted.dtype, wanted.device), given);
}

// What is changed in place is seen through nothing else that the program reads.
void Program::check_apart(const std::vector<Tensor>& given) const {
  for (size_t i = 0; i < given.size(); i++) {
    for (size_t j = 0; j < given.size(); j++)
      check<ErrorKind::Value>(i == j || !updated_[i] || !shares_memory(given[i], given[j]), "program: argument '",
                              arguments_[i], "' is changed in place and shares memory with argument '", arguments_[j],
                              "'; clone() one of them");
    for (const State& s : state_)
      check<ErrorKind::Value>(!shares_memory(given[i], s.tensor) || graph().updates.empty(), "program: argument '",
                              arguments_[i], "' shares memory with '", s.name, "' of the program; clone() it");
  }
}

const graph::Function& Program::function() const {
  std::lock_guard lock(mutex_);
  if (!function_) function_ = graph::Function::compile(traced_, {});
  return *function_;
}

std::vector<Tensor> Program::run(const std::vector<Tensor>& arguments) const {
  check<ErrorKind::Type>(arguments.size() == arguments_.size(), "program: expected ", arguments_.size(),
                         " tensors, got ", arguments.size());
  if (sizes_) return sizes_->at(sizes_->of(arguments), *this)->run(arguments);
  GradModeGuard no_grad(false);
  std::vector<Tensor> given;
  for (size_t i = 0; i < arguments.size(); i++) given.push_back(fitting(i, arguments[i]));
  check_apart(given);
  return function().call(given);
}

void Program::set_sizes(const std::string& json) {
  auto sizes = std::make_unique<const Sizes>(json, arguments_);
  for (const Sizes::Place& place : sizes->places())
    check<ErrorKind::Value>(place.dim < argument_type(place.argument).shape.size(), "a size is that of no dimension");
  sizes->check_cases(*this);
  sizes_ = std::move(sizes);
}

Ref<Program> make_program(const graph::Program& traced, std::vector<std::string> arguments, std::vector<State> state,
                          bool share) {
  const graph::Traced& t = traced.traced;
  check<ErrorKind::Value>(t.gradient_changes.empty() && t.gradients_seen.empty(),
                          "export: the function reads or changes the .grad of a tensor, which a program does not have");
  std::vector<State> copies = state;
  for (State& s : copies)
    if (!share) s.tensor = copy_of(s);
  graph::Program program = traced;
  size_t unnamed = 0;
  for (Origin& origin : program.traced.origins) {
    check<ErrorKind::Value>(!origin.of_gradient, "export: the function reads the .grad of a tensor");
    if (origin.kind != Origin::Kind::Captured) continue;
    size_t s = 0;
    while (s < state.size() && !state[s].tensor.same(origin.tensor)) s++;
    if (s == state.size()) {
      for (const State& other : state)
        check<ErrorKind::Value>(!shares_memory(other.tensor, origin.tensor), "export: '", other.name,
                                "' is seen as another tensor that shares its memory; clone() one of them");
      state.push_back({State::Kind::Constant, concat("captured.", unnamed++), {}, origin.tensor});
      copies.push_back(state.back());
      if (!share) copies.back().tensor = copy_of(state.back());
    }
    origin.tensor = copies[s].tensor;
  }
  program.traced.hooks_seen.clear();
  program.traced.layouts_seen.clear();
  return make_ref<Program>(std::move(program), std::move(arguments), std::move(copies));
}

}  // namespace weft::exported
