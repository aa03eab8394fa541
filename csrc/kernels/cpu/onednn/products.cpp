// Products that oneDNN computes faster than the loops of kernels/cpu: large convolutions of float32 and large matrix
// products of bfloat16. Results do not depend on the number of threads.
#include <omp.h>
#include <pthread.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "device/cpu/scratch.h"
#include "device/cpu/threads.h"
#include "kernels/convolution.h"
#include "kernels/libraries.h"
#include "kernels/matmul.h"

namespace weft {

namespace {

using dnnl::memory;

// Below these many multiply-adds preparing the operands costs more than it gains.
constexpr double kLargeConvolution = 1e8;
constexpr double kLargeMatmul = 1 << 24;
// That are worth a part of their own.
constexpr double kConvolutionPart = 1e7;
constexpr double kMatmulPart = 1 << 24;
constexpr int64_t kFewestLines = 64;     // rows or columns of a part of a product: each reads the other matrix anew
constexpr int64_t kHalfParts = 8;        // of a symmetric product, each with a primitive of its own
constexpr int64_t kFewestImages = 4;     // of fewer, threads share each image: own loops
constexpr int64_t kFewestChannels = 16;  // fewer leave oneDNN's blocks of channels empty

// A primitive prepared for one set of shapes. inputs and output are what it wants; `given` how its callers lay them
// out.
struct Prepared {
  dnnl::primitive primitive;
  std::vector<int> arguments;  // DNNL_ARG_..., the output last
  std::vector<memory::desc> wanted, given;
  memory::desc scratchpad;
};

// oneDNN computes in the thread that calls it: Weft's own threads share the parts, and no second team of OpenMP's takes
// their cores. What other libraries set for this thread is put back.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

using Key = std::vector<int64_t>;

// What was prepared, by shape. Programs use few shapes; when they use many, it starts anew. It is never destroyed, and
// no other thread is in it when the process forks: a child has only the thread that forked.
class Cache {
 public:
  Cache() {
    pthread_atfork([] { only.mutex_.lock(); }, [] { only.mutex_.unlock(); }, [] { only.mutex_.unlock(); });
  }
  static Cache& only;

