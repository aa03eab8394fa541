#include "graph/dynamic.h"

#include <cmath>
#include <cstring>
#include <typeinfo>

#include "ops/elementwise.h"

namespace weft::graph {

namespace {

// Every number of a program that may depend on sizes: those of its ops, and where results lie in arguments.
void visit_numbers(Program& p, FieldVisitor& visitor) {
  for (Node& node : p.traced.graph.nodes) node.op = node.op->edited(visitor);
  for (Result& r : p.traced.graph.results) {
    if (r.memory >= 0) continue;
    visit_field(visitor, r.strides);
    visitor.number(r.offset);
  }
}

struct Collect : FieldVisitor {
  std::vector<double> values;
  void number(int64_t& v) override { values.push_back(static_cast<double>(v)); }
  void number(double& v) override { values.push_back(v); }
};

struct Assign : FieldVisitor {
  const std::vector<double>& values;
  size_t next = 0;
  explicit Assign(const std::vector<double>& v) : values(v) {}
  void number(int64_t& v) override {
    double wanted = values[next++];
    check(std::abs(wanted - std::round(wanted)) < 1e-6, "a size would become ", wanted);
    v = std::llround(wanted);
  }
  void number(double& v) override { v = values[next++]; }
};

bool same_bytes(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape() || a.device() != b.device()) return false;
  Tensor x = on_host(a), y = on_host(b);
  return x.numel() == 0 || std::memcmp(x.data(), y.data(), static_cast<size_t>(x.numel()) * item_size(x.dtype())) == 0;
}

// Solves a x = b by elimination with pivoting; false where there is no single solution.
bool solve(std::vector<std::vector<double>> a, std::vector<double> b, std::vector<double>& x) {
  size_t n = b.size();
  for (size_t column = 0; column < n; column++) {
    size_t pivot = column;
    for (size_t row = column; row < n; row++)
      if (std::abs(a[row][column]) > std::abs(a[pivot][column])) pivot = row;
    if (std::abs(a[pivot][column]) < 1e-9) return false;
    std::swap(a[pivot], a[column]);
    std::swap(b[pivot], b[column]);
    for (size_t row = 0; row < n; row++) {
      if (row == column) continue;
      double factor = a[row][column] / a[column][column];
      for (size_t k = column; k < n; k++) a[row][k] -= factor * a[column][k];
      b[row] -= factor * b[column];
    }
  }
  x.resize(n);
  for (size_t i = 0; i < n; i++) x[i] = b[i] / a[i][i];
  return true;
}

}  // namespace

std::vector<double> DynamicProgram::terms(const std::vector<int64_t>& sizes) {
  std::vector<double> all = {1};
  for (int64_t s : sizes) all.push_back(static_cast<double>(s));
  for (size_t i = 0; i < sizes.size(); i++)
    for (size_t k = 0; k < i; k++) all.push_back(static_cast<double>(sizes[i] * sizes[k]));
  return all;
}

std::vector<std::vector<int64_t>> DynamicProgram::sample_sizes(const std::vector<int64_t>& first) {
  std::vector<std::vector<int64_t>> samples;
  for (size_t i = 0; i < first.size(); i++) {
    samples.push_back(first);
    samples.back()[i] += 1;
  }
  for (size_t i = 0; i < first.size(); i++)
    for (size_t k = 0; k < i; k++) {
      samples.push_back(first);
      samples.back()[i] += 1;
      samples.back()[k] += 1;
    }
  samples.push_back(first);
  for (int64_t& s : samples.back()) s += 3;
  return samples;
}

DynamicProgram::DynamicProgram(std::vector<Sample> samples, std::vector<DynamicDim> dims)
    : samples_(std::move(samples)), dims_(std::move(dims)) {
  std::vector<std::vector<double>> values;
  for (Sample& s : samples_) {
    if (&s != &samples_[0]) compare_structure(s);
    Collect collect;
    visit_numbers(s.program, collect);
    for (const Comparison& c : s.comparisons) collect.values.insert(collect.values.end(), {c.a, c.b});
    values.push_back(std::move(collect.values));
    check(values.back().size() == values[0].size(), "its ops have more dimensions at other sizes");
  }
  fit(values);
  // What is inferred must be what was traced.
  for (const Sample& s : samples_) {
    Program made = at(s.sizes);
    for (size_t v = 0; v < made.graph().values.size(); v++)
      check(same_type(made.graph().values[v], s.program.graph().values[v]), "the layout of a tensor of shape ",
            s.program.graph().values[v].shape, " does not follow from the sizes");
  }
  samples_.resize(1);
}

