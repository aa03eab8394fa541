#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <set>

#include "graph/fused_rows.h"
#include "graph/passes/grouping.h"
#include "graph/passes/node_inputs.h"
#include "graph/passes/passes.h"
#include "graph/tiled.h"

namespace weft::graph {

namespace {

// Shorter rows are added up column by column, and which way depends on their number; longer ones in parts, whose number
// depends on that of the rows too. In between a row's sum is the same whatever is computed beside it.
constexpr int64_t kShortestRow = 16, kLongestRow = 65536;
// Threads share rows, which a single loop need not: with few of them some would have nothing to do.
constexpr int64_t kFewestRows = 32;
// Bytes that need not be read or written again. Less stays in the second cache from one step to the next, and to fetch
// it from there costs less than the microseconds that an op takes to set up its blocks.
constexpr size_t kWorthFusing = 1 << 20;
constexpr size_t kMostMembers = 64;
constexpr size_t kStreamBytes = 32 << 20;  // larger results leave the caches before anybody reads them

// What members have in common: the dimensions of the rows, and of the elements. A value of the group has the shape
// `whole`, that with size 1 instead of each dimension of a row, or `rows`.
struct Space {
  Shape rows, whole;
  bool operator==(const Space&) const = default;
  bool holds(const Shape& shape) const {
    if (shape == whole || shape == rows) return true;
    if (shape.size() != whole.size()) return false;
    for (int d = 0; d < shape.size(); d++)
      if (shape[d] != (d < rows.size() ? rows[d] : 1)) return false;
    return true;
  }
};

class RowFusion : Grouping {
 public:
  explicit RowFusion(Graph& g) : Grouping(g), offset_(g.values.size(), 0), readers_(g.values.size()) {
    escapes_.assign(g.values.size(), 0);
    find_views();
    for (const Node& node : g.nodes) {
      spaces_.push_back(space_of(node));
      elementwise_.push_back(!spaces_.back() && is_elementwise(node));
    }
  }

  void run() {
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t n = 0; n < g_.nodes.size(); n++)
        for (ValueId v : g_.nodes[n].inputs) changed |= try_join(group_of_[n], maker_group(v));
    }
    for (size_t group = 0; group < members_.size(); group++)
      if (members_[group].size() > 1 && saved_bytes(static_cast<int>(group)) < kWorthFusing) take_apart(group);
    rebuild([&](int group) { return fuse(group); });
    remove_dead_code(g_);  // views that only members read
  }

 private:
  const Value& value(ValueId v) const { return g_.values[at(v)]; }
  const Node& node(int n) const { return g_.nodes[at(n)]; }

  void find_views() {
    std::vector<Tensor> models(g_.values.size());
    for (const Input& input : g_.inputs) models[at(input.value)] = symbolic_like(value(input.value));
    for (size_t n = 0; n < g_.nodes.size(); n++) {
      const Node& node = g_.nodes[n];
      if (node.op->is_view()) {
        ValueId from = node.inputs[0], to = node.outputs[0];
        models[at(to)] = node.op->view(models[at(from)]);
        shown_[at(to)] = shown_[at(from)];
        offset_[at(to)] = models[at(to)].offset() - models[at(shown_[at(to)])].offset();
        continue;
      }
      for (ValueId v : node.outputs) models[at(v)] = symbolic_like(value(v));
      for (ValueId v : node.inputs)
        if (v != kNone) readers_[at(shown_[at(v)])].push_back(static_cast<int>(n));
    }
    for (size_t v = 0; v < g_.values.size(); v++) escapes_[at(shown_[v])] |= uses_.as_root[v] > 0;
  }

  bool on_cpu_and_contiguous(const Node& node) const {
    for (ValueId v : node.outputs) {
      const Value& type = value(v);
      if (type.device.type != DeviceType::CPU || !is_contiguous(type.shape, type.strides)) return false;
    }
    return !node.outputs.empty() && node.op->pure() && !node.op->is_view() && !node.op->may_fail();
  }

  // Of a reduction over all trailing dimensions.
  std::optional<Space> space_of(const Node& node) const {
    uint64_t mask = node.op->reduced_dims();
    if (mask == 0 || !on_cpu_and_contiguous(node)) return {};
    const auto* tiled = dynamic_cast<const Tiled*>(node.op.get());
    const Value& from = tiled ? tiled->reduced : value(node.inputs[0]);
    if (!tiled && !is_contiguous(from.shape, from.strides)) return {};
    int kept = std::countr_zero(mask), ndim = from.shape.size();
    if (kept == 0 || mask != ((uint64_t{1} << ndim) - 1) >> kept << kept) return {};
    Space space{{}, from.shape};
    int64_t rows = 1, length = 1;
    for (int d = 0; d < ndim; d++) (d < kept ? rows : length) *= from.shape[d];
    for (int d = 0; d < kept; d++) space.rows.push_back(from.shape[d]);
    if (rows < kFewestRows || length < kShortestRow || length >= kLongestRow) return {};
    return space;
  }

