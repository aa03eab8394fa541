// What the ops of the pooling family share: the windows along each axis, as fields of an op and as a kernel's tables.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "kernels/pooling.h"
#include "op/registry.h"
#include "ops/movement.h"
#include "ops/pooling.h"

namespace weft {

WEFT_FIELDS_OF(PoolRule, inputs, outputs, adaptive, kernel, stride, padding, dilation, count_padding, divisor);

// Windows over the last two dimensions, or the last three.
struct PoolRules {
  std::optional<PoolRule> depth;
  PoolRule rows, columns;
  WEFT_FIELDS(depth, rows, columns);

  int dims() const { return depth ? 3 : 2; }
  // Those of images too.
  PoolRule depth_rule() const { return depth ? *depth : PoolRule{.inputs = 1, .outputs = 1}; }
  // Of the last dimensions, from the first of them on.
  const PoolRule& axis(int k) const { return k == dims() - 1 ? columns : k == dims() - 2 ? rows : *depth; }

  // Of an op from a file.
  void check_against(const InputCheck& in, const Shape& image) const {
    constexpr int64_t kMost = int64_t{1} << 40;
    in.that(image.size() >= dims(), "images");
    for (int i = 0; i < dims(); i++) {
      const PoolRule& r = axis(i);
      in.that(r.inputs == image[image.size() - dims() + i] && r.inputs < kMost, "the size of the image");
      in.that(r.outputs >= 0 && r.outputs <= kMost, "a size of the result");
      for (int64_t n : {r.kernel, r.stride, r.dilation}) in.that(n >= 1 && n < kMost, "sizes of windows");
      in.that(r.padding >= 0 && r.kernel < kMost / r.dilation && r.padding <= most_padding(r),
              "windows inside of the image");
      if (r.adaptive) in.that(r.inputs > 0 || r.outputs == 0, "an image");
      if (r.adaptive || r.outputs == 0) continue;
      in.that((r.outputs - 1) <= (r.inputs + r.padding) / r.stride, "windows inside of the image");
      in.that(windows_to_look_at(r) <= kMostToLookAt, "windows near the image");
      in.that(window_without_places(r) < 0, "windows that hold something");
    }
  }
  // Of an op that takes means, after the above.
  void check_means(const InputCheck& in) const {
    for (int i = 0; i < dims(); i++) {
      in.that(axis(i).dilation == 1, "windows whose places are neighbours");
      // A given divisor is for the whole window.
      in.that(i == 0 || axis(i).divisor == (axis(0).divisor ? 1 : 0), "one divisor");
    }
    in.that(sizes_multiply(), "windows whose elements can be counted");
  }
  // Whether the number of places of a window, those of the padding too, is an int64.
  bool sizes_multiply() const {
    int64_t places = 1;
    for (int i = 0; i < dims(); i++) {
      const PoolRule& r = axis(i);
      if (r.divisor == 0 && __builtin_mul_overflow(places, r.inputs + 2 * r.padding, &places)) return false;
    }
    return true;
  }
  // The first window that lies in the padding alone, or -1.
  static int64_t window_without_places(const PoolRule& r) {
    if (r.outputs == 0) return -1;
    for (int64_t n = 0; n < windows_to_look_at(r); n++)
      if (r.start(n) >= r.end(n)) return n;
    // Of the others only the last may lie behind the axis.
    return r.start(r.outputs - 1) < r.end(r.outputs - 1) ? -1 : r.outputs - 1;
  }
  // Windows that begin before the axis, and step over it where places are further apart than it is long.
  static int64_t windows_to_look_at(const PoolRule& r) {
    if (r.padding == 0 || r.dilation <= r.inputs) return 0;
    return std::min(r.outputs, (r.padding - 1) / r.stride + 1);
  }
  static constexpr int64_t kMostToLookAt = int64_t{1} << 24;
  // Half of a window.
  static int64_t most_padding(const PoolRule& r) { return ((r.kernel - 1) * r.dilation + 1) / 2; }
};

// The tables a kernel reads.
class PoolTables {
 public:
  explicit PoolTables(const PoolRules& rule)
      : dims_(rule.dims()), depth_(rule.depth_rule()), rows_(rule.rows), columns_(rule.columns) {}
  PoolWindows view() const { return {dims_, depth_.view(), rows_.view(), columns_.view()}; }

