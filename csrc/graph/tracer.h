// Tracer: records what a program does with tensors as a Graph. In-place changes become new values of the memory they
// change, so that the graph has none.
#pragma once

#include <functional>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "graph/graph.h"
#include "op/grad_mode.h"
#include "op/interpreter.h"
#include "op/node.h"

namespace weft::graph {

// Where an input of a traced graph comes from.
struct Origin {
  enum class Kind : uint8_t { Argument, Captured, Constant };
  Kind kind = Kind::Captured;
  int argument = -1;
  Tensor tensor{};           // what was captured
  bool of_gradient = false;  // not the tensor or argument itself but its .grad
};

// What the program left in the .grad of a leaf.
struct GradientChange {
  Origin leaf;
  int result = -1;    // of the graph; -1: None
  bool seen = false;  // what was there before was read
};

// A leaf whose .grad the program looked at: whether there was one decides what it did.
struct GradientSeen {
  Origin leaf;
  bool defined = false;
};

// Hooks of a tensor from outside that a gradient came to: those that were there decided what the program did.
struct HooksSeen {
  Origin of;               // a leaf
  Ref<weft::Node> node{};  // or a step that was recorded before the trace
  uint64_t hooks = 0;      // see hooks_of(); 0: none
  bool accumulated = false;
  bool operator==(const HooksSeen& o) const {
    return of.kind == o.of.kind && of.argument == o.of.argument && of.tensor.impl() == o.of.tensor.impl() &&
           node == o.node && accumulated == o.accumulated;
  }
};
// A number that tells the hooks on gradients of t, or of what a node has made, from others; 0 where there are none.
uint64_t hooks_of(const Tensor& t);
uint64_t hooks_of(const weft::Node& node);

// A tensor from outside whose shape, dtype or place in memory the program looked at.
struct LayoutSeen {
  Tensor tensor;
  Value type{};
  const TensorImpl* base = nullptr;  // see TensorImpl
  int64_t offset = 0;
  bool holds() const;
};

struct Traced {
  Graph graph;
  std::vector<Origin> origins;  // of the inputs
  std::vector<GradientChange> gradient_changes;
  std::vector<GradientSeen> gradients_seen;
  std::vector<HooksSeen> hooks_seen;
  std::vector<LayoutSeen> layouts_seen;
};

// What a trace is made for. A Program is run later, for other arguments. A Transform (vmap) is evaluated in
// another way when the function has ended, with the values that are there now: only what depends on its arguments is
// recorded.
enum class Purpose : uint8_t { Program, Transform };

class Tracer final : public Interpreter {
 public:
  // `here` says which line of the program is running. A tracer made while another one traces may capture what that one
  // has made: a part of its program is traced apart.
  explicit Tracer(std::function<std::string()> here = {}, Purpose purpose = Purpose::Program);
  // The one that traces on this thread.
  static Tracer* current() {
    Interpreter* sink = tracing() ? interpreter : nullptr;
    while (sink && !dynamic_cast<Tracer*>(sink)) sink = sink->next();
    return static_cast<Tracer*>(sink);
  }
  const std::function<std::string()>& here() const { return here_; }
  ~Tracer() override;
  Tracer(const Tracer&) = delete;

  // Stand-ins for the arguments of the program: symbolic leaves of the same type that share memory as those do.
  std::vector<Tensor> arguments(const std::vector<Tensor>& given);
  // Of a transform: the tensor that an argument stands for.
  void stands_for(const Tensor& stand_in, const Tensor& given) { stood_for_[given.impl()->storage.get()] = stand_in; }
  // One more input, for instance a gradient that backward starts with.
  Tensor argument(const Value& type);
  // Real tensors that require grad, in the order in which ops have read them: captured ones, and views of those.
  const std::vector<Tensor>& read_with_grad() const { return read_with_grad_; }
  bool is_stand_in(const Tensor& t) const { return stand_ins_.count(t.impl()) > 0; }
  // Was the tensor there before the trace?
  bool is_captured(const Tensor& t) const {
    return !t.impl()->storage->symbolic() && t.impl()->storage->made_in() != number_;
  }
  // Does it share the memory of a tensor from outside that requires grad?
  bool shows_one_with_grad(const Tensor& t) const {
    auto found = memories_.find(t.impl()->storage.get());
    return found != memories_.end() && found->second.root.requires_grad();
  }
  // A tensor that shows all of the memory of t, if what is traced has made that; undefined if it is from outside.
  Tensor whole_of(const Tensor& t);
  // The program looks at what t is, beside its values.
  void see_layout(const Tensor& t);
  // Is it a stand-in of this trace, or of one around it?
  bool stands_for_outside(const Tensor& t) const { return is_stand_in(t) || (outer_ && outer_->stands_for_outside(t)); }
  // The program itself differentiates, and a gradient has come to the node.
  void gradient_arrives(weft::Node& node, bool accumulates);
  // Was the node recorded since the trace began?
  bool made(const weft::Node& node) const { return node.sequence >= first_sequence_; }
  // Is it a stand-in, or does it share the memory of one?
  bool shows_stand_in(const Tensor& t) const {
    auto found = memories_.find(t.impl()->storage.get());
    return t.impl()->storage->symbolic() && found != memories_.end() && found->second.input >= 0;
  }
  // Is a function of a cond, while_loop or scan traced, and the tensor from outside of it?
  bool is_outside_of_body(const Tensor& t) const {
    auto found = memories_.find(t.impl()->storage.get());
    return outer_ && purpose_ == Purpose::Program && (found == memories_.end() || !found->second.own);
  }
  // Has the program that is traced made it a leaf? Its gradient stays inside.
  bool is_own_leaf(const Tensor& t) const {
    const GradMeta* meta = grad_meta(t);
    return meta && meta->leaf_of_trace == number_;
  }
  // Does it show memory, in eager mode, at a place that is not known (note_shown)?
  bool shows_unknown_place(const Tensor& t) const {
    auto found = memories_.find(t.impl()->storage.get());
    return found != memories_.end() && found->second.shown_from;
  }
  // The number of the graph's input that a stand-in is.
  int input_of(const Tensor& stand_in) const { return memories_.at(stand_in.impl()->storage.get()).input; }
  Origin origin_of(const Tensor& t);