  bool is_elementwise(const Node& node) const {
    if (node.op->reduced_dims() != 0 || !on_cpu_and_contiguous(node)) return false;
    if (value(node.outputs[0]).numel() == 0) return false;
    return is_by_element(g_, node);
  }

  // The shape along whose dimensions a member's operands are broadcast.
  int frame(int n) const {
    if (elementwise_[at(n)]) return value(node(n).outputs[0]).shape.size();
    return spaces_[at(n)]->whole.size();
  }

  const Space* space(int group) const {
    for (int n : members_[at(group)])
      if (spaces_[at(n)]) return &*spaces_[at(n)];
    return nullptr;
  }

  // Does a view of a value of a group, or the value itself, hold in every row what that row of the value holds?
  bool row_by_row(ValueId v, int reader, const Space& s) const {
    const Value &seen = value(v), &made = value(shown_[at(v)]);
    if (seen.dtype != made.dtype || seen.shape.size() != frame(reader) || !s.holds(seen.shape)) return false;
    for (int d = 0; d < s.rows.size(); d++)
      if (s.rows[d] > 1 && seen.strides[d] != made.strides[d]) return false;
    return true;
  }

  bool belongs(int group, const Space& s) const {
    if (const Space* own = space(group)) return *own == s;
    for (int n : members_[at(group)])
      if (!elementwise_[at(n)] || !s.holds(value(node(n).outputs[0]).shape)) return false;
    return true;
  }

  bool try_join(int to, int from) {
    if (from < 0 || to == from) return false;
    const Space* s = space(to) ? space(to) : space(from);
    if (!s || !belongs(to, *s) || !belongs(from, *s)) return false;
    if (members_[at(to)].size() + members_[at(from)].size() > kMostMembers) return false;
    for (int group : {to, from})
      for (int n : members_[at(group)])
        for (ValueId v : node(n).inputs) {
          int maker = maker_group(v);
          if ((maker == to || maker == from) && !row_by_row(v, n, *s)) return false;
        }
    if (depends_through_others(to, from) || depends_through_others(from, to)) return false;
    join(to, from);
    return true;
  }

  bool used_outside(ValueId v, int group) const {
    return escapes_[at(v)] || std::any_of(readers_[at(v)].begin(), readers_[at(v)].end(),
                                          [&](int n) { return group_of_[at(n)] != group; });
  }

  // What need not go to memory and back.
  size_t saved_bytes(int group) const {
    std::map<ValueId, size_t> reads;
    for (int n : members_[at(group)]) {
      std::set<ValueId> own;
      for (ValueId v : node(n).inputs)
        if (v != kNone) own.insert(shown_[at(v)]);
      for (ValueId v : own) reads[v]++;
    }
    size_t bytes = 0;
    for (auto [v, count] : reads) {
      bool made_here = maker_group(v) == group;
      bytes += (made_here ? count + !used_outside(v, group) : count - 1) * value(v).bytes();
    }
    return bytes;
  }

  void take_apart(size_t group) {
    std::vector<int> nodes = std::move(members_[group]);
    members_[group].clear();
    for (int n : nodes) {
      group_of_[at(n)] = n;
      members_[at(n)] = {n};
    }
  }

  // A group as one node in the making.
  struct Assembly {
    int group;
    int64_t rows;
    std::vector<int> nodes{};  // in the order in which they run
    Node fused{};
    Ref<FusedRows> op{new FusedRows};
    std::map<ValueId, FusedRows::Operand> made{};       // by members
    std::map<ValueId, int> last_read{};                 // by which of the nodes
    std::map<std::pair<ValueId, int>, int> operands{};  // by value and missing dimensions
    std::vector<std::pair<ValueId, int>> live{};        // locals that are still needed, and their places
    std::vector<int> free{};                            // places for locals
  };

  Node fuse(int group) {
    Assembly a{.group = group, .rows = 1, .nodes = members_[at(group)]};
    std::sort(a.nodes.begin(), a.nodes.end());
    a.op->rows = space(group)->rows;
    for (int64_t n : a.op->rows) a.rows *= n;
    for (size_t i = 0; i < a.nodes.size(); i++)
      for (ValueId v : node(a.nodes[i]).inputs)
        if (v != kNone) a.last_read[shown_[at(v)]] = static_cast<int>(i);
    for (size_t i = 0; i < a.nodes.size(); i++) {
      const Node& from = node(a.nodes[i]);
      FusedRows::Member member{member_op(a, static_cast<int>(i)), {}, static_cast<int>(from.inputs.size())};
      for (ValueId v : from.inputs) member.operands.push_back(v == kNone ? -1 : operand_of(a, v, a.nodes[i]));
      for (ValueId v : from.outputs) {
        place(a, v);
        member.operands.push_back(add_operand(a, v, a.made.at(v)));
      }
      a.op->members.push_back(std::move(member));
      release_locals(a, static_cast<int>(i));
      a.fused.source = from.source;
    }
    for (ValueId v : a.fused.outputs) a.op->written_over.push_back(overwritten_by(a, v));
    a.op->seal();
    a.fused.op = a.op;
    return std::move(a.fused);
  }

