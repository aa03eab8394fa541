#include "op/op.h"

#include "op/node.h"

namespace weft {

namespace {
bool is_host_number(const Tensor& t) { return t.ndim() == 0 && t.device().type == DeviceType::CPU; }
}  // namespace

Device Op::device(Inputs in) const {
  const Tensor* first = nullptr;
  for (int i = 0; i < in.size(); i++) {
    if (!in[i].defined()) continue;
    if (!first) first = &in[i];
    if (in[i].device() == first->device()) continue;
    if (elementwise() && is_host_number(in[i])) continue;
    if (elementwise() && i > 0 && is_host_number(*first)) {
      first = &in[i];
      continue;
    }
    check(in[i].device() == first->device(), name(), ": expected all tensors on one device, got ", first->device(),
          " and ", in[i].device(), "; move them with .to(device)");
  }
  return first ? first->device() : Device{};
}

void Op::run(Inputs, const Tensor*) const { fail<ErrorKind::NotImplemented>(name(), ": this op has no kernel"); }

void Op::run_then(Inputs, const Tensor*, const Epilogue&) const {
  fail<ErrorKind::NotImplemented>(name(), ": this op takes no epilogue");
}

Tensor Op::view(const Tensor&) const { fail<ErrorKind::NotImplemented>(name(), ": this op is not a view"); }

Saves Op::saves(uint32_t) const { return has_decompose() ? Saves{.inputs = Saves::kAll, .outputs = 0} : Saves{}; }

void Op::vjp(const Vjp& v, Tensor* grads) const {
  check<ErrorKind::NotImplemented>(has_decompose(), name(), ": the derivative of this op is not implemented");
  decompose_vjp(*this, v, v.num_inputs(), grads);
}

std::vector<Tensor> Op::decompose(Inputs) const {
  fail<ErrorKind::NotImplemented>(name(), ": this op has no decomposition");
}

Tensor Vjp::input(int i) const {
  const uint32_t mask = node_.mask.inputs;
  check(mask == Saves::kAll || (i < 32 && mask >> i & 1), node_.name(), ": vjp() reads input ", i,
        ", which saves() does not name");
  int slot = mask == Saves::kAll ? i : __builtin_popcount(mask & ((1u << i) - 1));
  return node_.saved[slot].unpack(node_.name(), const_cast<OpNode*>(&node_));
}

Tensor Vjp::output(int i) const {
  check(i < 32 && node_.mask.outputs >> i & 1, node_.name(), ": vjp() reads output ", i,
        ", which saves() does not name");
  int slot = node_.num_saved_inputs + __builtin_popcount(node_.mask.outputs & ((1u << i) - 1));
  return node_.saved[slot].unpack(node_.name(), const_cast<OpNode*>(&node_));
}

int Vjp::num_inputs() const { return node_.edges.size(); }
bool Vjp::needs(int i) const { return static_cast<bool>(node_.edges[i].node); }

const Shape& Vjp::input_shape(int i) const {
  const Edge& edge = node_.edges[i];
  return edge.node->outputs[static_cast<int>(edge.index)].shape;
}

Device Vjp::input_device(int i) const {
  const Edge& edge = node_.edges[i];
  return edge.node->outputs[static_cast<int>(edge.index)].device;
}

DType Vjp::input_dtype(int i) const {
  const Edge& edge = node_.edges[i];
  return edge.node->outputs[static_cast<int>(edge.index)].dtype;
}

bool Vjp::input_channels_last(int i) const {
  const Edge& edge = node_.edges[i];
  return edge.node->outputs[static_cast<int>(edge.index)].channels_last;
}

}  // namespace weft
