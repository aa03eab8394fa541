// Resampling of sequences, images and volumes: onto a regular grid of another size, and at given places.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/dims.h"
#include "tensor/tensor.h"

namespace weft {

struct InterpolateOptions {
  std::optional<Dims> size;  // one number, or one for each spatial dimension; else scale_factor
  std::optional<std::vector<double>> scale_factor;
  std::string mode = "nearest";
  std::optional<bool> align_corners{};
  bool recompute_scale_factor = false;
  bool antialias = false;
};

// x of shape (N, C, ...) with one to three spatial dimensions. mode: nearest, nearest-exact, area, and by the number of
// dimensions linear, bilinear or bicubic, trilinear. Coordinates follow the scale factors where they are given and not
// recomputed, else the quotient of the sizes.
Tensor interpolate(const Tensor& x, const InterpolateOptions& options, const char* op = "interpolate");

// x (N, C, H, W) or (N, C, D, H, W) at the places of grid (N, ..., 2 or 3): coordinates from -1 to 1, that of the last
// dimension first. mode: bilinear, nearest or bicubic (images alone); padding_mode, what lies outside: zeros, border or
// reflection.
Tensor grid_sample(const Tensor& x, const Tensor& grid, const std::string& mode = "bilinear",
                   const std::string& padding_mode = "zeros", bool align_corners = false);
// The grid for size (N, C, ...) whose places are theta (N, 2, 3) or (N, 3, 4) times the places of the result, and 1.
Tensor affine_grid(const Tensor& theta, const Dims& size, bool align_corners = false);

}  // namespace weft