  // A program whose results are large and only for others writes them past the caches, as it would on its own.
  Ref<const Op> member_op(const Assembly& a, int i) const {
    const Node& from = node(a.nodes[at(i)]);
    const auto* tiled = dynamic_cast<const Tiled*>(from.op.get());
    size_t bytes = 0;
    for (ValueId v : from.outputs) {
      if (!used_outside(v, a.group) || a.last_read.count(v)) return from.op;
      bytes += value(v).bytes();
    }
    if (!tiled || tiled->reduction || bytes < kStreamBytes) return from.op;
    Ref<Tiled> copy(new Tiled(*tiled));
    copy->streamed = true;
    return copy;
  }

  static int add_operand(Assembly& a, ValueId v, const FusedRows::Operand& operand) {
    a.op->operands.push_back(operand);
    return a.operands[{v, operand.missing}] = static_cast<int>(a.op->operands.size()) - 1;
  }

  int operand_of(Assembly& a, ValueId v, int reader) const {
    int missing = frame(reader) - value(v).shape.size();
    if (auto known = a.operands.find({v, missing}); known != a.operands.end()) return known->second;
    if (maker_group(v) == a.group) {
      FusedRows::Operand view = a.made.at(shown_[at(v)]);
      view.type = value(v);
      view.offset = offset_[at(v)];
      return add_operand(a, v, view);
    }
    auto input = std::find(a.fused.inputs.begin(), a.fused.inputs.end(), v);
    auto index = static_cast<int>(input - a.fused.inputs.begin());
    if (input == a.fused.inputs.end()) a.fused.inputs.push_back(v);
    return add_operand(a, v, {FusedRows::Operand::Kind::Input, index, value(v), 0, missing});
  }

  // Decides where a value that a member makes lies.
  void place(Assembly& a, ValueId v) const {
    FusedRows::Operand& made = a.made[v];
    made.type = value(v);
    if (used_outside(v, a.group)) {
      made.kind = FusedRows::Operand::Kind::Output;
      made.index = static_cast<int>(a.fused.outputs.size());
      a.fused.outputs.push_back(v);
      a.op->outputs.push_back(value(v));
      return;
    }
    std::vector<int64_t>& bytes = a.op->local_bytes;
    int64_t wanted = static_cast<int64_t>(value(v).bytes()) / a.rows;
    auto fits = std::find_if(a.free.begin(), a.free.end(), [&](int p) { return bytes[at(p)] == wanted; });
    if (fits != a.free.end()) {
      made.index = *fits;
      a.free.erase(fits);
    } else {
      made.index = static_cast<int>(bytes.size());
      bytes.push_back(wanted);
    }
    a.live.emplace_back(v, made.index);
  }

  static void release_locals(Assembly& a, int now) {
    std::erase_if(a.live, [&](const std::pair<ValueId, int>& local) {
      auto last = a.last_read.find(local.first);
      if (last != a.last_read.end() && last->second > now) return false;
      a.free.push_back(local.second);
      return true;
    });
  }

  // The input that an output of the group may be written over: no member reads its rows after those of the output are
  // written. One that nobody else reads is worth most.
  int overwritten_by(const Assembly& a, ValueId out) const {
    int found = -1, maker = uses_.maker[at(out)];
    for (size_t i = 0; i < a.fused.inputs.size(); i++) {
      ValueId v = a.fused.inputs[i];
      bool taken = std::find(a.op->written_over.begin(), a.op->written_over.end(), static_cast<int>(i)) !=
                   a.op->written_over.end();
      int last = a.nodes[at(a.last_read.at(shown_[at(v)]))];
      bool in_time = last < maker || (last == maker && node(maker).op->elementwise());
      bool once = a.operands.lower_bound({v, 1}) == a.operands.upper_bound({v, 64});  // as rows, not broadcast to them
      if (taken || shown_[at(v)] != v || !same_type(value(v), value(out)) || !in_time || !once) continue;
      bool alone = uses_.maker[at(v)] >= 0 && !used_outside(v, a.group);
      if (alone) return static_cast<int>(i);
      if (found < 0) found = static_cast<int>(i);
    }
    return found;
  }

  std::vector<int64_t> offset_;            // of views, from the first element of the value they show
  std::vector<std::vector<int>> readers_;  // of values that are no views: nodes that read them or views of them
  std::vector<char> escapes_;              // of the same: are they, or views of them, results or updates?
  std::vector<std::optional<Space>> spaces_;
  std::vector<char> elementwise_;
};

}  // namespace

void fuse_rows(Graph& g) { RowFusion(g).run(); }

}  // namespace weft::graph
