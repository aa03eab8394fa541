#include "graph/fused_rows.h"

#include <algorithm>
#include <atomic>
#include <memory>

#include "core/round_up.h"
#include "device/cpu/scratch.h"
#include "device/cpu/threads.h"
#include "graph/tiled.h"

namespace weft::graph {

namespace {

// What a block touches stays in the second cache; smaller blocks would spend more of their time on calling the ops.
constexpr int64_t kBlockBytes = 256 << 10;
constexpr int64_t kPartBytes = 256 << 10;  // touched bytes that are worth a thread
constexpr int64_t kPartAlignment = 64;

}  // namespace

void FusedRows::seal() {
  static std::atomic<int64_t> next{1};
  id = next++;
  int64_t count = 1;
  for (int64_t n : rows) count *= n;
  row_bytes = 0;
  for (int64_t bytes : local_bytes) row_bytes += bytes;
  std::vector<std::pair<Operand::Kind, int>> seen;
  for (const Operand& o : operands) {
    std::pair<Operand::Kind, int> which{o.kind, o.index};
    if (o.kind == Operand::Kind::Local || std::find(seen.begin(), seen.end(), which) != seen.end()) continue;
    seen.push_back(which);
    row_bytes += static_cast<int64_t>(o.type.bytes()) / count;
  }
}

void FusedRows::infer(Inputs, OutputSpec* out) const {
  for (size_t i = 0; i < outputs.size(); i++) out[i] = {outputs[i].shape, outputs[i].dtype, outputs[i].strides};
}

std::string FusedRows::text() const {
  std::string names;
  for (const Member& m : members) {
    bool tiled = dynamic_cast<const Tiled*>(m.op.get()) != nullptr;
    names += concat(names.empty() ? "" : ", ", tiled ? m.op->text() : m.op->name());
  }
  return "rows[" + names + "]";
}

// A block is one index of the outer dimensions of the rows, some neighbours along `dim`, and all of those inside it.
struct FusedRows::Blocks {
  int dim;
  int64_t inner = 1, length, along, count;  // length: indices of `dim`; along: blocks that cover it
  int64_t parts, part_bytes = 0;            // for the threads; of the locals of each

  explicit Blocks(const FusedRows& op) : dim(op.rows.size() - 1) {
    int64_t wanted = std::max<int64_t>(1, kBlockBytes / std::max<int64_t>(1, op.row_bytes));
    for (; dim > 0 && inner * op.rows[dim] <= wanted; dim--) inner *= op.rows[dim];
    int64_t most = std::max<int64_t>(1, wanted / inner);
    along = (op.rows[dim] + most - 1) / most;
    length = (op.rows[dim] + along - 1) / along;
    along = (op.rows[dim] + length - 1) / length;
    count = along;
    for (int d = 0; d < dim; d++) count *= op.rows[d];
    int64_t all = op.row_bytes * inner * length * count;
    parts = std::clamp<int64_t>(std::min<int64_t>(num_threads(), all / kPartBytes), 1, count);
    for (int64_t b : op.local_bytes) part_bytes += round_up(b * inner * length, kPartAlignment);
  }
  size_t scratch_bytes() const { return static_cast<size_t>(part_bytes * parts); }
  // The locals of a part, from this address on.
  std::vector<Ref<Storage>> places(const FusedRows& op, char* data) const {
    std::vector<Ref<Storage>> places;
    for (int64_t b : op.local_bytes) {
      int64_t size = round_up(b * inner * length, kPartAlignment);
      places.push_back(make_ref<Storage>(data, static_cast<size_t>(size), Device{}, std::shared_ptr<void>()));
      data += size;
    }
    return places;
  }
};

// What one thread needs: tensors for the operands of a block. Nothing is allocated while it works.
class FusedRows::Worker {
 public:
  Worker(const FusedRows& op, const Blocks& blocks, Inputs in, const Tensor* out,
         const std::vector<Ref<Storage>>& places)
      : op_(op), blocks_(blocks), length_(blocks.length) {
    tensors_.reserve(op.operands.size());
    for (const Operand& o : op.operands) {
      const Tensor* whole = nullptr;
      if (o.kind == Operand::Kind::Input) whole = &in[o.index];
      if (o.kind == Operand::Kind::Output) whole = &out[o.index];
      int64_t offset = o.offset + (whole ? whole->offset() : 0);
      offsets_.push_back(offset);
      // Strides of an input are its own; views of outputs and locals have those that the graph says.
      const Strides& strides = o.kind == Operand::Kind::Input ? whole->strides() : o.type.strides;
      const Ref<Storage>& storage = whole ? whole->impl()->storage : places[at(o.index)];
      tensors_.emplace_back(make_ref<TensorImpl>(storage, block_shape(o), strides, offset, o.type.dtype));
    }
    for (const Member& m : op.members)
      for (int k = 0; k < m.num_inputs; k++)
        inputs_.push_back(m.operands[at(k)] < 0 ? &undefined_ : &tensors_[at(m.operands[at(k)])]);
  }

