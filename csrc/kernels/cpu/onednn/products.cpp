#include "kernels/cpu/onednn/products.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "device/cpu/scratch.h"

namespace weft {

namespace {

using dnnl::memory;

// Below these many multiply-adds preparing the operands costs more than it gains.
constexpr double kLargeConvolution = 1e8;
constexpr double kLargeMatmul = 1 << 24;
constexpr int64_t kFewestChannels = 16;  // fewer leave oneDNN's blocks of channels empty

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// A primitive prepared for one set of shapes. inputs and output are what it wants; `given` how its callers lay them
// out.
struct Prepared {
  dnnl::primitive primitive;
  std::vector<int> arguments;  // DNNL_ARG_..., the output last
  std::vector<memory::desc> wanted, given;
  memory::desc scratchpad;
};

using Key = std::vector<int64_t>;

// Keeps what was prepared, by shape. Programs use few shapes; when they use many, it starts anew.
std::shared_ptr<const Prepared> prepared(const Key& key, const std::function<Prepared()>& make) {
  static std::mutex mutex;
  static std::map<Key, std::shared_ptr<const Prepared>> cache;
  std::lock_guard lock(mutex);
  auto found = cache.find(key);
  if (found != cache.end()) return found->second;
  std::shared_ptr<const Prepared> fresh;
  try {
    fresh = std::make_shared<Prepared>(make());
  } catch (const dnnl::error&) {  // oneDNN has none for this machine: remembered as nullptr
  }
  if (cache.size() >= 512) cache.clear();
  return cache[key] = fresh;
}

size_t padded(size_t bytes) { return (bytes + 63) / 64 * 64; }

// Runs it on the operands (the output last), bringing those that it wants laid out otherwise to that layout and back.
void run(const Prepared& p, const std::vector<void*>& data) {
  size_t bytes = padded(p.scratchpad.get_size());
  for (size_t i = 0; i < data.size(); i++)
    if (p.wanted[i] != p.given[i]) bytes += padded(p.wanted[i].get_size());
  Scratch scratch(bytes);
  if (scratch_only_asked()) return;
  thread_local dnnl::stream stream(cpu());
  char* free = scratch.data();
  std::unordered_map<int, memory> arguments;
  arguments[DNNL_ARG_SCRATCHPAD] = memory(p.scratchpad, cpu(), free);
  free += padded(p.scratchpad.get_size());
  memory result, target;
  for (size_t i = 0; i < data.size(); i++) {
    bool is_output = i + 1 == data.size();
    memory user(p.given[i], cpu(), data[i]), used = user;
    if (p.wanted[i] != p.given[i]) {
      used = memory(p.wanted[i], cpu(), free);
      free += padded(p.wanted[i].get_size());
      if (!is_output) dnnl::reorder(user, used).execute(stream, user, used);
    }
    if (is_output) {
      result = used;
      target = user;
    }
    arguments[p.arguments[i]] = used;
  }
  p.primitive.execute(stream, arguments);
  if (p.wanted.back() != p.given.back()) dnnl::reorder(result, target).execute(stream, result, target);
  stream.wait();
}

// --- convolution ----------------------------------------------------------------------------------------------------

struct Sizes {
  memory::dims x, w, y, strides, dilates, before, after;
};

// Of two-dimensional convolutions without groups.
Sizes sizes_of(const StridedView& y, const StridedView& x, const StridedView& w, const ConvGeometry& g) {
  Sizes s;
  s.x = {x.shape[0], x.shape[1], x.shape[3], x.shape[4]};
  s.w = {w.shape[0], w.shape[1], w.shape[3], w.shape[4]};
  s.y = {y.shape[0], y.shape[1], y.shape[3], y.shape[4]};
  for (int d = 1; d < 3; d++) {
    s.strides.push_back(g.stride[d]);
    s.dilates.push_back(g.dilation[d] - 1);
    s.before.push_back(g.padding[d]);
    int64_t reach = (w.shape[2 + d] - 1) * g.dilation[d] + 1;
    s.after.push_back((y.shape[2 + d] - 1) * g.stride[d] + reach - x.shape[2 + d] - g.padding[d]);
  }
  return s;
}

bool applies(const StridedView& y, const StridedView& x, const StridedView& w, const ConvGeometry& g) {
  if (y.dtype != DType::Float32 || g.groups != 1) return false;
  if (x.shape[2] != 1 || w.shape[2] != 1 || y.shape[2] != 1) return false;
  if (x.shape[1] < kFewestChannels || w.shape[0] < kFewestChannels) return false;
  double work = static_cast<double>(w.numel()) * static_cast<double>(y.shape[0] * y.shape[3] * y.shape[4]);
  auto known = [](const StridedView& v) { return v.is_contiguous() || v.has_channels_last(); };
  return work >= kLargeConvolution && known(x) && w.is_contiguous() && known(y);
}

Key key_of(int64_t kind, const Sizes& s) {
  Key key{kind};
  for (const memory::dims* dims : {&s.x, &s.w, &s.y, &s.strides, &s.dilates, &s.before, &s.after})
    key.insert(key.end(), dims->begin(), dims->end());
  return key;
}

memory::desc any(const memory::dims& dims) { return {dims, memory::data_type::f32, memory::format_tag::any}; }
// How operands come.
struct Layouts {
  memory::format_tag x = memory::format_tag::nchw, y = memory::format_tag::nchw;
  Layouts(const StridedView& x_view, const StridedView& y_view) {
    if (!x_view.is_contiguous()) x = memory::format_tag::nhwc;
    if (!y_view.is_contiguous()) y = memory::format_tag::nhwc;
  }
  int64_t key() const { return (x == memory::format_tag::nhwc ? 4 : 0) + (y == memory::format_tag::nhwc ? 8 : 0); }
};
memory::desc plain(const memory::dims& dims, memory::format_tag layout = memory::format_tag::nchw) {
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

}  // namespace

bool onednn_convolution(const StridedView& y, const StridedView& x, const StridedView& w, const StridedView& bias,
                        const ConvGeometry& geometry) {
  if (!applies(y, x, w, geometry) || (bias.data && bias.strides[0] != 1)) return false;
  Sizes s = sizes_of(y, x, w, geometry);
  const Layouts given(x, y);
  bool with_bias = bias.data != nullptr;
  auto p = prepared(key_of((with_bias ? 1 : 0) + given.key(), s), [&] {
    auto d = forward_desc(s, with_bias);
    Prepared made{dnnl::convolution_forward(d),
                  {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS},
                  {d.src_desc(), d.weights_desc()},
                  {plain(s.x, given.x), plain(s.w)},
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
  if (!p) return false;
  with_bias ? run(*p, {x.data, w.data, bias.data, y.data}) : run(*p, {x.data, w.data, y.data});
  return true;
}

bool onednn_convolution_input(const StridedView& gx, const StridedView& gy, const StridedView& w,
                              const ConvGeometry& geometry) {
  if (!applies(gy, gx, w, geometry)) return false;
  Sizes s = sizes_of(gy, gx, w, geometry);
  const Layouts given(gx, gy);
  auto p = prepared(key_of(2 + given.key(), s), [&] {
    dnnl::convolution_backward_data::primitive_desc d(cpu(), dnnl::algorithm::convolution_direct, any(s.x), any(s.w),
                                                      any(s.y), s.strides, s.dilates, s.before, s.after,
                                                      forward_desc(s, false), attributes());
    return Prepared{dnnl::convolution_backward_data(d),
                    {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC},
                    {d.diff_dst_desc(), d.weights_desc(), d.diff_src_desc()},
                    {plain(s.y, given.y), plain(s.w), plain(s.x, given.x)},
                    d.scratchpad_desc()};
  });
  if (!p) return false;
  run(*p, {gy.data, w.data, gx.data});
  return true;
}

bool onednn_matmul(const StridedView& out, const StridedView& a, const StridedView& b) {
  int64_t m = out.shape[0], n = out.shape[1], k = a.shape[1];
  if (out.dtype != DType::BFloat16 ||
      static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) < kLargeMatmul)
    return false;
  for (const StridedView* v : {&out, &a, &b})
    if (v->strides[0] < 1 || v->strides[1] < 1 || (v->strides[0] != 1 && v->strides[1] != 1)) return false;
  Key key{-1, m, n, k, a.strides[0], a.strides[1], b.strides[0], b.strides[1], out.strides[0], out.strides[1]};
  auto p = prepared(key, [&] {
    auto desc = [](const StridedView& v) {
      return memory::desc({v.shape[0], v.shape[1]}, memory::data_type::bf16, {v.strides[0], v.strides[1]});
    };
    dnnl::matmul::primitive_desc d(cpu(), desc(a), desc(b), desc(out), attributes());
    return Prepared{dnnl::matmul(d),
                    {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
                    {d.src_desc(), d.weights_desc(), d.dst_desc()},
                    {desc(a), desc(b), desc(out)},
                    d.scratchpad_desc()};
  });
  if (!p) return false;
  run(*p, {a.data, b.data, out.data});
  return true;
}

}  // namespace weft