  const dnnl::engine& engine() const { return *engine_; }
  std::shared_ptr<const Prepared> get(const Key& key, const std::function<Prepared()>& make) {
    std::lock_guard lock(mutex_);
    if (!engine_) engine_ = std::make_unique<dnnl::engine>(dnnl::engine::kind::cpu, 0);
    auto found = prepared_.find(key);
    if (found != prepared_.end()) return found->second;
    std::shared_ptr<const Prepared> fresh;
    try {
      OneThread one;  // blocks are chosen for so many
      fresh = std::make_shared<Prepared>(make());
    } catch (const dnnl::error&) {  // oneDNN has none for this machine: remembered as nullptr
    }
    if (prepared_.size() >= 512) prepared_.clear();
    return prepared_[key] = fresh;
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<dnnl::engine> engine_;
  std::map<Key, std::shared_ptr<const Prepared>> prepared_;
};
Cache& Cache::only = *new Cache;

// Known once something was prepared.
const dnnl::engine& cpu() { return Cache::only.engine(); }
std::shared_ptr<const Prepared> prepared(const Key& key, const std::function<Prepared()>& make) {
  return Cache::only.get(key, make);
}

size_t padded(size_t bytes) { return (bytes + 63) / 64 * 64; }

// An operand of a product that is computed in parts: all of them share it, or each has its units (images, rows), so
// many bytes apart.
struct Operand {
  void* data;
  bool shared;
  int64_t step;
};

// A product of `units` images or rows, in parts of `longer` or one less. The primitives of both lengths; parts of the
// shorter one may be none.
struct Parts {
  int64_t units, count;
  std::shared_ptr<const Prepared> longer, shorter;
  std::vector<std::shared_ptr<const Prepared>> each;  // where parts differ in more than that
  int64_t begin(int64_t part) const { return units * part / count; }
  const Prepared& of(int64_t part) const {
    if (!each.empty()) return *each[static_cast<size_t>(part)];
    return begin(part + 1) - begin(part) == (units + count - 1) / count ? *longer : *shorter;
  }
};

// As many parts as are worth it by the work alone, so that the bits do not depend on the number of threads; `most` at
// most. make(units) gives what is prepared for so many. Without parts where oneDNN has nothing for one of them.
template <class F>
Parts in_parts(int64_t units, int64_t most, double operations, double part_operations, const F& make) {
  const double worth = std::floor(operations / part_operations);
  const double count = std::max(1.0, std::min(worth, static_cast<double>(most)));
  Parts parts{units, static_cast<int64_t>(count), nullptr, nullptr, {}};
  parts.longer = make((units + parts.count - 1) / parts.count);
  parts.shorter = units % parts.count ? make(units / parts.count) : parts.longer;
  if (!parts.longer || !parts.shorter) parts.count = 0;
  return parts;
}

// The operands of one part as oneDNN wants them: brought to its layouts, and back.
class PartOperands {
 public:
  PartOperands(const Prepared& p, char* scratch) : p_(p), free_(scratch + padded(p.scratchpad.get_size())) {
    arguments_[DNNL_ARG_SCRATCHPAD] = memory(p.scratchpad, cpu(), scratch);
  }
  static size_t bytes(const Prepared& p, const std::vector<Operand>& operands) {
    size_t bytes = padded(p.scratchpad.get_size());
    for (size_t i = 0; i < operands.size(); i++)
      if (!operands[i].shared && p.wanted[i] != p.given[i]) bytes += padded(p.wanted[i].get_size());
    return bytes;
  }
  void add_shared(size_t i, void* data) { arguments_[p_.arguments[i]] = memory(p_.wanted[i], cpu(), data); }
  void add(size_t i, void* data, bool is_output, dnnl::stream& stream) {
    memory user(p_.given[i], cpu(), data), used = user;
    if (p_.wanted[i] != p_.given[i]) {
      used = memory(p_.wanted[i], cpu(), free_);
      free_ += padded(p_.wanted[i].get_size());
      if (!is_output) dnnl::reorder(user, used).execute(stream, user, used);
    }
    arguments_[p_.arguments[i]] = used;
    if (is_output) target_ = user;
  }
  void compute(dnnl::stream& stream) {
    p_.primitive.execute(stream, arguments_);
    memory& result = arguments_[p_.arguments.back()];
    if (p_.wanted.back() != p_.given.back()) dnnl::reorder(result, target_).execute(stream, result, target_);
    stream.wait();
  }

