// Node: one recorded step of the autograd graph, and what a tensor knows of the graph. The engine in autograd/ walks
// it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "core/memory_format.h"
#include "core/small_vector.h"
#include "device/backend.h"
#include "op/anomaly.h"
#include "op/op.h"
#include "op/saved_hooks.h"

namespace weft {

class Node;
class WeakTensor;

// Nodes made from now on have this sequence number or a larger one.
uint64_t coming_sequence();

// Where a gradient goes: into output `index` of the op that node recorded.
struct Edge {
  Ref<Node> node;
  uint32_t index = 0;
};

// A function called with a gradient; returns its replacement, or an undefined tensor to keep it.
class GradHook : public RefCounted {
 public:
  virtual Tensor call(const Tensor& grad) = 0;
  virtual void moved_to(class Node*) {}  // the node that has it now
};

class Node : public RefCounted {
 public:
  struct OutputMeta {
    Shape shape;
    DType dtype;
    Device device;
    bool channels_last;       // and in no other order
    StreamHandle stream = 0;  // of the device on which the op ran: its backward runs there too
  };
  struct OutputHook {
    uint32_t output;
    uint64_t id;
    Ref<GradHook> hook;
    Ref<WeakTensor>
        retained;  // instead of a hook: the tensor whose .grad gets what the hooks have made of the gradient
  };

  Node();
  ~Node() override;
  virtual const char* name() const = 0;
  // False: its backward is a function of the program.
  virtual bool made_by_core() const { return true; }
  // grad_outputs has an entry per output, grad_inputs per edge; undefined means zero.
  virtual void backward(const Tensor* grad_outputs, Tensor* grad_inputs) = 0;
  // Drops what was saved; a second backward through this node is then an error.
  virtual void release_saved() {}
  void add_output(const Tensor& t) {
    outputs.emplace_back(OutputMeta{t.shape(), t.dtype(), t.device(), has_channels_last(t.shape(), t.strides())});
    if (t.device().type != DeviceType::CPU) note_stream(outputs[outputs.size() - 1]);
  }

  SmallVector<Edge, 2> edges;
  SmallVector<OutputMeta, 1> outputs;
  uint64_t sequence;  // grows with every node: backward runs the youngest first
  std::unique_ptr<std::vector<OutputHook>> hooks;
  Ref<const NodeOrigin> origin;  // under anomaly detection
  // Makes this the youngest node: a node's edges must all lead to older ones. Called after the edges are set.
  void renew_sequence();
  void add_hook(uint32_t output, uint64_t id, Ref<GradHook> hook);
  void remove_hook(uint64_t id);
  // Keeps the gradient of output `output` in the .grad of t.
  void retain_grad(uint32_t output, Ref<WeakTensor> t);

 protected:
  // Long chains are freed iteratively, so that a million nodes do not overflow the stack.
  void destroy() override;

 private:
  static void note_stream(OutputMeta& output);
};

// A tensor that vjp needs, with the version of its contents when it was saved. An output is kept without its node,
// which would be a cycle, and gets it back when it is read. Where the program has hooks for saved tensors, what they
// made of it is kept instead.
class SavedTensor {
 public:
  SavedTensor() = default;
  SavedTensor(const Tensor& t, bool is_output);
  bool defined() const { return tensor_.defined() || packed_; }
  // Raises RuntimeError when the contents have changed. `saver`: name of the op that saved it.
  Tensor unpack(const char* saver, Node* owner) const;
  static constexpr uint32_t kNoHistory = ~0u;
  uint32_t output_index = 0;

 private:
  struct Packed;
  void pack(const Tensor& t);
  Tensor unpack_packed(const char* saver, Node* owner) const;

  Tensor tensor_;
  Ref<Packed> packed_;
  uint32_t version_ = 0;
  bool is_output_ = false;
};

struct SavedTensor::Packed final : RefCounted {
  Ref<SavedHooks> hooks;
  Ref<RefCounted> object;
  Edge edge;  // of an input with a history
  Shape shape;
  DType dtype;
  Device device;
};

// The node of a recorded Op.
class OpNode final : public Node, public Pooled<OpNode> {
 public:
  // Records op on inputs; saves what vjp reads of them. In place, a copy of inputs[0] with its history is kept, because
  // the tensor's own history is about to become this node.
  OpNode(const Op& op, Inputs inputs, bool in_place);
  // Makes outputs[i] the node's output i and saves what vjp reads of them.
  void bind_outputs(const Tensor* tensors, int count);
  const char* name() const override { return op->name(); }
  void backward(const Tensor* grad_outputs, Tensor* grad_inputs) override;
  void release_saved() override;

  Ref<const Op> op;
  Saves mask;
  int num_saved_inputs = 0;
  SmallVector<SavedTensor, 2> saved;  // the inputs of the mask in order, then the outputs
  bool released = false;
};

// A tensor that may be gone.
class WeakTensor : public RefCounted {
 public:
  explicit WeakTensor(TensorImpl* t) : tensor_(t) {}
  // The tensor, or undefined when it is gone.
  Tensor get() const;
  void forget();

