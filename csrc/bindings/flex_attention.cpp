// Traces of flex_attention's functions for one score, and attention with what they do.
#include "graph/flex_attention.h"

#include <pybind11/pybind11.h>

#include "bindings/bindings.h"
#include "bindings/current_line.h"
#include "bindings/func.h"
#include "bindings/gil.h"
#include "graph/evaluate.h"
#include "op/refusal.h"

namespace weft::python {

namespace {

using graph::ScoreProgram;

struct ScoreFunctions {
  Ref<ScoreProgram> program;
};

std::optional<graph::Traced> trace_places(const py::object& function, DType compute, Device device, bool* recorded) {
  if (function.is_none()) return std::nullopt;
  graph::Tracer tracer(current_line, graph::Purpose::Transform);
  tracer.on_random = [](const Op& op) { fail(op.name(), " draws random numbers"); };
  std::vector<Tensor> places;
  if (recorded) {
    places.push_back(tracer.argument({{}, {}, compute, device}));
    places[0].impl()->requires_grad = GradMode::enabled();
  }
  for (int i = 0; i < graph::kScorePlaces; i++) places.push_back(tracer.argument({{}, {}, DType::Int64, device}));
  tracer.follow();
  std::vector<TracedResult> kinds;
  graph::Traced traced = trace_function(tracer, function, places, kinds);
  if (!traced.gradient_changes.empty() || !traced.gradients_seen.empty()) fail("a function changes gradients");
  if (recorded) *recorded = !kinds.empty() && kinds[0].recorded;
  return traced;
}

// score_mod and mask_mod (None: there is none) take and return lists. None where no program can say what they do.
py::object score_program(DType compute, Device device, const py::object& score_mod, const py::object& mask_mod) {
  CallsPython scope;
  bool recorded = true;
  const auto score = trace_places(score_mod, compute, device, &recorded);
  const auto mask = trace_places(mask_mod, compute, device, nullptr);
  Ref<ScoreProgram> program =
      ScoreProgram::make(score ? &*score : nullptr, mask ? &*mask : nullptr, !recorded, compute, device);
  return program ? py::cast(ScoreFunctions{std::move(program)}) : py::none();
}

// (places, reads tensors from outside?, is itself a place?) of each operand.
py::list operands_of(const ScoreFunctions& p) {
  py::list list;
  for (const graph::ScoreOperand& operand : p.program->operands())
    list.append(py::make_tuple(py::tuple(py::cast(operand.places)), operand.captured, operand.is_place()));
  return list;
}

Tensor operand_at(const ScoreFunctions& p, int64_t i, const std::vector<Tensor>& places) {
  const auto& operands = p.program->operands();
  check<ErrorKind::Index>(i >= 0 && i < static_cast<int64_t>(operands.size()), "there is no operand ", i);
  const graph::ScoreOperand& operand = operands[static_cast<size_t>(i)];
  check(places.size() == operand.places.size(), "expected ", operand.places.size(), " places, got ", places.size());
  return graph::evaluate_eagerly(operand.graph, places)[0];
}

// (output, lse), or None where there is no kernel for it.
py::object flex_attention(const ScoreFunctions& p, const Tensor& query, const Tensor& key, const Tensor& value,
                          const std::vector<Tensor>& operands, int64_t rows, int64_t columns, double scale,
                          const Tensor& states) {
  const graph::BlockTable table{states, rows, columns};
  graph::check_flex_attention(query, key, value, table);
  if (!graph::has_flex_attention(query, key, value, table)) return py::none();
  check(operands.size() == p.program->operands().size(), "expected ", p.program->operands().size(), " operands, got ",
        operands.size());
  const Shape scores{query.size(0), query.size(1), query.size(2), key.size(2)};
  uint32_t wanted = 0;
  for (size_t i = 0; i < operands.size(); i++) {
    const Tensor& t = operands[i];
    check(t.ndim() == 4 && broadcastable_to(t.shape(), scores), "an operand of shape ", t.shape(), " beside scores ",
          scores);
    if (t.device() != query.device() || t.dtype() != p.program->operand_dtype(i)) return py::none();
    if (GradMode::enabled() && t.requires_grad()) wanted |= 1u << i;
    const bool whole = t.size(2) > 1 && t.size(3) > 1;  // whose gradient would be as large as the scores
    if (wanted >> i & 1 && whole) return py::none();
  }
  const bool recorded =
      GradMode::enabled() && (wanted || query.requires_grad() || key.requires_grad() || value.requires_grad());
  if (!p.program->compile(operands, scores, recorded, wanted)) return py::none();
  return py::cast(graph::flex_attention(query, key, value, operands, table, p.program, wanted, scale));
}

// function() with no trace around it.
py::object not_traced(const py::object& function) {
  CallsPython calls;
  NotTraced scope;
  return function();
}

}  // namespace

void bind_flex_attention(Family&, Family& nn) {
  py::class_<ScoreFunctions>(nn.scope(), "_ScoreProgram", py::is_final())
      .def("operands", &operands_of)
      .def("operand", &operand_at);
  nn.function("_score_program", "(compute, device, score_mod=None, mask_mod=None)", &score_program);
  nn.function(
      "_flex_attention", "(program, query, key, value, operands, rows, columns, scale, states=None)",
      [](const py::object& program, const Tensor& query, const Tensor& key, const Tensor& value,
         const std::vector<Tensor>& operands, int64_t rows, int64_t columns, double scale, const Tensor& states) {
        return flex_attention(program.cast<const ScoreFunctions&>(), query, key, value, operands, rows, columns, scale,
                              states);
      });
  nn.function("_not_traced", "(function)", &not_traced);
}

}  // namespace weft::python
