#include "ops/resampling.h"

#include "bindings/bindings.h"

namespace weft::python {

namespace {

// A number, or one for each dimension; None where there are none.
std::optional<std::vector<double>> scale_factors(const char* op, const py::object& given) {
  if (given.is_none()) return {};
  double one;
  if (read_argument(given.ptr(), one)) return std::vector<double>{one};
  Reader<std::vector<double>> all;
  check<ErrorKind::Type>(all.read(given.ptr()), op, ": scale_factor must be a number or a sequence of numbers, got ",
                         std::string(py::repr(given)));
  return all.value;
}

void bind_interpolate(Family& nn) {
  nn.function(
      "interpolate",
      "(input, size=None, scale_factor: float | Sequence[float] | None = None, mode='nearest', align_corners=None, "
      "recompute_scale_factor=None, antialias=False)",
      [](const Tensor& x, const std::optional<Dims>& size, const py::object& scale_factor, const std::string& mode,
         std::optional<bool> align_corners, std::optional<bool> recompute_scale_factor, bool antialias) {
        return interpolate(x, {.size = size,
                               .scale_factor = scale_factors("interpolate", scale_factor),
                               .mode = mode,
                               .align_corners = align_corners,
                               .recompute_scale_factor = recompute_scale_factor.value_or(false),
                               .antialias = antialias});
      },
      "Sequences (N, C, L), images (N, C, H, W) or volumes (N, C, D, H, W) resampled to another size.\n\n"
      "The size is given by size or by scale_factor (rounded down), a number or one for each dimension. Output i\n"
      "lies at (i + 0.5) s - 0.5 of the input, s being 1 / scale_factor, or the quotient of the sizes, with size\n"
      "or recompute_scale_factor; with align_corners at i (n - 1) / (m - 1), so that the centers of the outermost\n"
      "elements are aligned. There the mode takes: 'nearest' element floor(i s), 'nearest-exact'\n"
      "floor((i + 0.5) s); 'linear', 'bilinear', 'trilinear' (of one, two, three dimensions) the elements beside\n"
      "it by their distance; 'bicubic' (images) four along each dimension by cubic convolution with a = -0.75\n"
      "(Keys, 1981); 'area' the mean of floor(i n / m) to ceil((i + 1) n / m). With antialias bilinear and bicubic\n"
      "filters (then a = -0.5) are as much wider as the image becomes smaller. Integers can be taken by the\n"
      "nearest modes, images of uint8 by bilinear and bicubic, too, whose weights then have 16 bits.\n\n"
      "Raises ValueError for options that contradict each other, NotImplementedError for a mode that is unknown or\n"
      "of another number of dimensions, RuntimeError for sizes that are not positive and other dtypes.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.interpolate(weft.tensor([[[1., 2.]]]), scale_factor=2)\n"
      "tensor([[[1., 1., 2., 2.]]])\n"
      ">>> weft.nn.functional.interpolate(weft.tensor([[[1., 2.]]]), size=4, mode='linear')\n"
      "tensor([[[1.0000, 1.2500, 1.7500, 2.0000]]])\n");
  nn.function(
      "upsample",
      "(input, size=None, scale_factor: float | Sequence[float] | None = None, mode='nearest', align_corners=None)",
      [](const Tensor& x, const std::optional<Dims>& size, const py::object& scale_factor, const std::string& mode,
         std::optional<bool> align_corners) {
        return interpolate(x,
                           {.size = size,
                            .scale_factor = scale_factors("upsample", scale_factor),
                            .mode = mode,
                            .align_corners = align_corners},
                           "upsample");
      },
      "interpolate() under its former name.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.upsample(weft.tensor([[[1., 2.]]]), 4)\n"
      "tensor([[[1., 1., 2., 2.]]])\n");
  nn.function(
      "upsample_nearest", "(input, size=None, scale_factor: float | Sequence[float] | None = None)",
      [](const Tensor& x, const std::optional<Dims>& size, const py::object& scale_factor) {
        const char* op = "upsample_nearest";
        return interpolate(x, {.size = size, .scale_factor = scale_factors(op, scale_factor)}, op);
      },
      "interpolate() with mode 'nearest', under its former name.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.upsample_nearest(weft.tensor([[[1., 2.]]]), scale_factor=2)\n"
      "tensor([[[1., 1., 2., 2.]]])\n");
  nn.function(
      "upsample_bilinear", "(input, size=None, scale_factor: float | Sequence[float] | None = None)",
      [](const Tensor& x, const std::optional<Dims>& size, const py::object& scale_factor) {
        const char* op = "upsample_bilinear";
        return interpolate(
            x,
            {.size = size, .scale_factor = scale_factors(op, scale_factor), .mode = "bilinear", .align_corners = true},
            op);
      },
      "interpolate() with mode 'bilinear' and align_corners=True, under its former name.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.upsample_bilinear(weft.tensor([[[[1., 2.]]]]), (1, 3))\n"
      "tensor([[[[1.0000, 1.5000, 2.0000]]]])\n");
}

void bind_grid_sampling(Family& nn) {
  nn.function(
      "grid_sample", "(input, grid, mode='bilinear', padding_mode='zeros', align_corners=None)",
      [](const Tensor& x, const Tensor& grid, const std::string& mode, const std::string& padding_mode,
         std::optional<bool> align_corners) {
        return grid_sample(x, grid, mode, padding_mode, align_corners.value_or(false));
      },
      "Samples of images (N, C, H, W) or volumes (N, C, D, H, W) at the places of a grid (Jaderberg et al., 2015).\n\n"
      "grid, (N, H', W', 2) or (N, D', H', W', 3), holds x, y (and z) of each sample: -1 and 1 are the outer edges\n"
      "of the image, or with align_corners the centers of its outermost pixels; the result is (N, C, H', W') or\n"
      "(N, C, D', H', W'). A sample is made of the pixels around it ('bilinear'), the nearest one ('nearest'), or\n"
      "by cubic convolution with a = -0.75 of four along each axis ('bicubic', images alone). Outside of the image\n"
      "lie zeros, its border, or its reflection ('zeros', 'border', 'reflection'). Both arguments have gradients.\n\n"
      "A coordinate that is NaN counts as one far before the first pixel, where PyTorch may give NaN, and an\n"
      "infinite one as one far outside: where zeros lie outside, a grid that has diverged gives 0.\n\n"
      "Raises ValueError for an unknown mode or padding_mode, RuntimeError for shapes or dtypes that do not fit.\n\n"
      ">>> import weft\n"
      ">>> image, grid = weft.tensor([[[[1., 2.], [3., 4.]]]]), weft.tensor([[[[0., 0.], [0.5, 0.5]]]])\n"
      ">>> weft.nn.functional.grid_sample(image, grid)\n"
      "tensor([[[[2.5000, 4.0000]]]])\n");
  nn.function(
      "affine_grid", "(theta, size, align_corners=None)",
      [](const Tensor& theta, const Dims& size, std::optional<bool> align_corners) {
        return affine_grid(theta, size, align_corners.value_or(false));
      },
      "The grid for grid_sample() that an affine map gives: theta times (x, y, 1), or (x, y, z, 1).\n\n"
      "theta is (N, 2, 3) for size (N, C, H, W), or (N, 3, 4) for (N, C, D, H, W); the result (N, H, W, 2) or\n"
      "(N, D, H, W, 3). x, y (and z) are the centers of the result's pixels, between -1 and 1, the outer edges; or\n"
      "with align_corners the centers of the outermost pixels.\n\n"
      "Raises ValueError for a theta or sizes that do not fit, NotImplementedError for other numbers of sizes.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.affine_grid(weft.tensor([[[1., 0., 0.], [0., 1., 0.]]]), (1, 1, 1, 2))\n"
      "tensor([[[[-0.5000,  0.0000],\n"
      "          [ 0.5000,  0.0000]]]])\n");
}

}  // namespace

void bind_resampling(Family&, Family& nn) {
  bind_interpolate(nn);
  bind_grid_sampling(nn);
}

}  // namespace weft::python