void DynamicProgram::compare_structure(const Sample& other) const {
  const Program &a = samples_[0].program, &b = other.program;
  const Graph &g = a.graph(), &h = b.graph();
  constexpr const char* kOther = "it does other things at other sizes";
  check(g.nodes.size() == h.nodes.size() && g.values.size() == h.values.size() && g.inputs.size() == h.inputs.size() &&
            g.results.size() == h.results.size() && g.updates.size() == h.updates.size(),
        kOther);
  for (size_t n = 0; n < g.nodes.size(); n++) {
    const Node &x = g.nodes[n], &y = h.nodes[n];
    const Op &p = *x.op, &q = *y.op;
    check(typeid(p) == typeid(q) && std::strcmp(p.name(), q.name()) == 0 && x.inputs == y.inputs &&
              x.outputs == y.outputs,
          kOther, ": ", p.name(), " and ", q.name(), " at ", g.sources[static_cast<size_t>(x.source)]);
  }
  for (size_t i = 0; i < g.results.size(); i++)
    check(g.results[i].value == h.results[i].value && g.results[i].memory == h.results[i].memory, kOther);
  for (size_t i = 0; i < g.updates.size(); i++)
    check(g.updates[i].input == h.updates[i].input && g.updates[i].value == h.updates[i].value, kOther);
  auto cell = [](const Sample& s, const Tensor& t) {
    for (size_t i = 0; i < s.cells.size(); i++)
      if (s.cells[i].same(t)) return static_cast<int>(i);
    return -1;
  };
  for (size_t i = 0; i < g.inputs.size(); i++) {
    const Origin &x = a.traced.origins[i], &y = b.traced.origins[i];
    check(x.kind == y.kind && x.argument == y.argument && x.of_gradient == y.of_gradient, kOther);
    if (x.kind == Origin::Kind::Captured) {
      int own = cell(samples_[0], x.tensor);
      check(x.tensor.same(y.tensor) || (own >= 0 && own == cell(other, y.tensor)),
            "it reads other tensors at other sizes");
    }
    if (x.kind == Origin::Kind::Constant)
      check(same_bytes(x.tensor, y.tensor), "a tensor of shape ", x.tensor.shape(),
            " that it makes from Python values depends on the sizes");
  }
  const auto &known = samples_[0].comparisons, &compared = other.comparisons;
  check(known.size() == compared.size(), kOther);
  for (size_t i = 0; i < known.size(); i++) {
    check(known[i].kind == compared[i].kind && known[i].outcome() == compared[i].outcome(), kOther);
    check(known[i].kind != Comparison::Kind::Exact || known[i].a == compared[i].a,
          "it takes a size for a plain number with int() or len()");
  }
  check(a.differentiable == b.differentiable && a.has_gradient == b.has_gradient &&
            a.backward_error.empty() == b.backward_error.empty(),
        kOther);
}

void DynamicProgram::fit(const std::vector<std::vector<double>>& values) {
  std::vector<std::vector<double>> matrix;
  size_t unknowns = terms(samples_[0].sizes).size();
  for (size_t s = 0; s < unknowns; s++) matrix.push_back(terms(samples_[s].sizes));
  for (size_t i = 0; i < values[0].size(); i++) {
    Number number{values[0][i], {}};
    bool constant = true;
    for (const auto& sample : values) constant &= sample[i] == values[0][i];
    if (!constant) {
      std::vector<double> right;
      for (size_t s = 0; s < unknowns; s++) right.push_back(values[s][i]);
      check(solve(matrix, right, number.coefficients), "the sizes of the samples do not tell its numbers apart");
      for (double& c : number.coefficients) {
        // Numbers of programs are made of small whole ones.
        double near = std::round(c * 12) / 12;
        if (std::abs(near - c) < 1e-6) c = near;
      }
      for (size_t s = 0; s < values.size(); s++) {
        double expected = values[s][i], found = value(number, terms(samples_[s].sizes));
        check(std::abs(expected - found) <= 1e-9 * std::max(1.0, std::abs(expected)),
              "a number in its ops is no sum of products of the sizes: ", values[0][i], ", ", values[1][i], " and ",
              values.back()[i]);
      }
    }
    numbers_.push_back(std::move(number));
  }
}

