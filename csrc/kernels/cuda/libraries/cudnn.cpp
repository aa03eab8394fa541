// Convolutions and attention through cuDNN's graphs. A graph is planned once for given sizes, strides and dtypes and
// kept. Engines that do not give the same bits on every run are left out, and those that round float32 operands unless
// allow_tf32() permits it.
#include <cudnn_frontend.h>

#include <array>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "core/other_threads.h"
#include "device/cuda/libraries.h"
#include "kernels/attention.h"
#include "kernels/convolution.h"
#include "kernels/cuda/scratch.h"
#include "kernels/matmul.h"
#include "kernels/plugin.h"
#include "memory/allocator.h"

// The frontend calls cuDNN through this.
namespace cudnn_frontend {
void* cudnn_dlhandle = nullptr;
}  // namespace cudnn_frontend

namespace weft::cuda {

namespace {

namespace fe = cudnn_frontend;
using fe::graph::Graph;
using fe::graph::Tensor_attributes;
using TensorRef = std::shared_ptr<Tensor_attributes>;

// Held from handle() until the work is submitted: the handle's stream is the one of the last thread that asked, and
// what goes into another thread's stream may be recorded there instead of being run.
std::mutex handle_mutex;

cudnnHandle_t handle() {
  static std::array<cudnnHandle_t, kMaxDevices> handles{};
  fe::cudnn_dlhandle = cudnn_library();
  cudaStream_t on = stream();
  cudnnHandle_t& h = handles[static_cast<size_t>(kernel_device().index)];
  if (!h) {
    cudnnStatus_t status = fe::detail::create_handle(&h);
    weft::check(status == CUDNN_STATUS_SUCCESS, allocation_tag(), ": cudnnCreate failed with status ",
                static_cast<int>(status), " on '", kernel_device(), "'");
  }
  fe::detail::set_stream(h, on);
  return h;
}

fe::DataType_t data_type(DType t) {
  switch (t) {
    case DType::Float64:
      return fe::DataType_t::DOUBLE;
    case DType::Float16:
      return fe::DataType_t::HALF;
    case DType::BFloat16:
      return fe::DataType_t::BFLOAT16;
    default:
      return fe::DataType_t::FLOAT;
  }
}

// What a plan depends on, as numbers.
struct Key {
  std::vector<int64_t> numbers;
  bool operator==(const Key&) const = default;
  Key& add(int64_t n) {
    numbers.push_back(n);
    return *this;
  }
  Key& add(const StridedView& v) {
    add(static_cast<int64_t>(v.dtype)).add(v.ndim);
    for (int d = 0; d < v.ndim; d++) add(v.shape[d]).add(v.strides[d]);
    return add(reinterpret_cast<uintptr_t>(v.data) % 16 == 0);
  }
};
struct KeyHash {
  size_t operator()(const Key& k) const {
    size_t seed = 0;
    for (int64_t n : k.numbers) seed ^= static_cast<size_t>(n) + 0x9e3779b97f4a7c15u + (seed << 6) + (seed >> 2);
    return seed;
  }
};

struct ConvolutionPlan {
  std::shared_ptr<Graph> graph;  // nullptr: cuDNN has none
  size_t workspace = 0;
};

// The plan of this key; `build` puts operations into an empty graph the first time.
template <class Build>
const ConvolutionPlan& plan_for(const Key& key, DType compute, const Build& build) {
  static std::mutex mutex;
  static std::unordered_map<Key, ConvolutionPlan, KeyHash> plans;
  {
    PatientLock lock(mutex);
    auto it = plans.find(key);
    if (it != plans.end()) return it->second;
  }
  OthersRun others;  // a plan may take seconds
  std::lock_guard lock(mutex);
  auto it = plans.find(key);
  if (it != plans.end()) return it->second;
  ConvolutionPlan plan;
  auto graph = std::make_shared<Graph>();
  auto wide = compute == DType::Float64 ? fe::DataType_t::DOUBLE : fe::DataType_t::FLOAT;
  graph->set_io_data_type(data_type(compute)).set_intermediate_data_type(wide).set_compute_data_type(wide);
  build(*graph);
  auto good = [](const fe::error_t& e) { return e.is_good(); };
  std::lock_guard handle_lock(handle_mutex);
  cudnnHandle_t h = handle();
  std::vector<fe::NumericalNote_t> unwanted{fe::NumericalNote_t::NONDETERMINISTIC};
  if (compute == DType::Float32 && !allow_tf32()) unwanted.push_back(fe::NumericalNote_t::DOWN_CONVERT_INPUTS);
  bool planned = good(graph->validate()) && good(graph->build_operation_graph(h)) &&
                 good(graph->create_execution_plans({fe::HeurMode_t::A, fe::HeurMode_t::FALLBACK}));
  if (planned) {
    graph->deselect_numeric_notes(unwanted);
    planned = good(graph->check_support()) && good(graph->build_plans(fe::BuildPlanPolicy_t::HEURISTICS_CHOICE));
  }
  if (planned) {
    plan.graph = graph;
    plan.workspace = static_cast<size_t>(graph->get_workspace_size());
  }
  return plans.emplace(key, plan).first->second;
}

using Pointers = std::unordered_map<int64_t, void*>;

void execute(const ConvolutionPlan& plan, Pointers pointers) {
  DeviceScratch workspace(plan.workspace);
  PatientLock handle_lock(handle_mutex);
  fe::error_t error = plan.graph->execute(handle(), pointers, workspace.as<void>());
  weft::check(error.is_good(), allocation_tag(), ": cuDNN failed: ", std::string(error.get_message()), " on '",
              kernel_device(), "'");
  check_launch();
}

enum Uid : int64_t { kX = 1, kW, kY, kBias, kStats, kGrad, kDq, kDk, kDv };

// Spatial dims that every operand has with size 1 are left out: cuDNN's two-dim engines are the better ones.
struct Spatial {
  int first;  // of the three
  Spatial(const StridedView& x, const StridedView& w, const StridedView& y) {
    bool flat = x.shape[2] == 1 && w.shape[2] == 1 && y.shape[2] == 1;
    first = flat ? 1 : 0;
  }
  std::vector<int64_t> of(const int64_t* three) const { return {three + first, three + 3}; }
  TensorRef tensor(Graph& graph, const StridedView& v, Uid uid) const { return graph.tensor(attributes(v, uid)); }
  Tensor_attributes attributes(const StridedView& v, Uid uid) const {
    std::vector<int64_t> dims{v.shape[0], v.shape[1]}, strides{v.strides[0], v.strides[1]};
    for (int d = 2 + first; d < 5; d++) {
      dims.push_back(v.shape[d]);
      strides.push_back(v.strides[d]);
    }
    return Tensor_attributes().set_dim(dims).set_stride(strides).set_uid(uid).set_data_type(data_type(v.dtype));
  }
  void output(const TensorRef& t, const StridedView& v, Uid uid) const {
    Tensor_attributes a = attributes(v, uid);
    t->set_output(true).set_dim(a.get_dim()).set_stride(a.get_stride()).set_uid(uid).set_data_type(data_type(v.dtype));
  }
};

// Padding behind, as the sizes imply it.
std::vector<int64_t> padding_behind(const Spatial& s, const StridedView& x, const StridedView& w, const StridedView& y,
                                    const ConvGeometry& g) {
  std::vector<int64_t> after;
  for (int d = s.first; d < 3; d++) {
    int64_t reach = (y.shape[2 + d] - 1) * g.stride[d] + g.dilation[d] * (w.shape[2 + d] - 1) + 1;
    after.push_back(std::max<int64_t>(0, reach - x.shape[2 + d] - g.padding[d]));
  }
  return after;
}

Key conv_key(int64_t kind, const StridedView& x, const StridedView& w, const StridedView& y, const ConvGeometry& g) {
  Key key;
  key.add(kind).add(kernel_device().index).add(allow_tf32()).add(x).add(w).add(y).add(g.groups);
  for (int d = 0; d < 3; d++) key.add(g.stride[d]).add(g.padding[d]).add(g.dilation[d]);
  return key;
}

template <class Attributes>
Attributes conv_attributes(const Spatial& s, const StridedView& x, const StridedView& w, const StridedView& y,
                           const ConvGeometry& g) {
  return Attributes()
      .set_pre_padding(s.of(g.padding))
      .set_post_padding(padding_behind(s, x, w, y, g))
      .set_stride(s.of(g.stride))
      .set_dilation(s.of(g.dilation));
}

bool convolution_cudnn(const StridedView& y, const StridedView& x, const StridedView& w, const StridedView& bias,
                       const ConvGeometry& g) {
  if (x.numel() == 0) return false;
  Spatial s(x, w, y);
  const ConvolutionPlan& plan = plan_for(conv_key(bias.data ? 1 : 0, x, w, y, g), y.dtype, [&](Graph& graph) {
    TensorRef result = graph.conv_fprop(s.tensor(graph, x, kX), s.tensor(graph, w, kW),
                                        conv_attributes<fe::graph::Conv_fprop_attributes>(s, x, w, y, g));
    if (bias.data) {
      std::vector<int64_t> dims(static_cast<size_t>(5 - s.first), 1), strides = dims;
      dims[1] = bias.shape[0];
      strides[0] = bias.shape[0];
      TensorRef added = graph.tensor(
          Tensor_attributes().set_dim(dims).set_stride(strides).set_uid(kBias).set_data_type(data_type(bias.dtype)));
      result = graph.pointwise(result, added, fe::graph::Pointwise_attributes().set_mode(fe::PointwiseMode_t::ADD));
    }
    s.output(result, y, kY);
  });
  if (!plan.graph || (bias.data && bias.strides[0] != 1)) return false;
  Pointers pointers{{kX, x.data}, {kW, w.data}, {kY, y.data}};
  if (bias.data) pointers[kBias] = bias.data;
  execute(plan, std::move(pointers));
  return true;
}
WEFT_DEVICE_KERNEL(CUDA, library_convolution_kernel, convolution_cudnn);

// A gradient, `result`, which is one of x and w; add(graph, spatial, attributes) puts its operation into a graph.
template <class Attributes, class Add>
bool gradient_cudnn(int64_t kind, const StridedView& x, const StridedView& w, const StridedView& y,
                    const StridedView& result, Uid uid, const ConvGeometry& g, const Add& add) {
  if (y.numel() == 0) return false;
  Spatial s(x, w, y);
  const ConvolutionPlan& plan = plan_for(conv_key(kind, x, w, y, g), result.dtype, [&](Graph& graph) {
    s.output(add(graph, s, conv_attributes<Attributes>(s, x, w, y, g)), result, uid);
  });
  if (!plan.graph) return false;
  execute(plan, {{kX, x.data}, {kW, w.data}, {kY, y.data}});
  return true;
}

bool convolution_input_cudnn(const StridedView& gx, const StridedView& gy, const StridedView& w,
                             const ConvGeometry& g) {
  return gradient_cudnn<fe::graph::Conv_dgrad_attributes>(
      2, gx, w, gy, gx, kX, g, [&](Graph& graph, const Spatial& s, const auto& attributes) {
        return graph.conv_dgrad(s.tensor(graph, gy, kY), s.tensor(graph, w, kW), attributes);
      });
}
WEFT_DEVICE_KERNEL(CUDA, library_convolution_input_kernel, convolution_input_cudnn);

bool convolution_weight_cudnn(const StridedView& gw, const StridedView& gy, const StridedView& x,
                              const ConvGeometry& g) {
  return gradient_cudnn<fe::graph::Conv_wgrad_attributes>(
      3, x, gw, gy, gw, kW, g, [&](Graph& graph, const Spatial& s, const auto& attributes) {
        return graph.conv_wgrad(s.tensor(graph, gy, kY), s.tensor(graph, x, kX), attributes);
      });
}
WEFT_DEVICE_KERNEL(CUDA, library_convolution_weight_kernel, convolution_weight_cudnn);

// --- attention ------------------------------------------------------------------------------------------------------

TensorRef tensor_of(Graph& graph, const StridedView& v, Uid uid) {
  return graph.tensor(Tensor_attributes()
                          .set_dim({v.shape, v.shape + v.ndim})
                          .set_stride({v.strides, v.strides + v.ndim})
                          .set_uid(uid)
                          .set_data_type(data_type(v.dtype)));
}
void output(const TensorRef& t, const StridedView& v, Uid uid) {
  t->set_output(true)
      .set_dim({v.shape, v.shape + v.ndim})
      .set_stride({v.strides, v.strides + v.ndim})
      .set_uid(uid)
      .set_data_type(data_type(v.dtype));
}

Key attention_key(int64_t kind, const AttentionRule& rule) {
  Key key;
  key.add(kind).add(kernel_device().index).add(rule.causal).add(__builtin_bit_cast(int64_t, rule.scale));
  return key;
}

const ConvolutionPlan& forward_plan(const StridedView& out, const StridedView& stats, const StridedView& q,
                                    const StridedView& k, const StridedView& v, const AttentionRule& rule) {
  Key key = attention_key(4, rule);
  key.add(out).add(stats).add(q).add(k).add(v);
  return plan_for(key, q.dtype, [&](Graph& graph) {
    auto options = fe::graph::SDPA_attributes()
                       .set_generate_stats(true)
                       .set_attn_scale(static_cast<float>(rule.scale))
                       .set_causal_mask(rule.causal);
    auto [o, s] = graph.sdpa(tensor_of(graph, q, kX), tensor_of(graph, k, kW), tensor_of(graph, v, kGrad), options);
    output(o, out, kY);
    output(s, stats, kStats);
  });
}

void attention_support(StridedView q, StridedView k, StridedView v, AttentionRule rule, bool* supported) {
  *supported = false;
  bool half = q.dtype == DType::Float16 || q.dtype == DType::BFloat16;
  int64_t size = q.shape[3];
  if (rule.change || !half || q.numel() == 0 || k.numel() == 0 || size % 8 || v.shape[3] % 8 || size > 256 ||
      v.shape[3] > 256)
    return;
  for (const StridedView* t : {&q, &k, &v})
    if (t->strides[3] != 1 || t->strides[2] % 8 || t->strides[1] % 8 || t->strides[0] % 8 ||
        reinterpret_cast<uintptr_t>(t->data) % 16)
      return;
  for (const StridedView* t : {&k, &v})
    if (t->shape[0] != q.shape[0] || t->shape[1] != q.shape[1]) return;
  int64_t shape[4] = {q.shape[0], q.shape[1], q.shape[2], v.shape[3]}, strides[4], stats_shape[4], stats_strides[4];
  auto contiguous = [](const int64_t* sizes, int64_t* to) {
    int64_t step = 1;
    for (int d = 3; d >= 0; d--) {
      to[d] = step;
      step *= sizes[d];
    }
  };
  contiguous(shape, strides);
  if (heads_inside_length(q.shape, q.strides)) strides[2] = shape[1] * shape[3], strides[1] = shape[3];
  std::copy(shape, shape + 4, stats_shape);
  stats_shape[3] = 1;
  contiguous(stats_shape, stats_strides);  // data is not looked at
  StridedView out{nullptr, shape, strides, 4, q.dtype}, stats{nullptr, stats_shape, stats_strides, 4, DType::Float32};
  *supported = forward_plan(out, stats, q, k, v, rule).graph != nullptr;
}
WEFT_DEVICE_KERNEL(CUDA, attention_support_kernel, attention_support);

void attention_cuda(StridedView out, StridedView stats, StridedView q, StridedView k, StridedView v,
                    AttentionRule rule) {
  const ConvolutionPlan& plan = forward_plan(out, stats, q, k, v, rule);
  weft::check(plan.graph != nullptr, "scaled_dot_product_attention: cuDNN has no plan for this layout");
  execute(plan, {{kX, q.data}, {kW, k.data}, {kGrad, v.data}, {kY, out.data}, {kStats, stats.data}});
}
WEFT_DEVICE_KERNEL(CUDA, attention_kernel, attention_cuda);

void attention_backward_cuda(const AttentionBackwardViews& t, AttentionRule rule) {
  Key key = attention_key(5, rule);
  for (const StridedView* view : {&t.dq, &t.dk, &t.dv, &t.grad, &t.q, &t.k, &t.v, &t.out, &t.stats}) key.add(*view);
  constexpr Uid kQ = kX, kK = kW, kV = kBias, kO = kY;
  const ConvolutionPlan& plan = plan_for(key, t.q.dtype, [&](Graph& graph) {
    auto options = fe::graph::SDPA_backward_attributes()
                       .set_attn_scale(static_cast<float>(rule.scale))
                       .set_causal_mask(rule.causal)
                       .set_deterministic_algorithm(true);
    auto [dq, dk, dv] = graph.sdpa_backward(
        tensor_of(graph, t.q, kQ), tensor_of(graph, t.k, kK), tensor_of(graph, t.v, kV), tensor_of(graph, t.out, kO),
        tensor_of(graph, t.grad, kGrad), tensor_of(graph, t.stats, kStats), options);
    output(dq, t.dq, kDq);
    output(dk, t.dk, kDk);
    output(dv, t.dv, kDv);
  });
  weft::check(plan.graph != nullptr, "scaled_dot_product_attention: cuDNN has no plan for this gradient");
  execute(plan, {{kQ, t.q.data},
                 {kK, t.k.data},
                 {kV, t.v.data},
                 {kO, t.out.data},
                 {kGrad, t.grad.data},
                 {kStats, t.stats.data},
                 {kDq, t.dq.data},
                 {kDk, t.dk.data},
                 {kDv, t.dv.data}});
}
WEFT_DEVICE_KERNEL(CUDA, attention_backward_kernel, attention_backward_cuda);

}  // namespace

}  // namespace weft::cuda