 private:
  mutable std::mutex mutex_;
  TensorImpl* tensor_;
};

// The end of the line: adds what arrives to the leaf's .grad.
class AccumulateGrad final : public Node {
 public:
  explicit AccumulateGrad(TensorImpl* leaf);
  const char* name() const override { return "accumulate_grad"; }
  void backward(const Tensor* grad_outputs, Tensor* grad_inputs) override;
  // The leaf, or undefined when it is gone.
  Tensor leaf() const { return leaf_.get(); }
  void forget_leaf() { leaf_.forget(); }

 private:
  WeakTensor leaf_;
};

// The graphs that have been recorded do not lead to the leaf any more: their backward raises and says that it `has`
// since. Those recorded later do, and its hooks stay.
void leave_graphs(const Tensor& leaf, const char* has);
// The leaf has got other data. Graphs go on to lead to it where their gradients still fit.
void follow_data(const Tensor& leaf);

// Of forward-mode differentiation (autograd/forward.h): `alias`, a new tensor that is the same to the program as t,
// shares those of t, also what it gets later.
void share_tangents(const Tensor& t, const Tensor& alias);
bool has_tangent(const Tensor& x);
void drop_tangents(const Tensor& x);
// `copy` keeps the values of x, which is being changed in place, and so it keeps their tangents.
void copy_tangents_before_change(const Tensor& x, const Tensor& copy);

// How many levels of forward-mode differentiation the thread has.
extern constinit thread_local int forward_levels;

struct GradMeta final : AutogradMeta, Pooled<GradMeta> {
  ~GradMeta() override;
  // The tensor is output `index` of node from now on.
  void set_grad_fn(Ref<Node> node, uint32_t index) {
    if (retained) [[unlikely]]
      move_retained(node.get(), index);
    grad_fn = std::move(node);
    output_index = index;
  }
  Tensor grad;  // use accumulated_grad() and set_accumulated_grad()
  Ref<Node> grad_fn;
  uint32_t output_index = 0;
  uint32_t leaf_of_trace = 0;  // the trace in which requires_grad_() made it a leaf; 0: none
  Ref<WeakTensor> retained;    // this tensor, where backward keeps its gradient although it is no leaf
  Ref<RefCounted> tangents;    // a TangentList
  uint64_t leaf_of_level = 0;  // the level of forward mode in which leaf_of() made it; 0: none
  MadeOnce<Ref<AccumulateGrad>> accumulator;
  const Ref<AccumulateGrad>& accumulator_of(const Tensor& t);  // t: the leaf that this belongs to
  // Called with the tensor itself after backward() has added to its grad. Changed by the functions below.
  std::vector<std::pair<uint64_t, Ref<GradHook>>> accumulate_hooks;

 private:
  void move_retained(Node* node, uint32_t index);
};

void add_accumulate_hook(const Tensor& leaf, uint64_t id, Ref<GradHook> hook);
void remove_accumulate_hook(GradMeta& leaf, uint64_t id);
// Is there any hook on any leaf? If not, backward need not find out when each leaf's gradient is complete.
bool any_leaf_hooks();

GradMeta* grad_meta(const Tensor& t);  // nullptr when there is none
GradMeta& ensure_grad_meta(const Tensor& t);

// t's .grad, seen through the trace if there is one.
Tensor accumulated_grad(const Tensor& t);
void set_accumulated_grad(const Tensor& t, Tensor grad);

// Where t's gradient goes; an empty edge when t does not require grad.
Edge gradient_edge(const Tensor& t);
// The node that made t, or nullptr for leaves.
Ref<Node> grad_fn(const Tensor& t);
bool is_leaf(const Tensor& t);
// Makes t the output `index` of node.
void set_history(const Tensor& t, Ref<Node> node, uint32_t index);
// t was changed in place by the op that `node` recorded (its input 0 is t as it was). Defined in autograd/inplace.cpp.
void rebase_history(const Tensor& t, Ref<Node> node);
// Raises RuntimeError where t is a view whose change in place cannot be recorded. Defined in autograd/inplace.cpp.
void check_view_recorded(const char* op, const Tensor& t);
// Gradient of a view of a tensor that was changed in place since. Defined in autograd/inplace.cpp.
Ref<Node> make_view_node(const Tensor& view);

// t must not be changed in place when this raises RuntimeError: a leaf that requires grad, a view of one, ...
void check_inplace_allowed(const char* op, const Tensor& t);

// The vjp of an op that only gives decompose(). Defined in autograd/decompose_vjp.cpp.
void decompose_vjp(const Op& op, const Vjp& v, int num_inputs, Tensor* grads);

}  // namespace weft