double DynamicProgram::value(const Number& n, const std::vector<double>& terms) const {
  if (n.coefficients.empty()) return n.first;
  double sum = 0;
  for (size_t i = 0; i < terms.size(); i++) sum += n.coefficients[i] * terms[i];
  return sum;
}

Program DynamicProgram::at(const std::vector<int64_t>& sizes) const {
  Program p = samples_[0].program;
  std::vector<double> wanted, with = terms(sizes);
  for (const Number& n : numbers_) wanted.push_back(value(n, with));
  Assign assign(wanted);
  visit_numbers(p, assign);
  for (Comparison c : samples_[0].comparisons) {
    bool outcome = c.outcome();
    c.a = wanted[assign.next++];
    c.b = wanted[assign.next++];
    check(c.outcome() == outcome, "it compares sizes with another outcome");
  }
  infer_types(p, sizes);
  return p;
}

void DynamicProgram::infer_types(Program& p, const std::vector<int64_t>& sizes) const {
  Graph& g = p.traced.graph;
  const Graph& traced = samples_[0].program.graph();
  std::vector<Tensor> models(g.values.size());
  auto known = [&](ValueId v) -> Tensor& { return models[static_cast<size_t>(v)]; };
  auto type = [&](ValueId v) -> Value& { return g.values[static_cast<size_t>(v)]; };
  std::vector<int> gradient_of(g.inputs.size(), -1);
  for (size_t i = 0; i < p.grad_inputs.size(); i++)
    gradient_of[static_cast<size_t>(p.grad_inputs[i])] = p.differentiable[i];
  for (size_t i = 0; i < g.inputs.size(); i++) {
    const Origin& origin = p.traced.origins[i];
    if (gradient_of[i] >= 0) continue;
    Value& t = type(g.inputs[i].value);
    bool changed = false;
    for (const DynamicDim& d : dims_) {
      if (origin.kind != Origin::Kind::Argument || origin.argument != d.argument) continue;
      t.shape[d.dim] = sizes[static_cast<size_t>(d.variable)];
      changed = true;
    }
    if (changed) t.strides = contiguous_strides(t.shape);
    known(g.inputs[i].value) = symbolic_like(t);
  }
  // The gradient that backward starts with has the shape of a result, which is known by then.
  auto model = [&](ValueId v) -> const Tensor& {
    Tensor& t = known(v);
    if (t.defined()) return t;
    for (size_t i = 0; i < g.inputs.size(); i++) {
      if (g.inputs[i].value != v) continue;
      const Value& of = type(g.results[static_cast<size_t>(gradient_of[i])].value);
      type(v) = {of.shape, contiguous_strides(of.shape), of.dtype, of.device};
      t = symbolic_like(type(v));
    }
    return t;
  };
  for (const Node& node : g.nodes) {
    static const Tensor none;
    std::vector<const Tensor*> list;
    for (ValueId v : node.inputs) list.push_back(v == kNone ? &none : &model(v));
    Inputs in(list.data(), static_cast<int>(list.size()));
    if (node.op->is_view()) {
      known(node.outputs[0]) = node.op->view(*list[0]);
      type(node.outputs[0]) = type_of(known(node.outputs[0]));
      continue;
    }
    std::vector<OutputSpec> specs(node.outputs.size());
    node.op->infer(in, specs.data());
    for (size_t i = 0; i < specs.size(); i++) {
      Value& t = type(node.outputs[i]);
      const Value& was = traced.values[static_cast<size_t>(node.outputs[i])];
      bool plain = is_contiguous(was.shape, was.strides);
      check(plain || !specs[i].strides.empty() || specs[i].shape == was.shape, "the layout of a tensor of shape ",
            was.shape, " does not follow from the sizes");
      // Ops treat sizes 0 and 1 in ways of their own.
      for (int d = 0; d < was.shape.size(); d++)
        check(specs[i].shape.size() == was.shape.size() && (specs[i].shape[d] > 1 || specs[i].shape[d] == was.shape[d]),
              "a tensor would have the shape ", specs[i].shape);
      t.shape = specs[i].shape;
      t.strides = plain                       ? contiguous_strides(specs[i].shape)
                  : !specs[i].strides.empty() ? specs[i].strides
                                              : was.strides;
      known(node.outputs[i]) = symbolic_like(t);
    }
  }
  for (const int v : p.grad_inputs) model(g.inputs[static_cast<size_t>(v)].value);
  for (Result& r : g.results)
    if (r.memory >= 0) r.strides = type(r.value).strides;
}

}  // namespace weft::graph
