// Programs (csrc/export): made from traces, run, described, saved and loaded. The trees of containers around their
// tensors are Python's (weft/export).
#include <pybind11/pybind11.h>

#include "bindings/gil.h"
#include "bindings/tensor_object.h"

#include "export/file.h"

namespace weft::python {

namespace {

using exported::Program;
using exported::State;

// pybind11 holds programs by pointers of its own.
struct Holder {
  Ref<Program> program;
};

py::tuple type_of(const graph::Value& v) {
  return py::make_tuple(py::reinterpret_borrow<py::object>(dtype_object(v.dtype)),
                        py::tuple(py::cast(v.shape.to_vector())),
                        py::reinterpret_steal<py::object>(device_object(v.device)));
}

Holder make(const graph::Program& traced, const std::vector<std::string>& arguments,
            const std::vector<std::tuple<std::string, std::string, std::vector<std::string>, Tensor, bool>>& state,
            bool share) {
  std::vector<State> states;
  for (const auto& [kind, name, aliases, tensor, persistent] : state)
    states.push_back(
        {kind == "parameter" ? State::Kind::Parameter : State::Kind::Buffer, name, aliases, tensor, persistent});
  return {exported::make_program(traced, arguments, std::move(states), share)};
}

py::list state_of(const Holder& h) {
  constexpr const char* kinds[] = {"parameter", "buffer", "constant"};
  py::list list;
  for (const State& s : h.program->state())
    list.append(py::make_tuple(kinds[static_cast<int>(s.kind)], s.name, s.aliases, s.tensor, s.persistent));
  return list;
}

// (numbers of arguments, numbers of state) that a run changes.
py::tuple changed(const Holder& h) {
  std::vector<int> arguments, state;
  for (const graph::Update& u : h.program->graph().updates) {
    const graph::Origin& origin = h.program->traced().traced.origins[graph::at(u.input)];
    if (origin.kind == graph::Origin::Kind::Argument)
      arguments.push_back(origin.argument);
    else
      state.push_back(h.program->state_of(graph::at(u.input)));
  }
  return py::make_tuple(arguments, state);
}

std::vector<Tensor> run(const Holder& h, const std::vector<Tensor>& arguments) {
  GilRelease release;
  return h.program->run(arguments);
}

py::list argument_types(const Holder& h) {
  py::list types;
  for (size_t i = 0; i < h.program->arguments().size(); i++) types.append(type_of(h.program->argument_type(i)));
  return types;
}

// (argument, dimension, name, smallest size, largest size) of every dimension whose size may vary.
py::list places_of(const Holder& h) {
  py::list list;
  if (const exported::Sizes* sizes = h.program->sizes())
    for (const exported::Sizes::Place& place : sizes->places()) {
      const exported::Sizes::Dim& dim = sizes->dims()[place.size];
      list.append(py::make_tuple(place.argument, place.dim, dim.name, dim.least, dim.most));
    }
  return list;
}

// Node by node; ops that hold bodies are equal only to themselves.
bool same_ops(const Holder& a, const Holder& b) {
  const auto &x = a.program->graph().nodes, &y = b.program->graph().nodes;
  if (x.size() != y.size()) return false;
  for (size_t n = 0; n < x.size(); n++) {
    const bool holds_bodies = x[n].op->text().find("<object>") != std::string::npos;
    if (!holds_bodies && (!x[n].op->equals(*y[n].op) || x[n].op->hash() != y[n].op->hash())) return false;
  }
  return true;
}

Holder load(const std::string& path) {
  GilRelease release;
  return {exported::load(path)};
}

}  // namespace

void bind_export(Family& m) {
  py::class_<graph::Program>(m.scope(), "_TracedProgram");
  py::class_<Holder>(m.scope(), "_Program")
      .def(py::init(&make), py::arg("traced"), py::arg("arguments"), py::arg("state"), py::arg("share") = false)
      .def("run", &run, py::arg("arguments"))
      .def(
          "text", [](const Holder& h, bool) { return graph::to_text(h.program->graph()); }, py::arg("backward") = false)
      .def(
          "dot", [](const Holder& h, bool) { return graph::to_dot(h.program->graph()); }, py::arg("backward") = false)
      .def("to_json", [](const Holder& h) { return exported::to_json(*h.program); })
      .def("tensors", [](const Holder& h) { return exported::tensors_of(*h.program); })
      .def("set_sizes", [](const Holder& h, const std::string& json) { h.program->set_sizes(json); })
      .def_property_readonly("places", &places_of)
      .def("changed", &changed)
      .def("same_ops", &same_ops, "For tests: equal ops in the same order?")
      .def_property_readonly("arguments", [](const Holder& h) { return h.program->arguments(); })
      .def_property_readonly("argument_types", &argument_types)
      .def_property_readonly("num_returned", [](const Holder& h) { return h.program->traced().num_returned; })
      .def_property_readonly("signature", [](const Holder& h) { return h.program->signature; })
      .def_property_readonly("state", &state_of);
  m.function("_load_program", "(path)", &load);
  m.scope().attr("_PROGRAM_KEYS") =
      py::make_tuple(exported::kProgramKey, exported::kSignatureKey, exported::kChecksumKey);
}

}  // namespace weft::python
