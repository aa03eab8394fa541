#include "autograd/streams.h"

#include <algorithm>

namespace weft {

namespace {

bool is_beside_host(Device d) { return d.type != DeviceType::CPU && d.type != DeviceType::Meta; }

}  // namespace

BackwardStreams::Used& BackwardStreams::used(Device device) {
  for (int i = 0; i < used_.size(); i++)
    if (used_[i].device == device) return used_[i];
  return used_.emplace_back(Used{device, backend_of(device).current_stream(device.index)});
}

StreamHandle BackwardStreams::stream_of(const Node& node, const Node::OutputMeta& output) {
  Used& u = used(output.device);
  if (node.sequence == 0 || output.stream == u.callers) return u.callers;
  if (std::find(u.others.begin(), u.others.end(), output.stream) == u.others.end())
    u.others.emplace_back(output.stream);
  return output.stream;
}

void BackwardStreams::enter_streams(StreamScope& scope, const Node& node) {
  auto enter = [&](const Node& of, const Node::OutputMeta& output) {
    if (is_beside_host(output.device))
      scope.enter(backend_of(output.device), output.device.index, stream_of(of, output));
  };
  // The node's own come last: they count where both are of one device.
  for (const Edge& edge : node.edges) {
    if (!edge.node) continue;
    const Node::OutputMeta& output = edge.node->outputs[static_cast<int>(edge.index)];
    if (output.device != node.outputs[0].device) enter(*edge.node, output);
  }
  for (const Node::OutputMeta& output : node.outputs) enter(node, output);
}

void BackwardStreams::hand_over_between(StreamScope& scope, const Node& node, uint32_t index, const Tensor& grad) {
  const Node::OutputMeta& output = node.outputs[static_cast<int>(index)];
  if (!is_beside_host(output.device)) return;
  DeviceBackend& backend = backend_of(output.device);
  const int device = output.device.index;
  const StreamHandle to = stream_of(node, output), from = backend.current_stream(device);
  if (to == from) return;
  backend.wait_stream(device, to, from);
  backend.record_stream(device, grad.impl()->storage->data(), to);
  scope.enter(backend, device, to);
}

void BackwardStreams::join() {
  for (const Used& u : used_)
    for (const StreamHandle other : u.others) backend_of(u.device).wait_stream(u.device.index, u.callers, other);
}

void BackwardStreams::give(const Tensor& grad) const {
  if (!grad.defined()) return;
  for (const Used& u : used_)
    if (u.device == grad.device() && u.others.size() > 0)
      backend_of(u.device).record_stream(u.device.index, grad.impl()->storage->data(), u.callers);
}

}  // namespace weft