 private:
  const Prepared& p_;
  char* free_;
  std::unordered_map<int, memory> arguments_;
  memory target_;
};

// The memory that a product takes: of what parts share and of each part.
struct ProductBytes {
  size_t shared = 0, part = 0, all = 0;
  ProductBytes(const Parts& parts, const std::vector<Operand>& operands) {
    const Prepared& first = *parts.longer;
    for (size_t i = 0; i < operands.size(); i++)
      if (operands[i].shared && first.wanted[i] != first.given[i]) shared += padded(first.wanted[i].get_size());
    for (int64_t i = 0; i < parts.count; i++) part = std::max(part, PartOperands::bytes(parts.of(i), operands));
    all = shared + part * static_cast<size_t>(parts.count);
  }
};

// The output is the last operand. Returns false, with nothing done, where the lengths of parts want what they share in
// different layouts. Takes `least` bytes at least.
bool run(const Parts& parts, const std::vector<Operand>& operands, size_t least = 0) {
  const Prepared& first = *parts.longer;
  for (size_t i = 0; i < operands.size(); i++)
    if (operands[i].shared && first.wanted[i] != parts.shorter->wanted[i]) return false;
  const ProductBytes bytes(parts, operands);
  Scratch scratch(std::max(least, bytes.all));
  if (scratch_only_asked()) return true;
  std::vector<void*> shared(operands.size());
  char* free = scratch.data();
  for (size_t i = 0; i < operands.size(); i++) {
    if (!operands[i].shared) continue;
    shared[i] = operands[i].data;
    if (first.wanted[i] == first.given[i]) continue;
    shared[i] = std::exchange(free, free + padded(first.wanted[i].get_size()));
    OneThread one;
    dnnl::stream stream(cpu());
    memory from(first.given[i], cpu(), operands[i].data), to(first.wanted[i], cpu(), shared[i]);
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
  }
  parallel_for(parts.count, 1, [&](int64_t begin, int64_t end) {
    OneThread one;
    thread_local dnnl::stream stream(cpu());
    for (int64_t part = begin; part < end; part++) {
      PartOperands own(parts.of(part), free + static_cast<size_t>(part) * bytes.part);
      for (size_t i = 0; i < operands.size(); i++) {
        const Operand& o = operands[i];
        if (o.shared)
          own.add_shared(i, shared[i]);
        else
          own.add(i, static_cast<char*>(o.data) + parts.begin(part) * o.step, i + 1 == operands.size(), stream);
      }
      own.compute(stream);
    }
  });
  return true;
}

// --- convolution ----------------------------------------------------------------------------------------------------

struct Sizes {
  memory::dims x, w, y, strides, dilates, before, after;
};

// Of two-dimensional convolutions without groups, for some of the images.
Sizes sizes_of(int64_t images, const StridedView& y, const StridedView& x, const StridedView& w,
               const ConvGeometry& g) {
  Sizes s;
  s.x = {images, x.shape[1], x.shape[3], x.shape[4]};
  s.w = {w.shape[0], w.shape[1], w.shape[3], w.shape[4]};
  s.y = {images, y.shape[1], y.shape[3], y.shape[4]};
  for (int d = 1; d < 3; d++) {
    s.strides.push_back(g.stride[d]);
    s.dilates.push_back(g.dilation[d] - 1);
    s.before.push_back(g.padding[d]);
    int64_t reach = (w.shape[2 + d] - 1) * g.dilation[d] + 1;
    s.after.push_back((y.shape[2 + d] - 1) * g.stride[d] + reach - x.shape[2 + d] - g.padding[d]);
  }
  return s;
}

double operations_of(const StridedView& y, const StridedView& w) {
  return static_cast<double>(w.numel()) * static_cast<double>(y.shape[0] * y.shape[3] * y.shape[4]);
}

bool applies(const StridedView& y, const StridedView& x, const StridedView& w, const ConvGeometry& g) {
  if (y.dtype != DType::Float32 || g.groups != 1) return false;
  if (x.shape[2] != 1 || w.shape[2] != 1 || y.shape[2] != 1) return false;
  if (y.shape[0] < kFewestImages || x.shape[1] < kFewestChannels || w.shape[0] < kFewestChannels) return false;
  auto known = [](const StridedView& v) { return v.is_contiguous() || v.has_channels_last(); };
  return operations_of(y, w) >= kLargeConvolution && known(x) && known(w) && known(y);
}

Operand images_of(const StridedView& v) { return {v.data, false, v.strides[0] * static_cast<int64_t>(sizeof(float))}; }

Key key_of(int64_t kind, const Sizes& s) {
  Key key{kind};
  for (const memory::dims* dims : {&s.x, &s.w, &s.y, &s.strides, &s.dilates, &s.before, &s.after})
    key.insert(key.end(), dims->begin(), dims->end());
  return key;
}

memory::desc any(const memory::dims& dims) { return {dims, memory::data_type::f32, memory::format_tag::any}; }
// How operands come.
struct Layouts {
  memory::format_tag x, w, y;
  Layouts(const StridedView& x_view, const StridedView& w_view, const StridedView& y_view)
      : x(of(x_view)), w(of(w_view)), y(of(y_view)) {}
  static memory::format_tag of(const StridedView& v) {
    return v.is_contiguous() ? memory::format_tag::nchw : memory::format_tag::nhwc;
  }
  int64_t key() const {
    constexpr auto last = memory::format_tag::nhwc;
    return (x == last ? 4 : 0) + (y == last ? 8 : 0) + (w == last ? 16 : 0);
  }
};
memory::desc plain(const memory::dims& dims, memory::format_tag layout) {
  return {dims, memory::data_type::f32, layout};
}

dnnl::primitive_attr attributes() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

dnnl::convolution_forward::primitive_desc forward_desc(const Sizes& s, bool with_bias) {
  memory::desc bias({s.y[1]}, memory::data_type::f32, memory::format_tag::a);
  return with_bias ? dnnl::convolution_forward::primitive_desc(
                         cpu(), dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, any(s.x),
                         any(s.w), bias, any(s.y), s.strides, s.dilates, s.before, s.after, attributes())
                   : dnnl::convolution_forward::primitive_desc(
                         cpu(), dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, any(s.x),
                         any(s.w), any(s.y), s.strides, s.dilates, s.before, s.after, attributes());
}

bool onednn_convolution(const StridedView& y, const StridedView& x, const StridedView& w, const StridedView& bias,
                        const ConvGeometry& geometry) {
  if (!onednn_enabled() || !applies(y, x, w, geometry) || (bias.data && bias.strides[0] != 1)) return false;
  const Layouts given(x, w, y);
  const bool with_bias = bias.data != nullptr;
  const Parts parts = in_parts(y.shape[0], y.shape[0], operations_of(y, w), kConvolutionPart, [&](int64_t images) {
    const Sizes s = sizes_of(images, y, x, w, geometry);
    return prepared(key_of((with_bias ? 1 : 0) + given.key(), s), [&] {
      auto d = forward_desc(s, with_bias);
      Prepared made{dnnl::convolution_forward(d),
                    {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS},
                    {d.src_desc(), d.weights_desc()},
                    {plain(s.x, given.x), plain(s.w, given.w)},
                    d.scratchpad_desc()};
      if (with_bias) {
        made.arguments.push_back(DNNL_ARG_BIAS);
        made.wanted.push_back(d.bias_desc());
        made.given.push_back(d.bias_desc());
      }
      made.arguments.push_back(DNNL_ARG_DST);
      made.wanted.push_back(d.dst_desc());
      made.given.push_back(plain(s.y, given.y));
      return made;
    });
  });
  if (parts.count == 0) return false;
  if (with_bias) return run(parts, {images_of(x), {w.data, true, 0}, {bias.data, true, 0}, images_of(y)});
  return run(parts, {images_of(x), {w.data, true, 0}, images_of(y)});
}
WEFT_CPU_LIBRARY_KERNEL(library_convolution_kernel, onednn_convolution);

bool onednn_convolution_input(const StridedView& gx, const StridedView& gy, const StridedView& w,
                              const ConvGeometry& geometry) {
  if (!onednn_enabled() || !applies(gy, gx, w, geometry)) return false;
  const Layouts given(gx, w, gy);
  const Parts parts = in_parts(gy.shape[0], gy.shape[0], operations_of(gy, w), kConvolutionPart, [&](int64_t images) {
    const Sizes s = sizes_of(images, gy, gx, w, geometry);
    return prepared(key_of(2 + given.key(), s), [&] {
      dnnl::convolution_backward_data::primitive_desc d(cpu(), dnnl::algorithm::convolution_direct, any(s.x), any(s.w),
                                                        any(s.y), s.strides, s.dilates, s.before, s.after,
                                                        forward_desc(s, false), attributes());
      return Prepared{dnnl::convolution_backward_data(d),
                      {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC},
                      {d.diff_dst_desc(), d.weights_desc(), d.diff_src_desc()},
                      {plain(s.y, given.y), plain(s.w, given.w), plain(s.x, given.x)},
                      d.scratchpad_desc()};
    });
  });
  return parts.count > 0 && run(parts, {images_of(gy), {w.data, true, 0}, images_of(gx)});
}
WEFT_CPU_LIBRARY_KERNEL(library_convolution_input_kernel, onednn_convolution_input);

// --- product of matrices --------------------------------------------------------------------------------------------

struct Scaling {
  const StridedView& base;
  float beta, alpha;
};

// The part of a product of so many rows and columns, or nullptr.
std::shared_ptr<const Prepared> prepared_matmul(int64_t height, int64_t width, const StridedView& out,
                                                const StridedView& a, const StridedView& b, const Scaling& scaling) {
  const int64_t k = a.shape[1];
  const bool adds = scaling.base.data != nullptr;
  Key key{-1, height, width, k, a.strides[0], a.strides[1], b.strides[0], b.strides[1], out.strides[0], out.strides[1]};
  for (const float factor : {adds ? scaling.beta : 0, scaling.alpha}) key.push_back(std::bit_cast<int32_t>(factor));
  return prepared(key, [&] {
    auto desc = [](int64_t r, int64_t c, const StridedView& v) {
      return memory::desc({r, c}, memory::data_type::bf16, {v.strides[0], v.strides[1]});
    };
    dnnl::primitive_attr attr = attributes();
    dnnl::post_ops further;
    // In this order, alpha (a @ b + beta / alpha base): for the other one oneDNN has plain loops only.
    if (adds) further.append_sum(scaling.beta / scaling.alpha);
    if (scaling.alpha != 1) further.append_eltwise(dnnl::algorithm::eltwise_linear, scaling.alpha, 0);
    attr.set_post_ops(further);
    const memory::desc left = desc(height, k, a), right = desc(k, width, b), result = desc(height, width, out);
    dnnl::matmul::primitive_desc d(cpu(), left, right, result, attr);
    if (std::string_view(d.impl_info_str()).starts_with("ref")) throw dnnl::error(dnnl_unimplemented, "slow");
    return Prepared{dnnl::matmul(d),
                    {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
                    {d.src_desc(), d.weights_desc(), d.dst_desc()},
                    {left, right, result},
                    d.scratchpad_desc()};
  });
}

// In rows, each part as far as its last row's diagonal.
Parts parts_to_diagonal(int64_t rows, int64_t count, const StridedView& out, const StridedView& a, const StridedView& b,
                        const Scaling& scaling) {
  Parts parts{rows, count, nullptr, nullptr, {}};
  for (int64_t part = 0; part < count; part++) {
    const int64_t end = parts.begin(part + 1);
    parts.each.push_back(prepared_matmul(end - parts.begin(part), end, out, a, b, scaling));
    if (!parts.each.back()) return Parts{rows, 0, nullptr, nullptr, {}};
  }
  parts.longer = parts.shorter = parts.each.front();
  return parts;
}

// Half types: elements of two bytes.
void copy_halves(const StridedView& to, const StridedView& from) {
  const auto* source = from.as<const uint16_t>();
  auto* target = to.as<uint16_t>();
  const bool adjacent = to.strides[1] == 1 && from.strides[1] == 1;
  for (int64_t i = 0; i < to.shape[0]; i++, target += to.strides[0], source += from.strides[0])
    if (adjacent)
      std::copy_n(source, to.shape[1], target);
    else
      for (int64_t j = 0; j < to.shape[1]; j++) target[j * to.strides[1]] = source[j * from.strides[1]];
}

// out(m, n) = beta base(m, n) + alpha a(m, k) @ b(k, n), rounded once; base.data may be nullptr.
bool onednn_matmul(const StridedView& out, const StridedView& a, const StridedView& b, const StridedView& base,
                   const LibraryProduct& how) {
  if (out.ndim != 2) return false;
  const int64_t m = out.shape[0], n = out.shape[1], k = a.shape[1];
  const double operations = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  if (!onednn_enabled() || out.dtype != DType::BFloat16 || operations < kLargeMatmul) return false;
  for (const StridedView* v : {&out, &a, &b})
    if (v->strides[0] < 1 || v->strides[1] < 1 || (v->strides[0] != 1 && v->strides[1] != 1)) return false;
  const Scaling scaling{base, how.beta, how.alpha};
  if (base.data && !std::isfinite(how.beta / how.alpha)) return false;
  // Parts of rows share b, parts of columns share a.
  const bool rows = m >= n;
  const int64_t lines = rows ? m : n, most = lines / kFewestLines;
  const Parts parts = in_parts(lines, most, operations, kMatmulPart, [&](int64_t count) {
    return prepared_matmul(rows ? count : m, rows ? n : count, out, a, b, scaling);
  });
  if (parts.count == 0) return false;
  // What is added lies where the sum will be.
  if (base.data && base.data != out.data && !scratch_only_asked()) copy_halves(out, base);
  const int64_t line_bytes = 2 * out.strides[rows ? 0 : 1];
  const std::vector<Operand> operands = {
      {a.data, !rows, 2 * a.strides[0]}, {b.data, rows, 2 * b.strides[1]}, {out.data, false, line_bytes}};
  if (!how.lower || scratch_only_asked()) return run(parts, operands);
  // Half of it, if that takes no more memory, because who asks how much it is does not know that half will do.
  const std::vector<Operand> half_operands = {operands[0], {b.data, false, 0}, operands[2]};
  const Parts half = parts_to_diagonal(m, std::clamp<int64_t>(most, 1, kHalfParts), out, a, b, scaling);
  const size_t bytes = ProductBytes(parts, operands).all;
  if (half.count > 0 && ProductBytes(half, half_operands).all <= bytes) return run(half, half_operands, bytes);
  return run(parts, operands);
}
WEFT_CPU_LIBRARY_KERNEL(library_matmul_kernel, onednn_matmul);

}  // namespace

}  // namespace weft
