// The streams of one backward run. Each node runs on the stream on which its op ran. What it is given from another
// stream it waits for, and what leaves the run is ready for the streams that were the caller's when it began. So nobody
// has to order backward by hand, and to its caller it is like one op.
#pragma once

#include "device/backend.h"
#include "op/interpreter.h"
#include "op/node.h"

namespace weft {

class BackwardStreams {
 public:
  // Inside of the scope the node's stream is the current one. Other devices that its gradients go to have theirs.
  void enter(StreamScope& scope, const Node& node) {
    if (on_) [[unlikely]]
      enter_streams(scope, node);
  }
  // The gradient, made on the current stream of its device, goes to output `index` of the node: from now on in the
  // scope the stream that adds it up is the current one.
  void hand_over(StreamScope& scope, const Node& node, uint32_t index, const Tensor& grad) {
    if (on_) [[unlikely]]
      hand_over_between(scope, node, index, grad);
  }
  // Has the run had work on other streams of the device than the caller's? Before join() one of them may still read
  // what nobody holds any more, so nothing may be changed in place.
  bool several(Device device) const {
    for (const Used& u : used_)
      if (u.device == device) return u.others.size() > 0;
    return false;
  }
  // After the last node: the caller's streams wait for all others.
  void join();
  // After join(): the caller's stream uses the gradient too.
  void give(const Tensor& grad) const;

 private:
  struct Used {
    Device device;
    StreamHandle callers;                   // the current stream when the run first met the device
    SmallVector<StreamHandle, 4> others{};  // on which it has work
  };
  void enter_streams(StreamScope& scope, const Node& node);
  void hand_over_between(StreamScope& scope, const Node& node, uint32_t index, const Tensor& grad);
  Used& used(Device device);
  // Of a node's output; leaves are the caller's.
  StreamHandle stream_of(const Node& node, const Node::OutputMeta& output);

  const bool on_ = any_device_beside_host() && !tracing();
  SmallVector<Used, 2> used_;
};

}  // namespace weft
