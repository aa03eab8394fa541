"""Transforms of images, arrays and tensors; the names are those of torchvision.transforms.v2."""

from __future__ import annotations

from weft._missing import missing_names
from weft.transforms import functional as functional
from weft.transforms import tv_tensors as tv_tensors
from weft.transforms.automatic import AugMix, AutoAugment, AutoAugmentPolicy, RandAugment, TrivialAugmentWide
from weft.transforms.base import Transform
from weft.transforms.colours import (
    JPEG,
    RGB,
    ColorJitter,
    GaussianBlur,
    GaussianNoise,
    Grayscale,
    RandomAdjustSharpness,
    RandomAutocontrast,
    RandomChannelPermutation,
    RandomEqualize,
    RandomGrayscale,
    RandomInvert,
    RandomPhotometricDistort,
    RandomPosterize,
    RandomSolarize,
)
from weft.transforms.containers import Compose, RandomApply, RandomChoice, RandomOrder
from weft.transforms.conversions import (
    ConvertImageDtype,
    Identity,
    Lambda,
    LinearTransformation,
    Normalize,
    PILToTensor,
    ToDtype,
    ToImage,
    ToPILImage,
    ToPureTensor,
    ToTensor,
    UniformTemporalSubsample,
)
from weft.transforms.detection import (
    ClampBoundingBoxes,
    ConvertBoundingBoxFormat,
    RandomIoUCrop,
    SanitizeBoundingBoxes,
)
from weft.transforms.functional import InterpolationMode
from weft.transforms.geometric import (
    CenterCrop,
    FiveCrop,
    Pad,
    RandomCrop,
    RandomErasing,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
    Resize,
    TenCrop,
)
from weft.transforms.mixing import CutMix, MixUp
from weft.transforms.resizing import RandomResize, RandomShortestSize, RandomZoomOut, ScaleJitter
from weft.transforms.warping import ElasticTransform, RandomAffine, RandomPerspective, RandomRotation

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = [
    "JPEG",
    "RGB",
    "AugMix",
    "AutoAugment",
    "AutoAugmentPolicy",
    "CenterCrop",
    "ClampBoundingBoxes",
    "ColorJitter",
    "Compose",
    "ConvertBoundingBoxFormat",
    "ConvertImageDtype",
    "CutMix",
    "ElasticTransform",
    "FiveCrop",
    "GaussianBlur",
    "GaussianNoise",
    "Grayscale",
    "Identity",
    "InterpolationMode",
    "Lambda",
    "LinearTransformation",
    "MixUp",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RandAugment",
    "RandomAdjustSharpness",
    "RandomAffine",
    "RandomApply",
    "RandomAutocontrast",
    "RandomChannelPermutation",
    "RandomChoice",
    "RandomCrop",
    "RandomEqualize",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomInvert",
    "RandomIoUCrop",
    "RandomOrder",
    "RandomPerspective",
    "RandomPhotometricDistort",
    "RandomPosterize",
    "RandomResize",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomShortestSize",
    "RandomSolarize",
    "RandomVerticalFlip",
    "RandomZoomOut",
    "Resize",
    "SanitizeBoundingBoxes",
    "ScaleJitter",
    "TenCrop",
    "ToDtype",
    "ToImage",
    "ToPILImage",
    "ToPureTensor",
    "ToTensor",
    "Transform",
    "TrivialAugmentWide",
    "UniformTemporalSubsample",
    "functional",
    "tv_tensors",
]
