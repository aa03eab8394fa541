#include "ops/pooling.h"

#include "bindings/bindings.h"
#include "ops/movement.h"

namespace weft::python {

namespace {

constexpr const char* kCounts[] = {"", "one number", "two", "three"};

// One number for all axes, or one for each.
template <size_t N>
std::array<int64_t, N> sizes_of(const char* op, const char* what, const Dims& dims) {
  check(dims.size() == 1 || dims.size() == static_cast<int>(N), op, ": ", what, " must be one number or ", kCounts[N],
        ", got ", dims);
  std::array<int64_t, N> sizes{};
  for (size_t k = 0; k < N; k++) sizes[k] = dims[dims.size() == 1 ? 0 : static_cast<int>(k)];
  return sizes;
}

template <size_t N>
PoolOptionsOf<N> options(const char* op, const Dims& kernel, const std::optional<Dims>& stride, const Dims& padding,
                         const Dims& dilation, bool ceil_mode) {
  PoolOptionsOf<N> o;
  o.kernel = sizes_of<N>(op, "kernel_size", kernel);
  o.stride = stride && !stride->empty() ? sizes_of<N>(op, "stride", *stride) : o.kernel;
  o.padding = sizes_of<N>(op, "padding", padding);
  o.dilation = sizes_of<N>(op, "dilation", dilation);
  o.ceil_mode = ceil_mode;
  return o;
}

// An int or one for each axis; None keeps the input's size.
template <size_t N>
std::array<int64_t, N> output_size(const char* op, const Tensor& x, const py::object& size) {
  std::array<int64_t, N> sizes{};
  auto entry = [&](const py::handle& v, size_t k) {
    const int from_end = static_cast<int>(N - k);
    if (v.is_none()) return x.ndim() >= from_end ? x.size(-from_end) : 0;
    std::optional<Dims> n = read_dims(v.ptr());
    check<ErrorKind::Type>(n && n->size() == 1, op, ": output_size must hold ints or None, got ",
                           std::string(py::repr(size)));
    return (*n)[0];
  };
  if (!py::isinstance<py::sequence>(size)) {
    for (size_t k = 0; k < N; k++) sizes[k] = entry(size, k);
    return sizes;
  }
  auto list = py::reinterpret_borrow<py::sequence>(size);
  check<ErrorKind::Type>(list.size() == N || list.size() == 1, op, ": output_size must be one number or ", kCounts[N],
                         ", got ", std::string(py::repr(size)));
  for (size_t k = 0; k < N; k++) sizes[k] = entry(py::object(list[list.size() == 1 ? 0 : k]), k);
  return sizes;
}

py::object chosen(const PooledAndIndices& both, bool return_indices) {
  if (return_indices) return py::make_tuple(both.values, both.indices);
  return py::cast(both.values);
}

// A pool of sequences (N, C, L) or (C, L), made of that of images of height one.
Tensor as_images(const char* op, const Tensor& x) {
  check<ErrorKind::Value>(x.ndim() == 2 || x.ndim() == 3, op, ": expected input (N, C, L) or (C, L), got shape ",
                          x.shape());
  return unsqueeze(x, -2);
}

py::object as_sequences(const PooledAndIndices& both, bool return_indices) {
  return chosen({squeeze(both.values, Dims{-2}), squeeze(both.indices, Dims{-2})}, return_indices);
}

int64_t one_of(const char* op, const char* what, const Dims& dims) {
  check<ErrorKind::Value>(dims.size() == 1, op, ": expected one number as ", what, ", got ", dims);
  return dims[0];
}

PoolOptions options_1d(const char* op, const Dims& kernel, const std::optional<Dims>& stride, const Dims& padding,
                       const Dims& dilation, bool ceil_mode) {
  PoolOptions o;
  o.kernel[1] = one_of(op, "kernel_size", kernel);
  o.stride[1] = stride && !stride->empty() ? one_of(op, "stride", *stride) : o.kernel[1];
  o.padding[1] = one_of(op, "padding", padding);
  o.dilation[1] = one_of(op, "dilation", dilation);
  o.ceil_mode = ceil_mode;
  return o;
}

// An int, or the only one of a sequence; None keeps the input's length.
std::array<int64_t, 2> output_length(const char* op, const Tensor& x, const py::object& size) {
  py::object length = size;
  if (py::isinstance<py::sequence>(size) && py::len(size) == 1) length = py::reinterpret_borrow<py::sequence>(size)[0];
  if (length.is_none()) return {1, x.ndim() > 0 ? x.size(-1) : 0};
  std::optional<Dims> n = read_dims(length.ptr());
  check<ErrorKind::Type>(n.has_value(), op, ": expected an int or None as output_size, got ",
                         std::string(py::repr(size)));
  return {1, one_of(op, "output_size", *n)};
}

void bind_pooling_1d(Family& nn) {
  nn.function(
      "max_pool1d",
      "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False) -> Tensor | Any",
      [](const Tensor& x, const Dims& kernel, const std::optional<Dims>& stride, const Dims& padding,
         const Dims& dilation, bool ceil_mode, bool return_indices) {
        const PoolName name{"max_pool1d", true};
        Tensor images = as_images(name.op, x);
        PoolOptions o = options_1d(name.op, kernel, stride, padding, dilation, ceil_mode);
        return as_sequences(max_pool2d(images, o, name), return_indices);
      },
      "The largest value of each window of kernel_size places, from (N, C, L) to (N, C, L'); N may be missing.\n\n"
      "A window starts every stride (by default kernel_size) places, with padding of -inf at both ends, and its\n"
      "elements are dilation places apart; L' = (L + 2 padding - dilation (kernel_size - 1) - 1) / stride + 1,\n"
      "rounded down, or up with ceil_mode. With return_indices a pair: the values, and the place of each in L\n"
      "(int64).\n\n"
      "Raises ValueError for other shapes, RuntimeError for windows that do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.max_pool1d(weft.tensor([[1., 4., 3., 2.]]), 2)\n"
      "tensor([[4., 3.]])\n");
  nn.function(
      "avg_pool1d", "(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True)",
      [](const Tensor& x, const Dims& kernel, const std::optional<Dims>& stride, const Dims& padding, bool ceil_mode,
         bool count_include_pad) {
        const PoolName name{"avg_pool1d", true};
        Tensor images = as_images(name.op, x);
        PoolOptions o = options_1d(name.op, kernel, stride, padding, {1}, ceil_mode);
        o.count_include_pad = count_include_pad;
        return squeeze(avg_pool2d(images, o, name), Dims{-2});
      },
      "The mean of each window of kernel_size places, from (N, C, L) to (N, C, L'); N may be missing.\n\n"
      "A window starts every stride (by default kernel_size) places, with padding zeros at both ends, which\n"
      "count as elements unless count_include_pad is False; L' = (L + 2 padding - kernel_size) / stride + 1,\n"
      "rounded down, or up with ceil_mode.\n\n"
      "Raises ValueError for other shapes, RuntimeError for windows that do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.avg_pool1d(weft.ones(1, 4), 3, stride=2, padding=1)\n"
      "tensor([[0.6667, 1.0000]])\n");
  nn.function(
      "adaptive_avg_pool1d", "(input, output_size: int | Sequence[int | None] | None)",
      [](const Tensor& x, const py::object& size) {
        const PoolName name{"adaptive_avg_pool1d", true};
        Tensor images = as_images(name.op, x);
        return squeeze(adaptive_avg_pool2d(images, output_length(name.op, x, size), name), Dims{-2});
      },
      "The mean of each of output_size windows that cover the last dimension: (N, C, L) to (N, C, output_size).\n\n"
      "Window i reaches from floor(i L / output_size) to ceil((i + 1) L / output_size). N may be missing; None\n"
      "as output_size is L.\n\n"
      "Raises ValueError for other shapes, TypeError for an output_size that is no integer.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.adaptive_avg_pool1d(weft.tensor([[1., 3., 3., 5.]]), 2)\n"
      "tensor([[2., 4.]])\n");
  nn.function(
      "adaptive_max_pool1d",
      "(input, output_size: int | Sequence[int | None] | None, return_indices=False) -> Tensor | Any",
      [](const Tensor& x, const py::object& size, bool return_indices) {
        const PoolName name{"adaptive_max_pool1d", true};
        Tensor images = as_images(name.op, x);
        return as_sequences(adaptive_max_pool2d(images, output_length(name.op, x, size), name), return_indices);
      },
      "The largest value of each of output_size windows that cover the last dimension, of size L.\n\n"
      "The windows, shapes and errors are those of adaptive_avg_pool1d(). With return_indices a pair: the\n"
      "values, and the place of each in L (int64).\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.adaptive_max_pool1d(weft.tensor([[1., 3., 3., 5.]]), 2, return_indices=True)\n"
      "(tensor([[3., 5.]]), tensor([[1, 3]]))\n");
}

void bind_pooling_3d(Family& nn) {
  nn.function(
      "max_pool3d",
      "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False) -> Tensor | Any",
      [](const Tensor& x, const Dims& kernel, const std::optional<Dims>& stride, const Dims& padding,
         const Dims& dilation, bool ceil_mode, bool return_indices) {
        return chosen(max_pool3d(x, options<3>("max_pool3d", kernel, stride, padding, dilation, ceil_mode)),
                      return_indices);
      },
      "The largest value of each window of kernel_size, from (N, C, D, H, W) to (N, C, D', H', W'); N may be "
      "missing.\n\n"
      "Numbers are for all axes, triples for depth, rows and columns. Along each, a window starts every stride (by\n"
      "default kernel_size) places, as in max_pool1d(), with padding of -inf, and its elements are dilation\n"
      "places apart; ceil_mode rounds their number up. With return_indices a pair: the values, and the place of\n"
      "each in the volume ((slice H + row) W + column, int64).\n\n"
      "Raises RuntimeError for other shapes and windows that do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.max_pool3d(weft.arange(16.).view(1, 2, 2, 4), 2)\n"
      "tensor([[[[13., 15.]]]])\n");
  nn.function(
      "avg_pool3d",
      "(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None)",
      [](const Tensor& x, const Dims& kernel, const std::optional<Dims>& stride, const Dims& padding, bool ceil_mode,
         bool count_include_pad, std::optional<int64_t> divisor_override) {
        PoolOptions3d o = options<3>("avg_pool3d", kernel, stride, padding, {1}, ceil_mode);
        o.count_include_pad = count_include_pad;
        o.divisor = divisor_override;
        return avg_pool3d(x, o);
      },
      "The mean of each window of kernel_size, from (N, C, D, H, W) to (N, C, D', H', W'); N may be missing.\n\n"
      "Numbers are for all axes, triples for depth, rows and columns; stride, padding and ceil_mode are those of\n"
      "avg_pool1d(). The sum is divided by the number of elements, of padding too unless count_include_pad is\n"
      "False, or by divisor_override.\n\n"
      "Raises RuntimeError for other shapes, windows that do not fit and a divisor of 0.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.avg_pool3d(weft.arange(16.).view(1, 2, 2, 4), 2)\n"
      "tensor([[[[6.5000, 8.5000]]]])\n");
  nn.function(
      "adaptive_avg_pool3d", "(input, output_size: int | Sequence[int | None])",
      [](const Tensor& x, const py::object& size) {
        return adaptive_avg_pool3d(x, output_size<3>("adaptive_avg_pool3d", x, size));
      },
      "The mean of each of D' H' W' windows that cover the volume, from (N, C, D, H, W) to (N, C, D', H', W').\n\n"
      "output_size is (D', H', W'): one number for all, or three; None in it keeps the input's. Window i of n\n"
      "along an axis of size s reaches from floor(i s / n) to ceil((i + 1) s / n). N may be missing.\n\n"
      "Raises RuntimeError for other shapes, TypeError for sizes that are no integers.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.adaptive_avg_pool3d(weft.arange(16.).view(1, 2, 2, 4), (None, 1, 2))\n"
      "tensor([[[[ 2.5000,  4.5000]],\n"
      "<BLANKLINE>\n"
      "         [[10.5000, 12.5000]]]])\n");
  nn.function(
      "adaptive_max_pool3d", "(input, output_size: int | Sequence[int | None], return_indices=False) -> Tensor | Any",
      [](const Tensor& x, const py::object& size, bool return_indices) {
        return chosen(adaptive_max_pool3d(x, output_size<3>("adaptive_max_pool3d", x, size)), return_indices);
      },
      "The largest value of each of D' H' W' windows that cover the volume, from (N, C, D, H, W).\n\n"
      "The result is (N, C, D', H', W'); output_size, the windows and errors are those of adaptive_avg_pool3d().\n"
      "With return_indices a pair: the values, and the place of each in the volume ((slice H + row) W + column,\n"
      "int64).\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.adaptive_max_pool3d(weft.arange(16.).view(1, 2, 2, 4), (1, 1, 2))\n"
      "tensor([[[[13., 15.]]]])\n");
}

// What weft/nn/functional/pooling.py is made of.
void bind_pooling_parts(Family& nn) {
  nn.function(
      "_fractional_max_pool", "(input, kernel_size, output_size, _random_samples) -> tuple[Tensor, Tensor]",
      [](const Tensor& x, const Dims& kernel, const Dims& size, const Tensor& samples) {
        const bool volumes = kernel.size() == 3;
        const char* op = volumes ? "fractional_max_pool3d" : "fractional_max_pool2d";
        auto [values, indices] = volumes ? fractional_max_pool3d(x, sizes_of<3>(op, "kernel_size", kernel),
                                                                 sizes_of<3>(op, "output_size", size), samples)
                                         : fractional_max_pool2d(x, sizes_of<2>(op, "kernel_size", kernel),
                                                                 sizes_of<2>(op, "output_size", size), samples);
        return py::make_tuple(values, indices);
      },
      "The values and places of fractional_max_pool2d() or, where kernel_size has three numbers,\n"
      "fractional_max_pool3d().\n");
  nn.function(
      "_max_unpool", "(input, indices, output_size)",
      [](const Tensor& x, const Tensor& indices, const Dims& size) {
        if (size.size() == 1) return max_unpool1d(x, indices, {size[0]});
        if (size.size() == 2) return max_unpool2d(x, indices, {size[0], size[1]});
        return max_unpool3d(x, indices, sizes_of<3>("max_unpool3d", "output_size", size));
      },
      "max_unpool1d(), max_unpool2d() or max_unpool3d(), by the number of sizes.\n");
}

}  // namespace

void bind_pooling(Family&, Family& nn) {
  bind_pooling_1d(nn);
  bind_pooling_3d(nn);
  bind_pooling_parts(nn);
  nn.function(
      "max_pool2d",
      "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False) -> Tensor | Any",
      [](const Tensor& x, const Dims& kernel, const std::optional<Dims>& stride, const Dims& padding,
         const Dims& dilation, bool ceil_mode, bool return_indices) {
        return chosen(max_pool2d(x, options<2>("max_pool2d", kernel, stride, padding, dilation, ceil_mode)),
                      return_indices);
      },
      "The largest value of each window of kernel_size, from (N, C, H, W) to (N, C, H', W'); N may be missing.\n\n"
      "Numbers are for both axes, pairs for rows and columns. Along each, a window starts every stride (by\n"
      "default kernel_size) places, as in max_pool1d(), with padding of -inf, and its elements are dilation\n"
      "places apart; ceil_mode rounds their number up. With return_indices a pair: the values, and the place of\n"
      "each in the plane (row W + column, int64).\n\n"
      "Raises RuntimeError for other shapes and windows that do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.max_pool2d(weft.arange(8.).view(1, 2, 4), 2)\n"
      "tensor([[[5., 7.]]])\n");
  nn.function(
      "avg_pool2d",
      "(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None)",
      [](const Tensor& x, const Dims& kernel, const std::optional<Dims>& stride, const Dims& padding, bool ceil_mode,
         bool count_include_pad, std::optional<int64_t> divisor_override) {
        PoolOptions o = options<2>("avg_pool2d", kernel, stride, padding, {1}, ceil_mode);
        o.count_include_pad = count_include_pad;
        o.divisor = divisor_override;
        return avg_pool2d(x, o);
      },
      "The mean of each window of kernel_size, from (N, C, H, W) to (N, C, H', W'); N may be missing.\n\n"
      "Numbers are for both axes, pairs for rows and columns; stride, padding and ceil_mode are those of\n"
      "avg_pool1d(). The sum is divided by the number of elements, of padding too unless count_include_pad is\n"
      "False, or by divisor_override.\n\n"
      "Raises RuntimeError for other shapes, windows that do not fit and a divisor of 0.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.avg_pool2d(weft.arange(8.).view(1, 2, 4), 2)\n"
      "tensor([[[2.5000, 4.5000]]])\n");
  nn.function(
      "adaptive_avg_pool2d", "(input, output_size: int | Sequence[int | None])",
      [](const Tensor& x, const py::object& size) {
        return adaptive_avg_pool2d(x, output_size<2>("adaptive_avg_pool2d", x, size));
      },
      "The mean of each of H' times W' windows that cover the plane, from (N, C, H, W) to (N, C, H', W').\n\n"
      "output_size is (H', W'): one number for both, or two; None in it keeps the input's. Window i of n along\n"
      "an axis of size s reaches from floor(i s / n) to ceil((i + 1) s / n). N may be missing.\n\n"
      "Raises RuntimeError for other shapes, TypeError for sizes that are no integers.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.adaptive_avg_pool2d(weft.arange(8.).view(1, 2, 4), (None, 2))\n"
      "tensor([[[0.5000, 2.5000],\n"
      "         [4.5000, 6.5000]]])\n");
  nn.function(
      "adaptive_max_pool2d", "(input, output_size: int | Sequence[int | None], return_indices=False) -> Tensor | Any",
      [](const Tensor& x, const py::object& size, bool return_indices) {
        return chosen(adaptive_max_pool2d(x, output_size<2>("adaptive_max_pool2d", x, size)), return_indices);
      },
      "The largest value of each of H' times W' windows that cover the plane, from (N, C, H, W) to (N, C, H', W').\n\n"
      "output_size, the windows and errors are those of adaptive_avg_pool2d(). With return_indices a pair: the\n"
      "values, and the place of each in the plane (row W + column, int64).\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.adaptive_max_pool2d(weft.arange(8.).view(1, 2, 4), (1, 2))\n"
      "tensor([[[5., 7.]]])\n");
}

}  // namespace weft::python
