"""Transforms as functions: of PIL images, tensors (..., C, H, W) and arrays (..., H, W, C)."""

from __future__ import annotations

from weft.transforms.functional.boxes import clamp_bounding_boxes, convert_bounding_box_format, sanitize_bounding_boxes
from weft.transforms.functional.channels import grayscale_to_rgb, permute_channels, rgb_to_grayscale, to_grayscale
from weft.transforms.functional.colour import (
    adjust_brightness,
    adjust_contrast,
    adjust_gamma,
    adjust_hue,
    adjust_saturation,
    adjust_sharpness,
    autocontrast,
    equalize,
    invert,
    posterize,
    solarize,
)
from weft.transforms.functional.convert import (
    convert_image_dtype,
    normalize,
    pil_to_tensor,
    to_dtype,
    to_image,
    to_pil_image,
    to_tensor,
)
from weft.transforms.functional.filters import gaussian_blur, gaussian_noise, jpeg
from weft.transforms.functional.geometry import (
    center_crop,
    crop,
    erase,
    five_crop,
    horizontal_flip,
    pad,
    resize,
    resized_crop,
    ten_crop,
    vertical_flip,
)
from weft.transforms.functional.kinds import (
    InterpolationMode,
    get_dimensions,
    get_image_size,
    get_num_channels,
    get_size,
)
from weft.transforms.functional.warp import affine, elastic, perspective, rotate

hflip = horizontal_flip
vflip = vertical_flip
elastic_transform = elastic
get_image_num_channels = get_num_channels

__all__ = [
    "InterpolationMode",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "affine",
    "autocontrast",
    "center_crop",
    "clamp_bounding_boxes",
    "convert_bounding_box_format",
    "convert_image_dtype",
    "crop",
    "elastic",
    "elastic_transform",
    "equalize",
    "erase",
    "five_crop",
    "gaussian_blur",
    "gaussian_noise",
    "get_dimensions",
    "get_image_num_channels",
    "get_image_size",
    "get_num_channels",
    "get_size",
    "grayscale_to_rgb",
    "hflip",
    "horizontal_flip",
    "invert",
    "jpeg",
    "normalize",
    "pad",
    "permute_channels",
    "perspective",
    "pil_to_tensor",
    "posterize",
    "resize",
    "resized_crop",
    "rgb_to_grayscale",
    "rotate",
    "sanitize_bounding_boxes",
    "solarize",
    "ten_crop",
    "to_dtype",
    "to_grayscale",
    "to_image",
    "to_pil_image",
    "to_tensor",
    "vertical_flip",
    "vflip",
]