 private:
  struct Axis {
    explicit Axis(const PoolRule& r) : rule(evenly(r)) {
      for (int64_t i = 0; i < r.outputs; i++) {
        start.push_back(r.start(i));
        end.push_back(r.end(i));
        divisor.push_back(r.divisor_of(i));
      }
    }
    // Adaptive windows of one size are windows like others, for which kernels may have faster ways.
    static PoolRule evenly(const PoolRule& r) {
      if (!r.adaptive || r.outputs == 0 || r.inputs % r.outputs) return r;
      return {.inputs = r.inputs, .outputs = r.outputs, .kernel = r.inputs / r.outputs, .stride = r.inputs / r.outputs};
    }
    PoolAxis view() const { return {rule, start.data(), end.data(), divisor.data()}; }
    PoolRule rule;
    std::vector<int64_t> start, end, divisor;
  };
  int dims_;
  Axis depth_, rows_, columns_;
};

inline Shape pooled_shape(const PoolRules& rule, const Shape& image) {
  Shape shape = image;
  for (int k = 0; k < rule.dims(); k++) shape[shape.size() - rule.dims() + k] = rule.axis(k).outputs;
  return shape;
}

// (..., D, H, W) to (..., D H W)
inline Tensor flat_planes(const Tensor& t, int dims) { return flatten(t, -dims, -1); }

// "max_pool3d" for volumes
inline const char* of_dims(const PoolRules& rule, const char* images, const char* volumes) {
  return rule.depth ? volumes : images;
}

// The shape that the caller gave.
inline Shape given_shape(const PoolName& name, const Shape& image) {
  Shape shape = image;
  if (name.sequence) shape.erase(shape.size() - 2);
  return shape;
}

// "height" for the first of two axes
inline const char* axis_name(const PoolName& name, size_t axes, size_t k) {
  constexpr const char* kNames[] = {"depth", "height", "width"};
  return name.sequence ? "length" : kNames[3 - axes + k];
}

inline void check_pool_image(const PoolName& name, const Tensor& x, int axes) {
  const char *op = name.op, *sizes = name.sequence ? "channels and length"
                                     : axes == 3   ? "channels, depth, height and width"
                                                   : "channels, height and width";
  check(x.ndim() == axes + 1 || x.ndim() == axes + 2, op, ": expected an input of shape ",
        axes == 3 ? "(N, C, D, H, W) or (C, D, H, W)" : "(N, C, H, W) or (C, H, W)", ", got ", x.shape());
  for (int d = 1; d < x.ndim(); d++)  // the first dimension, of images or of channels alone, may be empty
    check(x.size(d) > 0, op, ": ", sizes, " must not be empty, got an input of shape ", given_shape(name, x.shape()));
}

// rule_of(k): of axis k.
template <size_t N, class F>
PoolRules pool_rules_of(const F& rule_of) {
  if constexpr (N == 3)
    return {rule_of(size_t{0}), rule_of(size_t{1}), rule_of(size_t{2})};
  else
    return {std::nullopt, rule_of(size_t{0}), rule_of(size_t{1})};
}

template <size_t N>
Dims dims_of(const std::array<int64_t, N>& sizes) {
  return Dims(sizes.data(), static_cast<int>(N));
}

// Windows of images are saved without a depth.
template <>
struct FieldCodec<PoolRules> {
  static SavedField save(const PoolRules& rule) {
    SavedFields saved = save_fields(rule);
    if (!rule.depth) saved.erase(saved.begin());
    return {std::move(saved)};
  }
  static PoolRules load(const SavedField& f) {
    SavedFields saved = saved_as<SavedFields>(f, "named fields");
    if (saved.size() == 2) saved.emplace_back("depth", SavedField{});
    PoolRules rule;
    fields_of(rule) = load_fields<PoolRules>(saved);
    return rule;
  }
};

}  // namespace weft
