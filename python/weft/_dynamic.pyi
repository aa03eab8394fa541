"""Names that weft/__init__.py makes while it is imported or at their first use, for type checkers."""

from weft._alias.scope import torch_alias as torch_alias
from weft._C import Tensor
from weft._compile import compile as compile
from weft._control_flow import cond as cond
from weft._control_flow import map as map
from weft._control_flow import scan as scan
from weft._control_flow import while_loop as while_loop
from weft._determinism import are_deterministic_algorithms_enabled as are_deterministic_algorithms_enabled
from weft._determinism import (
    is_deterministic_algorithms_warn_only_enabled as is_deterministic_algorithms_warn_only_enabled,
)
from weft._determinism import use_deterministic_algorithms as use_deterministic_algorithms
from weft._gradient_tape import GradientTape as GradientTape
from weft._jit import jit as jit
from weft._limits import finfo as finfo
from weft._limits import iinfo as iinfo
from weft._numerics import check_numerics as check_numerics
from weft._precision import get_float32_matmul_precision as get_float32_matmul_precision
from weft._precision import set_float32_matmul_precision as set_float32_matmul_precision
from weft._printing import set_printoptions as set_printoptions
from weft._summary import summary as summary
from weft._threads import get_num_interop_threads as get_num_interop_threads
from weft._threads import set_num_interop_threads as set_num_interop_threads
from weft.amp import autocast as autocast
from weft.amp import get_autocast_dtype as get_autocast_dtype
from weft.amp import is_autocast_enabled as is_autocast_enabled
from weft.func import vmap as vmap
from weft.integrations.pandas import from_pandas as from_pandas
from weft.nn.functional import bilinear as bilinear
from weft.nn.functional import cosine_similarity as cosine_similarity
from weft.nn.functional import pairwise_distance as pairwise_distance
from weft.nn.functional import pdist as pdist
from weft.serialization import load as load
from weft.serialization import save as save
from weft.training import Model as Model
from weft.training import Trainer as Trainer

# Types of tensors by name: isinstance knows dtype and device, which type checkers do not.
FloatTensor = Tensor
DoubleTensor = Tensor
HalfTensor = Tensor
BFloat16Tensor = Tensor
LongTensor = Tensor
IntTensor = Tensor
ShortTensor = Tensor
CharTensor = Tensor
ByteTensor = Tensor
BoolTensor = Tensor
UInt16Tensor = Tensor
UInt32Tensor = Tensor
UInt64Tensor = Tensor
ComplexFloatTensor = Tensor
ComplexDoubleTensor = Tensor

# Methods that are functions too.
abs_ = Tensor.abs_
acos_ = Tensor.acos_
acosh_ = Tensor.acosh_
addmv_ = Tensor.addmv_
arccos_ = Tensor.arccos_
arccosh_ = Tensor.arccosh_
arcsin_ = Tensor.arcsin_
arcsinh_ = Tensor.arcsinh_
arctan_ = Tensor.arctan_
arctanh_ = Tensor.arctanh_
asin_ = Tensor.asin_
asinh_ = Tensor.asinh_
atan_ = Tensor.atan_
atanh_ = Tensor.atanh_
ceil_ = Tensor.ceil_
clamp_ = Tensor.clamp_
clamp_max_ = Tensor.clamp_max_
clamp_min_ = Tensor.clamp_min_
clip_ = Tensor.clip_
cos_ = Tensor.cos_
cosh_ = Tensor.cosh_
deg2rad_ = Tensor.deg2rad_
detach = Tensor.detach
detach_ = Tensor.detach_
erf_ = Tensor.erf_
erfc_ = Tensor.erfc_
exp2_ = Tensor.exp2_
exp_ = Tensor.exp_
expm1_ = Tensor.expm1_
fill_ = Tensor.fill_
fix_ = Tensor.fix_
floor_ = Tensor.floor_
frac_ = Tensor.frac_
get_device = Tensor.get_device
index_put_ = Tensor.index_put_
is_inference = Tensor.is_inference
is_same_size = Tensor.is_same_size
log10_ = Tensor.log10_
log1p_ = Tensor.log1p_
log2_ = Tensor.log2_
log_ = Tensor.log_
nan_to_num_ = Tensor.nan_to_num_
neg_ = Tensor.neg_
negative_ = Tensor.negative_
rad2deg_ = Tensor.rad2deg_
reciprocal_ = Tensor.reciprocal_
relu_ = Tensor.relu_
round_ = Tensor.round_
rsqrt_ = Tensor.rsqrt_
selu_ = Tensor.selu_
sigmoid_ = Tensor.sigmoid_
sin_ = Tensor.sin_
sinh_ = Tensor.sinh_
sqrt_ = Tensor.sqrt_
square_ = Tensor.square_
tan_ = Tensor.tan_
tanh_ = Tensor.tanh_
trunc_ = Tensor.trunc_
xlogy_ = Tensor.xlogy_
zero_ = Tensor.zero_
