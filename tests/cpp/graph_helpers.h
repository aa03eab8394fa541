// Graphs for tests, written by hand as functions of tensors.
#pragma once

#include <functional>

#include "graph/function.h"
#include "graph/passes/passes.h"
#include "graph/plan.h"
#include "graph/tracer.h"
#include "op/grad_mode.h"
#include "test_tensors.h"

namespace weft::graph {

using Code = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;

inline Traced trace(const std::vector<Tensor>& arguments, const Code& program) {
  Tracer tracer;
  InterpreterScope scope(&tracer);
  std::vector<Tensor> results = program(tracer.arguments(arguments));
  return tracer.finish(results);
}

// The graph of a program that does not record for autograd.
inline Graph graph_of(const std::vector<Tensor>& arguments, const Code& program) {
  GradModeGuard no_grad(false);
  return trace(arguments, program).graph;
}

inline Ref<Function> compile(const std::vector<Tensor>& arguments, const Code& program,
                             const OptimizeOptions& options = {}) {
  Tracer tracer;
  std::vector<Tensor> stand_ins, results;
  {
    InterpreterScope scope(&tracer);
    stand_ins = tracer.arguments(arguments);
    results = program(stand_ins);
  }
  return Function::compile(finish_program(tracer, stand_ins, results), options);
}

// Runs a graph whose inputs are the arguments, in order, and constants.
inline std::vector<Tensor> run(const Graph& g, const std::vector<Tensor>& arguments) {
  auto plan = make_ref<Plan>(g);
  std::vector<const Tensor*> inputs;
  for (const Tensor& t : arguments) inputs.push_back(&t);
  inputs.resize(g.inputs.size(), nullptr);
  std::vector<Tensor> results(g.results.size());
  plan->run(inputs.data(), results.data());
  return results;
}

inline int count_nodes(const Graph& g, const std::string& name) {
  int count = 0;
  for (const Node& node : g.nodes) count += node.op->name() == name;
  return count;
}

}  // namespace weft::graph