  // The graph, when the program has come to its end with these results. Nothing can be recorded any more.
  Traced finish(const std::vector<Tensor>& results);

  // Around a call of utils.checkpoint, which may hold others: nodes remember it (Node::checkpoint).
  void begin_checkpoint() { checkpoints_ += checkpoint_depth_++ == 0; }
  void end_checkpoint(const std::vector<Tensor>& results);

  // Of a Transform: called with ops that draw random numbers; may raise. Without it, such ops are not recorded.
  std::function<void(const Op&)> on_random;

  bool is_transform() const { return purpose_ == Purpose::Transform; }
  // Of a transform: something outside wants gradients or tangents of what is traced.
  void follow() { followed_ = true; }
  // Do the values of any of these depend on its arguments?
  bool depends(Inputs inputs) const;
  bool takes(const Op& op, Inputs inputs, bool in_place) override;
  bool hides(const Tensor& x) const override;
  bool for_later() const override { return purpose_ == Purpose::Program || (next() && next()->for_later()); }
  void handle(const Op& op, Inputs inputs, Tensor* outputs) override;
  void handle_inplace(const Op& op, Inputs inputs) override;
  void record_inplace(const Op& op, Inputs inputs, const int* targets) override;
  Tensor copy(const Tensor& x) override;
  void note_shown(const Tensor& t, const Tensor& x) override;
  Tensor grad(const Tensor& leaf) override;
  void set_grad(const Tensor& leaf, Tensor grad) override;

 private:
  void record(const Op& op, Inputs inputs, const Tensor* outputs);
  // Ops of the tracer itself, which autograd does not see: gradients pass through what they give as they are asked for.
  class Rearranging {
   public:
    explicit Rearranging(Tracer& t) : tracer_(t), before_(std::exchange(t.rearranging_, true)), no_grad_(false) {}
    ~Rearranging() { tracer_.rearranging_ = before_; }

   private:
    Tracer& tracer_;
    bool before_;
    GradModeGuard no_grad_;
  };

  struct Geometry {
    Shape shape;
    Strides strides;
    int64_t offset;
    DType dtype;
    bool operator==(const Geometry&) const = default;
  };
  struct View {
    Geometry geometry;
    ValueId value;
    int version;
  };
  // What is known of the memory behind a storage.
  struct Memory {
    Tensor root;       // shows all of it that the program can see
    bool own = false;  // it was made in the trace, or stands for an argument
    ValueId value = kNone;
    int version = 0;
    int input = -1;  // of the root, for memory that was there before
    uint32_t version_before = 0;
    std::vector<View> views;  // values of what the program saw of it
    // In eager mode this is a part of that memory, nobody knows which; its version when this was read from it.
    const Storage* shown_from = nullptr;
    int shown_version = 0;
    int shown_source = 0;
  };
  struct Gradient {
    Tensor leaf, before, now;
    bool seen = false, written = false;
  };

  static Geometry geometry_of(const Tensor& t);
  Memory& memory_of(const Tensor& t);
  Memory& capture(const Tensor& t);
  ValueId value_of(const Tensor& t);
  void define(const Tensor& t, ValueId value);
  void assign(const Tensor& t, const Tensor& result);
  Node& add_node(const Op& op, Inputs inputs);
  int source();
  bool knows(const Tensor& t) const;
  void reset_versions();
  void check_shared_arguments() const;
  ValueId captured_value(const Tensor& t);
  void check_history(Memory& memory, const Tensor& t);
  void keep_values_of(const Storage* storage);
  void check_shown(const Memory& memory) const;
  void check_shown_results(const std::vector<Tensor>& results) const;
  Gradient& gradient_of(const Tensor& leaf);

  Purpose purpose_;
  Graph graph_;
  std::vector<Origin> origins_;
  std::unordered_map<const Storage*, Memory> memories_;
  std::vector<Tensor> kept_;  // symbolic tensors, so that no other storage gets the address of one
  std::unordered_map<const TensorImpl*, ValueId> captured_;  // of a transform
  std::unordered_map<const Storage*, Tensor> stood_for_;     // the same: memory of arguments
  std::vector<Tensor> given_;
  std::unordered_map<const TensorImpl*, int> stand_ins_;
  std::unordered_map<const TensorImpl*, Tensor> gradients_of_;  // a .grad that was there before -> its leaf
  std::vector<Gradient> gradients_;
  std::unordered_map<const TensorImpl*, size_t> gradient_places_;
  std::vector<HooksSeen> hooks_seen_;
  std::vector<LayoutSeen> layouts_seen_;
  std::unordered_set<const TensorImpl*> with_layout_;  // of these
  std::vector<Tensor> read_with_grad_;
  std::unordered_set<const TensorImpl*> read_;
  bool followed_ = false;
  const bool records_ = GradMode::enabled();
  bool rearranging_ = false;  // nodes are added that show values as other parts of the same memory
  int checkpoints_ = 0, checkpoint_depth_ = 0;
  uint64_t first_sequence_;
  std::function<std::string()> here_;
  Tracer* outer_;
  uint32_t number_, number_before_;
};

}  // namespace weft::graph