  void run(int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; block++) {
      move_to(block);
      const Tensor* const* inputs = inputs_.data();
      for (const Member& m : op_.members) {
        // The outputs of a member are neighbours.
        m.op->run(Inputs(inputs, m.num_inputs), &tensors_[at(m.operands[at(m.num_inputs)])]);
        inputs += m.num_inputs;
      }
    }
  }

 private:
  Shape block_shape(const Operand& o) const {
    Shape shape = o.type.shape;
    for (int d = o.missing; d <= blocks_.dim; d++) {
      int64_t& n = shape[d - o.missing];
      if (n > 1) n = d < blocks_.dim ? 1 : blocks_.length;
    }
    return shape;
  }

  void move_to(int64_t block) {
    const int dim = blocks_.dim;
    int64_t start[64], outer = block / blocks_.along;
    start[dim] = block % blocks_.along * blocks_.length;
    for (int d = dim - 1; d >= 0; d--) {
      start[d] = outer % op_.rows[d];
      outer /= op_.rows[d];
    }
    int64_t length = std::min(blocks_.length, op_.rows[dim] - start[dim]);
    for (size_t k = 0; k < tensors_.size(); k++) {
      const Operand& o = op_.operands[k];
      TensorImpl& t = *tensors_[k].impl();
      if (length != length_) resize(o, t, length);
      if (o.kind == Operand::Kind::Local) continue;
      int64_t offset = offsets_[k];
      for (int d = o.missing; d <= dim; d++)
        if (o.type.shape[d - o.missing] > 1) offset += start[d] * t.strides[d - o.missing];
      t.offset = offset;
    }
    length_ = length;
  }

  void resize(const Operand& o, TensorImpl& t, int64_t length) const {
    int d = blocks_.dim - o.missing;
    if (d < 0 || o.type.shape[d] == 1) return;
    t.shape[d] = length;
    t.numel = t.numel / length_ * length;
    t.contiguous = is_contiguous(t.shape, t.strides);
  }

  const FusedRows& op_;
  const Blocks& blocks_;
  int64_t length_;
  Tensor undefined_;
  std::vector<Tensor> tensors_;   // of every operand
  std::vector<int64_t> offsets_;  // of the first row
  std::vector<const Tensor*> inputs_;
};

void FusedRows::run(Inputs in, const Tensor* out) const {
  Blocks blocks(*this);
  const int64_t parts = blocks.parts;
  // Members take none: their rows are too short to be added up in parts (passes/row_fusion.cpp).
  Scratch scratch(blocks.scratch_bytes());
  if (scratch_only_asked()) return;
  std::vector<std::unique_ptr<Worker>> workers;
  for (int64_t part = 0; part < parts; part++)
    workers.push_back(std::make_unique<Worker>(*this, blocks, in, out,
                                               blocks.places(*this, scratch.data() + part * blocks.part_bytes)));
  parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++)
      workers[static_cast<size_t>(part)]->run(blocks.count * part / parts, blocks.count * (part + 1) / parts);
  });
}

}  // namespace weft::graph
