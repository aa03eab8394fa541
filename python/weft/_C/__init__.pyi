from __future__ import annotations
import collections.abc
import numpy
import builtins
import typing
import weft
from weft import OutOfMemoryError
from . import memory
from . import _device
from . import nn
from . import _return_types
__all__: list[str] = ['Generator', 'Node', 'OutOfMemoryError', 'Tensor', 'abs', 'absolute', 'acos', 'acosh', 'add', 'addbmm', 'addcdiv', 'addcmul', 'addmm', 'addmv', 'adjoint', 'all', 'allclose', 'amax', 'amin', 'aminmax', 'angle', 'any', 'arange', 'arccos', 'arccosh', 'arcsin', 'arcsinh', 'arctan', 'arctan2', 'arctanh', 'argmax', 'argmin', 'argsort', 'argwhere', 'as_strided', 'as_tensor', 'asarray', 'asin', 'asinh', 'atan', 'atan2', 'atanh', 'atleast_1d', 'atleast_2d', 'atleast_3d', 'baddbmm', 'bernoulli', 'bfloat16', 'bincount', 'bitwise_and', 'bitwise_left_shift', 'bitwise_not', 'bitwise_or', 'bitwise_right_shift', 'bitwise_xor', 'block_diag', 'bmm', 'bool', 'broadcast_shapes', 'broadcast_tensors', 'broadcast_to', 'bucketize', 'can_cast', 'cat', 'cdouble', 'ceil', 'cfloat', 'chunk', 'clamp', 'clamp_max', 'clamp_min', 'clip', 'clone', 'column_stack', 'complex', 'complex128', 'complex64', 'concat', 'concatenate', 'conj', 'conj_physical', 'constant_pad_nd', 'copysign', 'cos', 'cosh', 'count_nonzero', 'cummax', 'cummin', 'cumprod', 'cumsum', 'default_generator', 'deg2rad', 'device', 'diag', 'diag_embed', 'diagflat', 'diagonal', 'diagonal_scatter', 'div', 'divide', 'dot', 'double', 'dropout', 'dstack', 'dtype', 'einsum', 'empty', 'empty_like', 'empty_strided', 'eq', 'equal', 'erf', 'erfc', 'erfinv', 'exp', 'exp2', 'expm1', 'eye', 'fix', 'flatten', 'flip', 'fliplr', 'flipud', 'float', 'float16', 'float32', 'float64', 'float8_e4m3fn', 'float8_e5m2', 'floor', 'floor_divide', 'fmax', 'fmin', 'fmod', 'frac', 'from_dlpack', 'from_numpy', 'frombuffer', 'full', 'full_like', 'gather', 'ge', 'ger', 'get_default_device', 'get_default_dtype', 'get_num_threads', 'get_rng_state', 'greater', 'greater_equal', 'gt', 'half', 'hardsigmoid', 'hardswish', 'hsplit', 'hstack', 'hypot', 'imag', 'index_add', 'index_copy', 'index_fill', 'index_put', 'index_select', 'initial_seed', 'inner', 'int', 'int16', 'int32', 'int64', 'int8', 'is_anomaly_check_nan_enabled', 'is_anomaly_enabled', 'is_complex', 'is_floating_point', 'is_grad_enabled', 'is_inference_mode_enabled', 'is_nonzero', 'is_tensor', 'isclose', 'isfinite', 'isinf', 'isnan', 'isreal', 'kron', 'kthvalue', 'le', 'lerp', 'less', 'less_equal', 'linspace', 'log', 'log10', 'log1p', 'log2', 'log_softmax', 'logaddexp', 'logcumsumexp', 'logical_and', 'logical_not', 'logical_or', 'logical_xor', 'logit', 'logsigmoid', 'logspace', 'logsumexp', 'long', 'lt', 'manual_seed', 'masked_fill', 'masked_scatter', 'masked_select', 'matmul', 'max', 'maximum', 'mean', 'median', 'memory', 'meshgrid', 'min', 'minimum', 'mish', 'mm', 'moveaxis', 'movedim', 'msort', 'mul', 'multinomial', 'multiply', 'mv', 'nan_to_num', 'nanmean', 'nansum', 'narrow', 'ne', 'neg', 'negative', 'nn', 'nonzero', 'norm', 'normal', 'not_equal', 'numel', 'ones', 'ones_like', 'outer', 'permute', 'polar', 'positive', 'pow', 'prod', 'promote_types', 'rad2deg', 'rand', 'rand_like', 'randint', 'randint_like', 'randn', 'randn_like', 'randperm', 'ravel', 'real', 'reciprocal', 'relu', 'remainder', 'repeat_interleave', 'reshape', 'result_type', 'roll', 'rot90', 'round', 'row_stack', 'rsqrt', 'rsub', 'scalar_tensor', 'scatter', 'scatter_add', 'scatter_reduce', 'searchsorted', 'seed', 'select', 'select_scatter', 'selu', 'set_default_device', 'set_default_dtype', 'set_num_threads', 'set_rng_state', 'sgn', 'short', 'sigmoid', 'sign', 'signbit', 'silu', 'sin', 'sinh', 'slice_scatter', 'softmax', 'softsign', 'sort', 'split', 'split_with_sizes', 'sqrt', 'square', 'squeeze', 'stack', 'std', 'std_mean', 'sub', 'subtract', 'sum', 'swapaxes', 'swapdims', 't', 'take', 'take_along_dim', 'tan', 'tanh', 'tanhshrink', 'tensor', 'tensor_split', 'tensordot', 'tile', 'topk', 'trace', 'transpose', 'tril', 'tril_indices', 'triu', 'triu_indices', 'true_divide', 'trunc', 'uint16', 'uint32', 'uint64', 'uint8', 'unbind', 'unflatten', 'unique', 'unique_consecutive', 'unsqueeze', 'vander', 'var', 'var_mean', 'vdot', 'view_as_complex', 'view_as_real', 'vsplit', 'vstack', 'where', 'xlogy', 'zeros', 'zeros_like']
class dtype:
    """
    The element type of a tensor: weft.float32, weft.int64, ...
    """
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def __reduce__(self: numpy.dtype[typing.Any]) -> tuple:
        ...
    def __repr__(self: numpy.dtype[typing.Any]) -> str:
        ...
    def to_complex(self: numpy.dtype[typing.Any]) -> weft.dtype:
        """
        The complex dtype whose parts hold this floating point dtype: complex64 or complex128. Raises RuntimeError for others.
        """
    def to_real(self: numpy.dtype[typing.Any]) -> weft.dtype:
        """
        The dtype of the parts of a complex dtype; a floating point one itself. Raises RuntimeError for others.
        """
    @property
    def is_complex(self) -> builtins.bool:
        ...
    @property
    def is_floating_point(self) -> builtins.bool:
        ...
    @property
    def is_signed(self) -> builtins.bool:
        ...
    @property
    def itemsize(self) -> builtins.int:
        """
        Bytes of one element.
        """
class device:
    """
    Where a tensor lives: weft.device('cpu'), weft.device('cuda', 0). As a context manager: where new tensors go.
    """
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def __enter__(self) -> typing.Any:
        ...
    def __eq__(self, arg0: typing.Any) -> builtins.bool:
        ...
    def __exit__(self, *args) -> None:
        ...
    def __hash__(self) -> builtins.int:
        ...
    def __init__(self, type: typing.Any, index: typing.SupportsInt | typing.SupportsIndex | None = None) -> None:
        ...
    def __reduce__(self) -> tuple:
        ...
    def __repr__(self) -> str:
        ...
    def __str__(self) -> str:
        ...
    @property
    def index(self) -> builtins.int | None:
        ...
    @property
    def type(self) -> str:
        ...
class Tensor:
    """
    A multi-dimensional array of one dtype on one device, which can record the ops applied to it.

    >>> import weft
    >>> x = weft.tensor([[1., 2.], [3., 4.]])
    >>> x.shape
    weft.Size([2, 2])
    >>> x.sum()
    tensor(10.)
    """
    __array_priority__: typing.ClassVar[int] = 1000
    T: Tensor
    _base: Tensor | None
    _is_inference: builtins.bool
    _is_traced: builtins.bool
    _version: builtins.int
    data: Tensor
    device: device
    dtype: dtype
    grad: Tensor | None
    grad_fn: Node | None
    is_cpu: builtins.bool
    is_cuda: builtins.bool
    is_leaf: builtins.bool
    is_meta: builtins.bool
    is_quantized: builtins.bool
    is_sparse: builtins.bool
    itemsize: builtins.int
    mT: Tensor
    nbytes: builtins.int
    ndim: builtins.int
    requires_grad: builtins.bool
    retains_grad: builtins.bool
    shape: tuple[builtins.int, ...]
    @staticmethod
    def __new__(type, *args, **kwargs):
        """
        Create and return a new object.  See help(type) for accurate signature.
        """
    @staticmethod
    def absolute(*args, **kwargs):
        """
        abs(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def absolute_(*args, **kwargs):
        """
        abs_(self: object) -> object
        """
    @staticmethod
    def arccos(*args, **kwargs):
        """
        acos(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def arccos_(*args, **kwargs):
        """
        acos_(self: object) -> object
        """
    @staticmethod
    def arccosh(*args, **kwargs):
        """
        acosh(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def arccosh_(*args, **kwargs):
        """
        acosh_(self: object) -> object
        """
    @staticmethod
    def arcsin(*args, **kwargs):
        """
        asin(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def arcsin_(*args, **kwargs):
        """
        asin_(self: object) -> object
        """
    @staticmethod
    def arcsinh(*args, **kwargs):
        """
        asinh(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def arcsinh_(*args, **kwargs):
        """
        asinh_(self: object) -> object
        """
    @staticmethod
    def arctan(*args, **kwargs):
        """
        atan(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def arctan2(*args, **kwargs):
        """
        atan2(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def arctan2_(*args, **kwargs):
        """
        atan2_(self: object, other: weft.Tensor | complex) -> object
        """
    @staticmethod
    def arctan_(*args, **kwargs):
        """
        atan_(self: object) -> object
        """
    @staticmethod
    def arctanh(*args, **kwargs):
        """
        atanh(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def arctanh_(*args, **kwargs):
        """
        atanh_(self: object) -> object
        """
    @staticmethod
    def fix(*args, **kwargs):
        """
        trunc(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def fix_(*args, **kwargs):
        """
        trunc_(self: object) -> object
        """
    @staticmethod
    def greater(*args, **kwargs):
        """
        gt(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def greater_(*args, **kwargs):
        """
        gt_(self: object, other: weft.Tensor | complex) -> object
        """
    @staticmethod
    def greater_equal(*args, **kwargs):
        """
        ge(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def greater_equal_(*args, **kwargs):
        """
        ge_(self: object, other: weft.Tensor | complex) -> object
        """
    @staticmethod
    def is_conj(input):
        """
        Is a conjugation delayed? Always False.

            >>> import weft
            >>> weft.is_conj(weft.ones(2)), weft.ones(2).is_neg()
            (False, False)

        """
    @staticmethod
    def is_neg(input):
        """
        Is a negation delayed? Always False.
        """
    @staticmethod
    def less(*args, **kwargs):
        """
        lt(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def less_(*args, **kwargs):
        """
        lt_(self: object, other: weft.Tensor | complex) -> object
        """
    @staticmethod
    def less_equal(*args, **kwargs):
        """
        le(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def less_equal_(*args, **kwargs):
        """
        le_(self: object, other: weft.Tensor | complex) -> object
        """
    @staticmethod
    def multiply(*args, **kwargs):
        """
        mul(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def multiply_(*args, **kwargs):
        """
        mul_(self: object, other: weft.Tensor | complex) -> object
        """
    @staticmethod
    def negative(*args, **kwargs):
        """
        neg(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def negative_(*args, **kwargs):
        """
        neg_(self: object) -> object
        """
    @staticmethod
    def not_equal(*args, **kwargs):
        """
        ne(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor
        """
    @staticmethod
    def not_equal_(*args, **kwargs):
        """
        ne_(self: object, other: weft.Tensor | complex) -> object
        """
    @staticmethod
    def resolve_conj(input):
        """
        The tensor itself: conjugation is never delayed.
        """
    @staticmethod
    def resolve_neg(input):
        """
        The tensor itself: negation is never delayed.
        """
    @staticmethod
    def true_divide(*args, **kwargs):
        """
        div(self: weft.Tensor, other: weft.Tensor | complex, *, rounding_mode: str | None = None, out: weft.Tensor = None) -> weft.Tensor

        input / other; rounding_mode 'floor' or 'trunc' rounds the quotient.
        """
    @staticmethod
    def true_divide_(*args, **kwargs):
        """
        div_(self: object, other: weft.Tensor | complex, *, rounding_mode: str | None = None) -> object
        """
    @classmethod
    def _make_subclass(cls, data, requires_grad = False):
        """
        An object of a subclass of Tensor that shares data's storage.
        """
    def __abs__(self):
        """
        abs(self)
        """
    def __add__(self, value):
        """
        Return self+value.
        """
    def __and__(self, value):
        """
        Return self&value.
        """
    def __array__(self: weft.Tensor, dtype: typing.Any = None, copy: builtins.bool | None = None) -> typing.Any:
        ...
    def __array_wrap__(self, array, context = None, return_scalar = False):
        """
        What a NumPy function made of a tensor's values is a tensor too: np.sqrt(x).
        """
    def __bool__(self):
        """
        True if self else False
        """
    def __complex__(self: weft.Tensor) -> typing.Any:
        """
        The value of a tensor of one element as a complex number.
        """
    def __contains__(self, element):
        ...
    def __deepcopy__(self, memo):
        ...
    def __delattr__(self, name):
        """
        Implement delattr(self, name).
        """
    def __delitem__(self, key):
        """
        Delete self[key].
        """
    def __dlpack__(self: weft.Tensor, *, stream: typing.SupportsIndex | None = None, max_version: tuple[typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex] | None = None, dl_device: typing.Any = None, copy: builtins.bool | None = None) -> typing.Any:
        ...
    def __dlpack_device__(self: weft.Tensor) -> tuple[builtins.int, builtins.int]:
        ...
    def __eq__(self, value):
        """
        Return self==value.
        """
    def __float__(self):
        """
        float(self)
        """
    def __floordiv__(self, value):
        """
        Return self//value.
        """
    def __format__(self, spec):
        ...
    def __ge__(self, value):
        """
        Return self>=value.
        """
    def __getitem__(self, key):
        """
        Return self[key].
        """
    def __gt__(self, value):
        """
        Return self>value.
        """
    def __hash__(self):
        """
        Return hash(self).
        """
    def __iadd__(self, value):
        """
        Return self+=value.
        """
    def __iand__(self, value):
        """
        Return self&=value.
        """
    def __ifloordiv__(self, value):
        """
        Return self//=value.
        """
    def __imod__(self, value):
        """
        Return self%=value.
        """
    def __imul__(self, value):
        """
        Return self*=value.
        """
    def __index__(self):
        """
        Return self converted to an integer, if self is suitable for use as an index into a list.
        """
    def __int__(self):
        """
        int(self)
        """
    def __invert__(self):
        """
        ~self
        """
    def __ior__(self, value):
        """
        Return self|=value.
        """
    def __ipow__(self, value):
        """
        Return self**=value.
        """
    def __isub__(self, value):
        """
        Return self-=value.
        """
    def __iter__(self):
        """
        Implement iter(self).
        """
    def __itruediv__(self, value):
        """
        Return self/=value.
        """
    def __ixor__(self, value):
        """
        Return self^=value.
        """
    def __le__(self, value):
        """
        Return self<=value.
        """
    def __len__(self):
        """
        Return len(self).
        """
    def __lshift__(self, value):
        """
        Return self<<value.
        """
    def __lt__(self, value):
        """
        Return self<value.
        """
    def __matmul__(self, value):
        """
        Return self@value.
        """
    def __mod__(self, value):
        """
        Return self%value.
        """
    def __mul__(self, value):
        """
        Return self*value.
        """
    def __ne__(self, value):
        """
        Return self!=value.
        """
    def __neg__(self):
        """
        -self
        """
    def __or__(self, value):
        """
        Return self|value.
        """
    def __pos__(self):
        """
        +self
        """
    def __pow__(self, value, mod = None):
        """
        Return pow(self, value, mod).
        """
    def __radd__(self, value):
        """
        Return value+self.
        """
    def __rand__(self, value):
        """
        Return value&self.
        """
    def __reduce_ex__(self, protocol):
        ...
    def __repr__(self):
        """
        Return repr(self).
        """
    def __reversed__(self):
        ...
    def __rfloordiv__(self, value):
        """
        Return value//self.
        """
    def __rlshift__(self, value):
        """
        Return value<<self.
        """
    def __rmatmul__(self, value):
        """
        Return value@self.
        """
    def __rmod__(self, value):
        """
        Return value%self.
        """
    def __rmul__(self, value):
        """
        Return value*self.
        """
    def __ror__(self, value):
        """
        Return value|self.
        """
    def __rpow__(self, value, mod = None):
        """
        Return pow(value, self, mod).
        """
    def __rrshift__(self, value):
        """
        Return value>>self.
        """
    def __rshift__(self, value):
        """
        Return self>>value.
        """
    def __rsub__(self, value):
        """
        Return value-self.
        """
    def __rtruediv__(self, value):
        """
        Return value/self.
        """
    def __rxor__(self, value):
        """
        Return value^self.
        """
    def __setattr__(self, name, value):
        """
        Implement setattr(self, name, value).
        """
    def __setitem__(self, key, value):
        """
        Set self[key] to value.
        """
    def __sub__(self, value):
        """
        Return self-value.
        """
    def __truediv__(self, value):
        """
        Return self/value.
        """
    def __xor__(self, value):
        """
        Return self^value.
        """
    def _add_accumulate_hook(self: weft.Tensor, hook: typing.Any) -> _HookPlace:
        ...
    def _add_grad_hook(self: weft.Tensor, hook: typing.Any) -> _HookPlace:
        ...
    def abs(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def abs_(self) -> typing.Any:
        ...
    def acos(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def acos_(self) -> typing.Any:
        ...
    def acosh(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def acosh_(self) -> typing.Any:
        ...
    @typing.overload
    def add(self: weft.Tensor, other: weft.Tensor | complex, *, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
        """
        input + alpha * other (or minus), with broadcasting and type promotion.
        """
    @typing.overload
    def add(self: weft.Tensor, alpha: complex, other: weft.Tensor) -> weft.Tensor:
        ...
    @typing.overload
    def add_(self, other: weft.Tensor | complex, *, alpha: complex = 1) -> typing.Any:
        ...
    @typing.overload
    def add_(self, alpha: complex, other: weft.Tensor) -> typing.Any:
        ...
    @typing.overload
    def addbmm(self: weft.Tensor, batch1: weft.Tensor, batch2: weft.Tensor, *, beta: complex = 1, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
        """
        beta * input + alpha * the sum over the batch of batch1 @ batch2.
        """
    @typing.overload
    def addbmm(self: weft.Tensor, beta: complex, alpha: complex, batch1: weft.Tensor, batch2: weft.Tensor) -> weft.Tensor:
        ...
    @typing.overload
    def addbmm(self: weft.Tensor, beta: complex, batch1: weft.Tensor, batch2: weft.Tensor) -> weft.Tensor:
        ...
    @typing.overload
    def addbmm_(self, batch1: weft.Tensor, batch2: weft.Tensor, *, beta: complex = 1, alpha: complex = 1) -> typing.Any:
        ...
    @typing.overload
    def addbmm_(self, beta: complex, alpha: complex, batch1: weft.Tensor, batch2: weft.Tensor) -> typing.Any:
        ...
    @typing.overload
    def addbmm_(self, beta: complex, batch1: weft.Tensor, batch2: weft.Tensor) -> typing.Any:
        ...
    @typing.overload
    def addcdiv(self: weft.Tensor, tensor1: weft.Tensor, tensor2: weft.Tensor, *, value: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
        """
        input + value * tensor1 * tensor2 (or / tensor2).
        """
    @typing.overload
    def addcdiv(self: weft.Tensor, value: complex, tensor1: weft.Tensor, tensor2: weft.Tensor) -> weft.Tensor:
        ...
    @typing.overload
    def addcdiv_(self, tensor1: weft.Tensor, tensor2: weft.Tensor, *, value: complex = 1) -> typing.Any:
        ...
    @typing.overload
    def addcdiv_(self, value: complex, tensor1: weft.Tensor, tensor2: weft.Tensor) -> typing.Any:
        ...
    @typing.overload
    def addcmul(self: weft.Tensor, tensor1: weft.Tensor, tensor2: weft.Tensor, *, value: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
        """
        input + value * tensor1 * tensor2 (or / tensor2).
        """
    @typing.overload
    def addcmul(self: weft.Tensor, value: complex, tensor1: weft.Tensor, tensor2: weft.Tensor) -> weft.Tensor:
        ...
    @typing.overload
    def addcmul_(self, tensor1: weft.Tensor, tensor2: weft.Tensor, *, value: complex = 1) -> typing.Any:
        ...
    @typing.overload
    def addcmul_(self, value: complex, tensor1: weft.Tensor, tensor2: weft.Tensor) -> typing.Any:
        ...
    @typing.overload
    def addmm(self: weft.Tensor, mat1: weft.Tensor, mat2: weft.Tensor, *, beta: complex = 1, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
        """
        beta * input + alpha * (mat1 @ mat2); with beta=0 input is ignored, NaN and all.
        """
    @typing.overload
    def addmm(self: weft.Tensor, beta: complex, alpha: complex, mat1: weft.Tensor, mat2: weft.Tensor) -> weft.Tensor:
        ...
    @typing.overload
    def addmm(self: weft.Tensor, beta: complex, mat1: weft.Tensor, mat2: weft.Tensor) -> weft.Tensor:
        ...
    @typing.overload
    def addmm_(self, mat1: weft.Tensor, mat2: weft.Tensor, *, beta: complex = 1, alpha: complex = 1) -> typing.Any:
        ...
    @typing.overload
    def addmm_(self, beta: complex, alpha: complex, mat1: weft.Tensor, mat2: weft.Tensor) -> typing.Any:
        ...
    @typing.overload
    def addmm_(self, beta: complex, mat1: weft.Tensor, mat2: weft.Tensor) -> typing.Any:
        ...
    @typing.overload
    def addmv(self: weft.Tensor, mat: weft.Tensor, vec: weft.Tensor, *, beta: complex = 1, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
        """
        beta * input + alpha * (mat @ vec).
        """
    @typing.overload
    def addmv(self: weft.Tensor, beta: complex, alpha: complex, mat: weft.Tensor, vec: weft.Tensor) -> weft.Tensor:
        ...
    @typing.overload
    def addmv(self: weft.Tensor, beta: complex, mat: weft.Tensor, vec: weft.Tensor) -> weft.Tensor:
        ...
    @typing.overload
    def addmv_(self, mat: weft.Tensor, vec: weft.Tensor, *, beta: complex = 1, alpha: complex = 1) -> typing.Any:
        ...
    @typing.overload
    def addmv_(self, beta: complex, alpha: complex, mat: weft.Tensor, vec: weft.Tensor) -> typing.Any:
        ...
    @typing.overload
    def addmv_(self, beta: complex, mat: weft.Tensor, vec: weft.Tensor) -> typing.Any:
        ...
    def adjoint(self: weft.Tensor) -> weft.Tensor:
        """
        The conjugate transpose of the last two dimensions.
        """
    @typing.overload
    def all(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Is no element zero?

        >>> import weft
        >>> weft.tensor([False, True]).all()
        tensor(False)
        """
    @typing.overload
    def all(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def all(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def all(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def allclose(self: weft.Tensor, other: weft.Tensor, rtol: typing.SupportsFloat | typing.SupportsIndex = 1e-05, atol: typing.SupportsFloat | typing.SupportsIndex = 1e-08, equal_nan: builtins.bool = False) -> typing.Any:
        """
        Is isclose() true everywhere?
        """
    @typing.overload
    def amax(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Largest value over the given dimensions (default all); equal ones share the gradient.

        >>> import weft
        >>> weft.tensor([[1, 4], [3, 2]]).amax(1)
        tensor([4, 3])
        """
    @typing.overload
    def amax(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def amax(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def amax(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def amin(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Smallest value over the given dimensions (default all); equal ones share the gradient.

        >>> import weft
        >>> weft.tensor([[1, 4], [3, 2]]).amin(1)
        tensor([1, 2])
        """
    @typing.overload
    def amin(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def amin(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def amin(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def aminmax(self: weft.Tensor, *, dim: typing.SupportsIndex | None = None, keepdim: builtins.bool = False, out: typing.Any = None) -> typing.Any:
        """
        The smallest and the largest element, as .min and .max.
        """
    def angle(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        The angle of complex numbers in radians, in (-pi, pi]: of real numbers pi where they are negative, else 0.

        >>> import weft
        >>> weft.angle(weft.tensor([1j, -1 + 0j]))
        tensor([1.5708, 3.1416])
        """
    @typing.overload
    def any(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Is any element not zero?

        >>> import weft
        >>> weft.tensor([False, True]).any()
        tensor(True)
        """
    @typing.overload
    def any(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def any(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def any(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def argmax(self: weft.Tensor, dim: typing.SupportsIndex | None = None, keepdim: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Position of the first of the largest elements along dim, or in the flattened tensor.

        >>> import weft
        >>> weft.tensor([1, 3, 2]).argmax()
        tensor(1)
        """
    @typing.overload
    def argmax(self: weft.Tensor, axis: typing.SupportsIndex | None, keepdims: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def argmax(self: weft.Tensor, axis: typing.SupportsIndex | None, keepdim: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def argmax(self: weft.Tensor, dim: typing.SupportsIndex | None, keepdims: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def argmin(self: weft.Tensor, dim: typing.SupportsIndex | None = None, keepdim: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Position of the first of the smallest elements along dim, or in the flattened tensor.

        >>> import weft
        >>> weft.tensor([3, 1, 2]).argmin()
        tensor(1)
        """
    @typing.overload
    def argmin(self: weft.Tensor, axis: typing.SupportsIndex | None, keepdims: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def argmin(self: weft.Tensor, axis: typing.SupportsIndex | None, keepdim: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def argmin(self: weft.Tensor, dim: typing.SupportsIndex | None, keepdims: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def argsort(self: weft.Tensor, dim: typing.SupportsIndex = -1, descending: builtins.bool = False, stable: builtins.bool = False) -> weft.Tensor:
        """
        Where the elements in order along dim are.

        >>> import weft
        >>> weft.argsort(weft.tensor([3, 1, 2]))
        tensor([1, 2, 0])
        """
    def argwhere(self: weft.Tensor) -> weft.Tensor:
        """
        Coordinates (count, dims) of the elements that are not zero.
        """
    def as_strided(self: weft.Tensor, size: typing.Sequence[builtins.int], stride: typing.Sequence[builtins.int], storage_offset: typing.SupportsIndex | None = None) -> weft.Tensor:
        """
        Any view of the storage; counted in elements.
        """
    def asin(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def asin_(self) -> typing.Any:
        ...
    def asinh(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def asinh_(self) -> typing.Any:
        ...
    def atan(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def atan2(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def atan2_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def atan_(self) -> typing.Any:
        ...
    def atanh(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def atanh_(self) -> typing.Any:
        ...
    def backward(self, gradient: typing.Any = None, retain_graph: builtins.bool | None = None, create_graph: builtins.bool = False, inputs: typing.Any = None) -> None:
        """
        Adds the gradients of this tensor to the .grad of the leaves it was made from.

        gradient: gradient of the tensor itself, of its shape; may be left out for one element.
        Raises RuntimeError when nothing requires grad or the graph was already used; then no .grad has changed.

        >>> import weft
        >>> x = weft.tensor(3., requires_grad=True)
        >>> (x * x).backward()
        >>> x.grad
        tensor(6.)
        """
    @typing.overload
    def baddbmm(self: weft.Tensor, batch1: weft.Tensor, batch2: weft.Tensor, *, beta: complex = 1, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
        """
        beta * input + alpha * (batch1 @ batch2), for batches of matrices.
        """
    @typing.overload
    def baddbmm(self: weft.Tensor, beta: complex, alpha: complex, batch1: weft.Tensor, batch2: weft.Tensor) -> weft.Tensor:
        ...
    @typing.overload
    def baddbmm(self: weft.Tensor, beta: complex, batch1: weft.Tensor, batch2: weft.Tensor) -> weft.Tensor:
        ...
    @typing.overload
    def baddbmm_(self, batch1: weft.Tensor, batch2: weft.Tensor, *, beta: complex = 1, alpha: complex = 1) -> typing.Any:
        ...
    @typing.overload
    def baddbmm_(self, beta: complex, alpha: complex, batch1: weft.Tensor, batch2: weft.Tensor) -> typing.Any:
        ...
    @typing.overload
    def baddbmm_(self, beta: complex, batch1: weft.Tensor, batch2: weft.Tensor) -> typing.Any:
        ...
    def bernoulli(self: weft.Tensor, p: typing.SupportsFloat | typing.SupportsIndex | None = None, *, generator: Generator | None = None, out: weft.Tensor = None) -> weft.Tensor:
        """
        1 with probability input[i] (or p), else 0.
        """
    def bernoulli_(self, p: weft.Tensor | complex = 0.5, *, generator: Generator | None = None) -> typing.Any:
        ...
    def bfloat16(self: weft.Tensor, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        The tensor converted to this dtype.
        """
    def bincount(self: weft.Tensor, weights: weft.Tensor = None, minlength: typing.SupportsIndex = 0) -> weft.Tensor:
        """
        How often each number from 0 occurs, or the sum of its weights.

        >>> import weft
        >>> weft.bincount(weft.tensor([1, 1, 3]))
        tensor([0, 2, 0, 1])
        """
    def bitwise_and(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def bitwise_and_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def bitwise_left_shift(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def bitwise_left_shift_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def bitwise_not(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def bitwise_not_(self) -> typing.Any:
        ...
    def bitwise_or(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def bitwise_or_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def bitwise_right_shift(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def bitwise_right_shift_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def bitwise_xor(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def bitwise_xor_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def bmm(self: weft.Tensor, mat2: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Products of two batches of matrices, shapes (b, n, k) and (b, k, m).
        """
    def bool(self: weft.Tensor, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        The tensor converted to this dtype.
        """
    def broadcast_to(self: weft.Tensor, *args, size: typing.Sequence[builtins.int] | None = None) -> weft.Tensor:
        """
        expand() to a shape.
        """
    def byte(self: weft.Tensor, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        The tensor converted to this dtype.
        """
    def cauchy_(self, median: typing.SupportsFloat | typing.SupportsIndex = 0.0, sigma: typing.SupportsFloat | typing.SupportsIndex = 1.0, *, generator: Generator | None = None) -> typing.Any:
        ...
    def cdouble(self: weft.Tensor, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        The tensor converted to this dtype.
        """
    def ceil(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def ceil_(self) -> typing.Any:
        ...
    def cfloat(self: weft.Tensor, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        The tensor converted to this dtype.
        """
    def char(self: weft.Tensor, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        The tensor converted to this dtype.
        """
    def chunk(self: weft.Tensor, chunks: typing.SupportsIndex, dim: typing.SupportsIndex = 0) -> tuple:
        """
        Views of that many parts of one size; the last may be smaller.
        """
    def clamp(self: weft.Tensor, min: weft.Tensor | complex | None = None, max: weft.Tensor | complex | None = None, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        input limited to [min, max]; either may be left out, and may be a tensor.
        """
    def clamp_(self, min: weft.Tensor | complex | None = None, max: weft.Tensor | complex | None = None) -> typing.Any:
        ...
    def clamp_max(self: weft.Tensor, max: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def clamp_max_(self, max: weft.Tensor | complex) -> typing.Any:
        ...
    def clamp_min(self: weft.Tensor, min: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def clamp_min_(self, min: weft.Tensor | complex) -> typing.Any:
        ...
    def clip(self: weft.Tensor, min: weft.Tensor | complex | None = None, max: weft.Tensor | complex | None = None, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        input limited to [min, max]; either may be left out, and may be a tensor.
        """
    def clip_(self, min: weft.Tensor | complex | None = None, max: weft.Tensor | complex | None = None) -> typing.Any:
        ...
    def clone(self: weft.Tensor, *, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        A copy with memory of its own; gradients flow back to the original. A dense tensor keeps the order of its elements unless memory_format names another one.
        """
    def conj(self: weft.Tensor) -> weft.Tensor:
        """
        The complex conjugate: a new tensor; a real tensor itself.

        >>> import weft
        >>> weft.tensor([1 + 2j]).conj()
        tensor([1.-2.j])
        """
    def conj_physical(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        The complex conjugate, as conj() gives it.
        """
    def conj_physical_(self) -> typing.Any:
        ...
    def contiguous(self: weft.Tensor, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        The tensor itself if it is contiguous, else a contiguous copy; or in the order that memory_format names.

        Raises RuntimeError for weft.channels_last of a tensor that has not 4 dimensions, or weft.channels_last_3d of one that has not 5.

        >>> import weft
        >>> weft.ones(2, 3, 4, 5).contiguous(memory_format=weft.channels_last).stride()
        (60, 1, 15, 3)
        """
    def copy_(self, src: weft.Tensor, non_blocking: builtins.bool = False) -> typing.Any:
        """
        Copies src, which may live on another device, over this tensor, with broadcasting and conversion.
        """
    def copysign(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def copysign_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def cos(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def cos_(self) -> typing.Any:
        ...
    def cosh(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def cosh_(self) -> typing.Any:
        ...
    def count_nonzero(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None) -> weft.Tensor:
        """
        Number of elements that are not zero.

        >>> import weft
        >>> weft.count_nonzero(weft.tensor([0, 2, 3]))
        tensor(2)
        """
    def cpu(self: weft.Tensor, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        The tensor in host memory.
        """
    def cuda(self: weft.Tensor, device: weft.device | None = None, non_blocking: builtins.bool = False, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        The tensor on an NVIDIA GPU; from pinned memory with non_blocking=True the copy goes on by itself. Raises RuntimeError that says what is missing when there is none.
        """
    def cummax(self: weft.Tensor, dim: typing.SupportsIndex, *, out: typing.Any = None) -> typing.Any:
        """
        Running maximum along dim and the position of the last of equal ones.
        """
    def cummin(self: weft.Tensor, dim: typing.SupportsIndex, *, out: typing.Any = None) -> typing.Any:
        """
        Running minimum along dim and the position of the last of equal ones.
        """
    @typing.overload
    def cumprod(self: weft.Tensor, dim: typing.SupportsIndex, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        """
        Running product along dim.

        >>> import weft
        >>> weft.tensor([2, 3]).cumprod(0)
        tensor([2, 6])
        """
    @typing.overload
    def cumprod(self: weft.Tensor, axis: typing.SupportsIndex, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def cumprod_(self, dim: typing.SupportsIndex, *, dtype: weft.dtype | None = None) -> typing.Any:
        """
        The same, in place.
        """
    @typing.overload
    def cumsum(self: weft.Tensor, dim: typing.SupportsIndex, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        """
        Running sum along dim.

        >>> import weft
        >>> weft.arange(4).cumsum(0)
        tensor([0, 1, 3, 6])
        """
    @typing.overload
    def cumsum(self: weft.Tensor, axis: typing.SupportsIndex, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def cumsum_(self, dim: typing.SupportsIndex, *, dtype: weft.dtype | None = None) -> typing.Any:
        """
        The same, in place.
        """
    def data_ptr(self: weft.Tensor) -> builtins.int:
        """
        Address of the first element.
        """
    def deg2rad(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def deg2rad_(self) -> typing.Any:
        ...
    def detach(self: weft.Tensor) -> weft.Tensor:
        """
        The same storage, as a leaf outside of autograd.
        """
    def detach_(self) -> typing.Any:
        """
        Cuts this tensor from the graph in place.
        """
    def diag(self: weft.Tensor, diagonal: typing.SupportsIndex = 0, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        The diagonal of a matrix, or the matrix with a vector on its diagonal.
        """
    def diag_embed(self: weft.Tensor, offset: typing.SupportsIndex = 0, dim1: typing.SupportsIndex = -2, dim2: typing.SupportsIndex = -1) -> weft.Tensor:
        """
        Zeros, with the last dimension along a diagonal of two new ones.
        """
    def diagflat(self: weft.Tensor, offset: typing.SupportsIndex = 0) -> weft.Tensor:
        """
        The matrix with the flattened tensor on its diagonal.
        """
    def diagonal(self: weft.Tensor, offset: typing.SupportsIndex = 0, dim1: typing.SupportsIndex = 0, dim2: typing.SupportsIndex = 1) -> weft.Tensor:
        """
        The diagonal of two dimensions, as the last one.

        >>> import weft
        >>> weft.tensor([[1, 2], [3, 4]]).diagonal()
        tensor([1, 4])
        """
    def diagonal_scatter(self: weft.Tensor, src: weft.Tensor, offset: typing.SupportsIndex = 0, dim1: typing.SupportsIndex = 0, dim2: typing.SupportsIndex = 1) -> weft.Tensor:
        """
        A copy with diagonal() replaced by src.
        """
    def dim(self: weft.Tensor) -> builtins.int:
        """
        Number of dimensions.
        """
    def div(self: weft.Tensor, other: weft.Tensor | complex, *, rounding_mode: str | None = None, out: weft.Tensor = None) -> weft.Tensor:
        """
        input / other; rounding_mode 'floor' or 'trunc' rounds the quotient.
        """
    def div_(self, other: weft.Tensor | complex, *, rounding_mode: str | None = None) -> typing.Any:
        ...
    def divide(self: weft.Tensor, other: weft.Tensor | complex, *, rounding_mode: str | None = None, out: weft.Tensor = None) -> weft.Tensor:
        """
        input / other; rounding_mode 'floor' or 'trunc' rounds the quotient.
        """
    def divide_(self, other: weft.Tensor | complex, *, rounding_mode: str | None = None) -> typing.Any:
        ...
    def dot(self: weft.Tensor, tensor: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Sum of the products of two vectors.

        >>> import weft
        >>> weft.dot(weft.ones(3), weft.ones(3)).item()
        3.0
        """
    def double(self: weft.Tensor, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        The tensor converted to this dtype.
        """
    def element_size(self: weft.Tensor) -> builtins.int:
        """
        Bytes of one element.
        """
    def eq(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def eq_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def equal(self: weft.Tensor, other: weft.Tensor) -> typing.Any:
        """
        Have both the same shape and elements?

        >>> import weft
        >>> weft.equal(weft.ones(2), weft.ones(3))
        False
        """
    def erf(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def erf_(self) -> typing.Any:
        ...
    def erfc(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def erfc_(self) -> typing.Any:
        ...
    def erfinv(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def erfinv_(self) -> typing.Any:
        ...
    def exp(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def exp2(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def exp2_(self) -> typing.Any:
        ...
    def exp_(self) -> typing.Any:
        ...
    def expand(self: weft.Tensor, *args, size: typing.Sequence[builtins.int] | None = None, implicit: builtins.bool = False) -> weft.Tensor:
        """
        Repeats dimensions of size 1 without copying; -1 keeps a size.

        >>> import weft
        >>> weft.ones(3, 1).expand(-1, 4).shape
        weft.Size([3, 4])
        """
    def expand_as(self: weft.Tensor, other: weft.Tensor) -> weft.Tensor:
        """
        expand() to the shape of another tensor.
        """
    def expm1(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def expm1_(self) -> typing.Any:
        ...
    def exponential_(self, lambd: typing.SupportsFloat | typing.SupportsIndex = 1.0, *, generator: Generator | None = None) -> typing.Any:
        ...
    def fill_(self, value: weft.Tensor | complex) -> typing.Any:
        """
        Sets every element.
        """
    def flatten(self: weft.Tensor, start_dim: typing.SupportsIndex = 0, end_dim: typing.SupportsIndex = -1) -> weft.Tensor:
        """
        Makes one dimension of several.

        >>> import weft
        >>> weft.zeros(2, 3, 4).flatten(1).shape
        weft.Size([2, 12])
        """
    def flip(self: weft.Tensor, *args, dims: typing.Sequence[builtins.int] | None = None) -> weft.Tensor:
        """
        The elements in reverse order along dims.

        >>> import weft
        >>> weft.arange(3).flip(0)
        tensor([2, 1, 0])
        """
    def fliplr(self: weft.Tensor) -> weft.Tensor:
        """
        Columns in reverse order.
        """
    def flipud(self: weft.Tensor) -> weft.Tensor:
        """
        Rows in reverse order.
        """
    def float(self: weft.Tensor, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        The tensor converted to this dtype.
        """
    def floor(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def floor_(self) -> typing.Any:
        ...
    def floor_divide(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def floor_divide_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def fmax(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def fmax_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def fmin(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def fmin_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def fmod(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def fmod_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def frac(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def frac_(self) -> typing.Any:
        ...
    def gather(self: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, *, sparse_grad: builtins.bool = False, out: weft.Tensor = None) -> weft.Tensor:
        """
        out[i][j] = input[i][index[i][j]] for dim 1, and so on. Raises IndexError for numbers outside of the dimension.

        >>> import weft
        >>> weft.gather(weft.tensor([[1, 2], [3, 4]]), 1, weft.tensor([[1], [0]]))
        tensor([[2],
                [3]])
        """
    def ge(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def ge_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def geometric_(self, p: typing.SupportsFloat | typing.SupportsIndex = 0.5, *, generator: Generator | None = None) -> typing.Any:
        ...
    def ger(self: weft.Tensor, vec2: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Every product of an element of input (n,) and one of vec2 (m,): shape (n, m).
        """
    def get_device(self: weft.Tensor) -> builtins.int:
        """
        Index of the GPU; -1 on the CPU.
        """
    def gt(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def gt_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def half(self: weft.Tensor, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        The tensor converted to this dtype.
        """
    def hardsigmoid(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def hardsigmoid_(self) -> typing.Any:
        ...
    def hardswish(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def hardswish_(self) -> typing.Any:
        ...
    def hsplit(self: weft.Tensor, indices_or_sections: typing.Any) -> tuple:
        """
        Parts of one size along columns, or cuts before the given places; RuntimeError where the size does not divide.
        """
    def hypot(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def hypot_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def index_add(self: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, source: weft.Tensor, *, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
        """
        A copy in which slice i of source, times alpha, is added to slice index[i] along dim. Bit-equal for any number of threads.
        """
    def index_add_(self, dim: typing.SupportsIndex, index: weft.Tensor, source: weft.Tensor, *, alpha: complex = 1) -> typing.Any:
        """
        index_add() in place.
        """
    def index_copy(self: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, source: weft.Tensor) -> weft.Tensor:
        """
        A copy in which slice index[i] along dim is slice i of source.
        """
    def index_copy_(self, dim: typing.SupportsIndex, index: weft.Tensor, source: weft.Tensor) -> typing.Any:
        """
        index_copy() in place.
        """
    def index_fill(self: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, value: weft.Tensor | complex) -> weft.Tensor:
        """
        A copy in which the slices index names along dim are one number.
        """
    def index_fill_(self, dim: typing.SupportsIndex, index: weft.Tensor, value: weft.Tensor | complex) -> typing.Any:
        """
        index_fill() in place.
        """
    def index_put(self: weft.Tensor, indices: typing.Any, values: weft.Tensor, accumulate: builtins.bool = False) -> weft.Tensor:
        """
        A copy with x[indices] = values, or += with accumulate.
        """
    def index_put_(self, indices: typing.Any, values: weft.Tensor, accumulate: builtins.bool = False) -> typing.Any:
        """
        x[indices] = values, or += with accumulate.
        """
    def index_select(self: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        The slices along dim that the vector index names.

        >>> import weft
        >>> weft.index_select(weft.tensor([[1, 2], [3, 4]]), 0, weft.tensor([1]))
        tensor([[3, 4]])
        """
    def inner(self: weft.Tensor, other: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Sum of products over the last dim of both: shape input.shape[:-1] + other.shape[:-1].
        """
    def int(self: weft.Tensor, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        The tensor converted to this dtype.
        """
    def is_complex(self: weft.Tensor) -> builtins.bool:
        """
        Is the dtype a complex one?
        """
    def is_contiguous(self: weft.Tensor, memory_format: weft.memory_format | None = None) -> builtins.bool:
        """
        Do the elements lie in row-major order, or in that which memory_format names, without gaps?

        >>> import weft
        >>> x = weft.ones(2, 3, 4, 5).to(memory_format=weft.channels_last)
        >>> x.is_contiguous(), x.is_contiguous(memory_format=weft.channels_last)
        (False, True)
        """
    def is_floating_point(self: weft.Tensor) -> builtins.bool:
        """
        Is the dtype a floating point one?
        """
    def is_inference(self: weft.Tensor) -> builtins.bool:
        """
        Was the tensor made in inference mode?
        """
    def is_nonzero(self: weft.Tensor) -> builtins.bool:
        """
        The truth value of a tensor of one element.
        """
    def is_pinned(self, device = None):
        """
        Does this tensor lie in pinned host memory?

            >>> import weft
            >>> weft.ones(2).is_pinned()
            False

        """
    def is_same_size(self: weft.Tensor, other: weft.Tensor) -> builtins.bool:
        ...
    def is_set_to(self: weft.Tensor, tensor: weft.Tensor) -> builtins.bool:
        """
        Are both exactly the same view of the same storage?
        """
    def isclose(self: weft.Tensor, other: weft.Tensor, rtol: typing.SupportsFloat | typing.SupportsIndex = 1e-05, atol: typing.SupportsFloat | typing.SupportsIndex = 1e-08, equal_nan: builtins.bool = False) -> weft.Tensor:
        """
        Where |input - other| <= atol + rtol |other|.
        """
    def isfinite(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def isfinite_(self) -> typing.Any:
        ...
    def isinf(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def isinf_(self) -> typing.Any:
        ...
    def isnan(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def isnan_(self) -> typing.Any:
        ...
    def isreal(self: weft.Tensor) -> weft.Tensor:
        """
        Where the imaginary part is 0: everywhere, of a real tensor.
        """
    def item(self: weft.Tensor) -> typing.Any:
        """
        The value of a tensor of one element as a Python number.

        >>> import weft
        >>> weft.tensor(2.5).item()
        2.5
        """
    def kron(self: weft.Tensor, other: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Kronecker product: every product of an element of input and one of other, in blocks.
        """
    def kthvalue(self: weft.Tensor, k: typing.SupportsIndex, dim: typing.SupportsIndex = -1, keepdim: builtins.bool = False, *, out: typing.Any = None) -> typing.Any:
        """
        The k-th smallest element (from 1 on) along dim and where it is.
        """
    def le(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def le_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def lerp(self: weft.Tensor, end: weft.Tensor, weight: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        input + weight * (end - input).
        """
    def lerp_(self, end: weft.Tensor, weight: weft.Tensor | complex) -> typing.Any:
        ...
    def log(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def log10(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def log10_(self) -> typing.Any:
        ...
    def log1p(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def log1p_(self) -> typing.Any:
        ...
    def log2(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def log2_(self) -> typing.Any:
        ...
    def log_(self) -> typing.Any:
        ...
    def log_normal_(self, mean: typing.SupportsFloat | typing.SupportsIndex = 1.0, std: typing.SupportsFloat | typing.SupportsIndex = 2.0, *, generator: Generator | None = None) -> typing.Any:
        ...
    def log_softmax(self: weft.Tensor, dim: typing.SupportsIndex, dtype: weft.dtype | None = None, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        The logarithm of softmax, computed without loss where softmax would round to 0.

        >>> import weft
        >>> weft.log_softmax(weft.tensor([0., 1000.]), 0)
        tensor([-1000.,     0.])
        """
    def logaddexp(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def logaddexp_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def logcumsumexp(self: weft.Tensor, dim: typing.SupportsIndex, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        log of the running sum of exp(input) along dim, without overflow.
        """
    def logical_and(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def logical_and_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def logical_not(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def logical_not_(self) -> typing.Any:
        ...
    def logical_or(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def logical_or_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def logical_xor(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def logical_xor_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def logit(self: weft.Tensor, eps: typing.SupportsFloat | typing.SupportsIndex | None = None, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        log(x / (1 - x)), of x limited to [eps, 1 - eps].
        """
    def logit_(self, eps: typing.SupportsFloat | typing.SupportsIndex | None = None) -> typing.Any:
        ...
    def logsigmoid(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def logsigmoid_(self) -> typing.Any:
        ...
    def logsumexp(self: weft.Tensor, dim: typing.Sequence[builtins.int], keepdim: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        log(sum(exp(input))) over the given dimensions, without overflow.

        >>> import weft
        >>> weft.logsumexp(weft.tensor([1000., 1000.]), 0)
        tensor(1000.6932)
        """
    def long(self: weft.Tensor, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        The tensor converted to this dtype.
        """
    def lt(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def lt_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def masked_fill(self: weft.Tensor, mask: weft.Tensor, value: weft.Tensor | complex) -> weft.Tensor:
        """
        A copy with one number where mask is True; mask broadcasts.

        >>> import weft
        >>> weft.tensor([1., 2.]).masked_fill(weft.tensor([True, False]), 0)
        tensor([0., 2.])
        """
    def masked_fill_(self, mask: weft.Tensor, value: weft.Tensor | complex) -> typing.Any:
        """
        masked_fill() in place.
        """
    def masked_scatter(self: weft.Tensor, mask: weft.Tensor, source: weft.Tensor) -> weft.Tensor:
        """
        A copy in which the elements where mask is True are the first ones of source, in order.
        """
    def masked_scatter_(self, mask: weft.Tensor, source: weft.Tensor) -> typing.Any:
        """
        masked_scatter() in place.
        """
    def masked_select(self: weft.Tensor, mask: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        A vector of the elements where mask is True; both broadcast.
        """
    def matmul(self: weft.Tensor, other: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Matrix product of the last two dims; the dims before them broadcast. A 1-dim input is a row vector, a 1-dim
        other a column vector, and the result lacks that dim.

        >>> import weft
        >>> weft.matmul(weft.ones(2, 3), weft.ones(3, 4)).shape
        weft.Size([2, 4])
        """
    @typing.overload
    def max(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        The largest element; along dim also its (first) position, as .values and .indices; or with another tensor
        the elementwise maximum.

        >>> import weft
        >>> weft.tensor([[1, 4], [3, 2]]).max(1).indices
        tensor([1, 0])
        """
    @typing.overload
    def max(self: weft.Tensor, other: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def max(self: weft.Tensor, dim: typing.SupportsIndex, keepdim: builtins.bool = False, *, out: typing.Any = None) -> typing.Any:
        ...
    @typing.overload
    def max(self: weft.Tensor, axis: typing.SupportsIndex, keepdims: builtins.bool = False, *, out: typing.Any = None) -> typing.Any:
        ...
    @typing.overload
    def max(self: weft.Tensor, axis: typing.SupportsIndex, keepdim: builtins.bool, *, out: typing.Any = None) -> typing.Any:
        ...
    @typing.overload
    def max(self: weft.Tensor, dim: typing.SupportsIndex, keepdims: builtins.bool, *, out: typing.Any = None) -> typing.Any:
        ...
    def maximum(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def maximum_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    @typing.overload
    def mean(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        """
        Mean over the given dimensions (default all). Raises RuntimeError for integers unless dtype is given.

        >>> import weft
        >>> weft.tensor([1., 3.]).mean()
        tensor(2.)
        """
    @typing.overload
    def mean(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def mean(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def mean(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def median(self: weft.Tensor) -> weft.Tensor:
        """
        The lower of the middle elements, NaN if there is one; along dim also where it is.

        >>> import weft
        >>> weft.median(weft.tensor([3., 1., 2.]))
        tensor(2.)
        """
    @typing.overload
    def median(self: weft.Tensor, dim: typing.SupportsIndex, keepdim: builtins.bool = False, *, out: typing.Any = None) -> typing.Any:
        ...
    @typing.overload
    def min(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        The smallest element; along dim also its (first) position, as .values and .indices; or with another tensor
        the elementwise minimum.

        >>> import weft
        >>> weft.tensor([3, 1, 2]).min()
        tensor(1)
        """
    @typing.overload
    def min(self: weft.Tensor, other: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def min(self: weft.Tensor, dim: typing.SupportsIndex, keepdim: builtins.bool = False, *, out: typing.Any = None) -> typing.Any:
        ...
    @typing.overload
    def min(self: weft.Tensor, axis: typing.SupportsIndex, keepdims: builtins.bool = False, *, out: typing.Any = None) -> typing.Any:
        ...
    @typing.overload
    def min(self: weft.Tensor, axis: typing.SupportsIndex, keepdim: builtins.bool, *, out: typing.Any = None) -> typing.Any:
        ...
    @typing.overload
    def min(self: weft.Tensor, dim: typing.SupportsIndex, keepdims: builtins.bool, *, out: typing.Any = None) -> typing.Any:
        ...
    def minimum(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def minimum_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def mish(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def mish_(self) -> typing.Any:
        ...
    def mm(self: weft.Tensor, mat2: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Product of two matrices, shapes (n, k) and (k, m).
        """
    def moveaxis(self: weft.Tensor, source: typing.Sequence[builtins.int], destination: typing.Sequence[builtins.int]) -> weft.Tensor:
        """
        Moves dimensions to other places; the rest keep their order.

        >>> import weft
        >>> weft.zeros(2, 3, 4).movedim(0, -1).shape
        weft.Size([3, 4, 2])
        """
    def movedim(self: weft.Tensor, source: typing.Sequence[builtins.int], destination: typing.Sequence[builtins.int]) -> weft.Tensor:
        """
        Moves dimensions to other places; the rest keep their order.

        >>> import weft
        >>> weft.zeros(2, 3, 4).movedim(0, -1).shape
        weft.Size([3, 4, 2])
        """
    def msort(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        The elements in order along the first dimension.
        """
    def mul(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def mul_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def multinomial(self: weft.Tensor, num_samples: typing.SupportsIndex, replacement: builtins.bool = False, *, generator: Generator | None = None, out: weft.Tensor = None) -> weft.Tensor:
        """
        num_samples category numbers per row, drawn with probabilities proportional to input (1 or 2 dimensions).

        Raises RuntimeError for negative, infinite or all-zero weights.
        """
    def mv(self: weft.Tensor, vec: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Product of a matrix (n, k) and a vector (k,).
        """
    def nan_to_num(self: weft.Tensor, nan: typing.SupportsFloat | typing.SupportsIndex | None = None, posinf: typing.SupportsFloat | typing.SupportsIndex | None = None, neginf: typing.SupportsFloat | typing.SupportsIndex | None = None, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Replaces NaN and infinities by numbers (default 0 and the largest finite ones).
        """
    def nan_to_num_(self, nan: typing.SupportsFloat | typing.SupportsIndex | None = None, posinf: typing.SupportsFloat | typing.SupportsIndex | None = None, neginf: typing.SupportsFloat | typing.SupportsIndex | None = None) -> typing.Any:
        """
        nan_to_num() in place.
        """
    @typing.overload
    def nanmean(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        """
        Mean of what is not NaN.

        >>> import weft
        >>> weft.nanmean(weft.tensor([1., weft.nan]))
        tensor(1.)
        """
    @typing.overload
    def nanmean(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def nanmean(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def nanmean(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def nansum(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        """
        Sum that counts NaN as 0.

        >>> import weft
        >>> weft.nansum(weft.tensor([1., weft.nan]))
        tensor(1.)
        """
    @typing.overload
    def nansum(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def nansum(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def nansum(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def narrow(self: weft.Tensor, dim: typing.SupportsIndex, start: typing.SupportsIndex, length: typing.SupportsIndex) -> weft.Tensor:
        """
        A range of elements along dim.
        """
    def ndimension(self: weft.Tensor) -> builtins.int:
        """
        Number of dimensions.
        """
    def ne(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def ne_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def neg(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def neg_(self) -> typing.Any:
        ...
    def nelement(self: weft.Tensor) -> typing.Any:
        """
        Number of elements.
        """
    def new(self, *args, **kwargs):
        """
        A new tensor of this one's dtype and device, with sizes or data as ``x.new_empty`` or ``x.new_tensor`` take them.

            Raises TypeError for other keywords than device.

            >>> import weft
            >>> weft.ones(2, dtype=weft.int64).new([1, 2, 3])
            tensor([1, 2, 3])
            >>> weft.ones(2).new(2, 3).shape
            weft.Size([2, 3])

        """
    def new_empty(self: weft.Tensor, *args, size: typing.Sequence[builtins.int] | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None) -> weft.Tensor:
        """
        A new tensor of the given size with this tensor's dtype and device.
        """
    def new_full(self: weft.Tensor, size: typing.Sequence[builtins.int], fill_value: complex, *, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None) -> weft.Tensor:
        """
        full() with this tensor's dtype and device.
        """
    def new_ones(self: weft.Tensor, *args, size: typing.Sequence[builtins.int] | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None) -> weft.Tensor:
        """
        A new tensor of the given size with this tensor's dtype and device.
        """
    def new_tensor(self: weft.Tensor, data: typing.Any, *, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool = False) -> typing.Any:
        """
        tensor(data) with this tensor's dtype and device.
        """
    def new_zeros(self: weft.Tensor, *args, size: typing.Sequence[builtins.int] | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None) -> weft.Tensor:
        """
        A new tensor of the given size with this tensor's dtype and device.
        """
    def nonzero(self: weft.Tensor, *, as_tuple: builtins.bool = False, out: weft.Tensor = None) -> typing.Any:
        """
        Coordinates (count, dims) of the elements that are not zero; one vector per dimension with as_tuple.

        >>> import weft
        >>> weft.nonzero(weft.tensor([0, 3, 5]))
        tensor([[1],
                [2]])
        """
    def norm(self: weft.Tensor, p: typing.Any = None, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, dtype: weft.dtype | None = None) -> weft.Tensor:
        ...
    def normal_(self, mean: typing.SupportsFloat | typing.SupportsIndex = 0.0, std: typing.SupportsFloat | typing.SupportsIndex = 1.0, *, generator: Generator | None = None) -> typing.Any:
        ...
    def numel(self: weft.Tensor) -> typing.Any:
        """
        Number of elements.
        """
    def numpy(self: weft.Tensor, *, force: builtins.bool = False) -> numpy.ndarray:
        """
        A NumPy array on the same memory; of a bool tensor whose bytes are not all 0 and 1 (a view of other bytes) a copy to read.

        force: detach first. Raises RuntimeError when the tensor requires grad, TypeError for bfloat16 and float8.

        >>> import weft
        >>> weft.arange(3).numpy()
        array([0, 1, 2])
        """
    def outer(self: weft.Tensor, vec2: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Every product of an element of input (n,) and one of vec2 (m,): shape (n, m).
        """
    def permute(self: weft.Tensor, *args, dims: typing.Sequence[builtins.int] | None = None) -> weft.Tensor:
        """
        The dimensions in another order.

        >>> import weft
        >>> weft.zeros(2, 3, 4).permute(2, 0, 1).shape
        weft.Size([4, 2, 3])
        """
    def pin_memory(self, device = None):
        """
        This tensor in pinned host memory, from which copies to a GPU need not be waited for; itself if it is there.

            Raises RuntimeError when there is no GPU, or for tensors that are not in host memory.

        """
    def positive(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def positive_(self) -> typing.Any:
        ...
    def pow(self: weft.Tensor, exponent: weft.Tensor | complex) -> weft.Tensor:
        ...
    def pow_(self, exponent: weft.Tensor | complex) -> typing.Any:
        ...
    @typing.overload
    def prod(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        """
        Product over the given dimensions (default all).

        >>> import weft
        >>> weft.tensor([2, 3]).prod()
        tensor(6)
        """
    @typing.overload
    def prod(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def prod(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def prod(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def rad2deg(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def rad2deg_(self) -> typing.Any:
        ...
    @typing.overload
    def random_(self, to: typing.SupportsIndex | None = None, *, generator: Generator | None = None) -> typing.Any:
        """
        Independent integers, from <= n < to, in place; without to as far as the dtype holds integers exactly.
        """
    @typing.overload
    def random_(self, from_: typing.SupportsIndex, to: typing.SupportsIndex | None = None, *, generator: Generator | None = None) -> typing.Any:
        ...
    def ravel(self: weft.Tensor) -> weft.Tensor:
        """
        The elements as a vector.
        """
    def reciprocal(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def reciprocal_(self) -> typing.Any:
        ...
    def record_stream(self, stream):
        """
        Its memory is used by work on ``stream`` too: once freed, it is not given out again before that work is done.
        """
    def register_hook(self, hook):
        """
        Call ``hook(grad)`` whenever a gradient of this tensor is computed; what it returns, if not None, replaces it.

            It runs once in a backward, with the whole gradient, as soon as that is complete: for a leaf too, while the rest of
            the graph still waits. Nothing is recorded in it unless the backward has ``create_graph=True``.

            Raises RuntimeError when the tensor does not require grad.

            >>> import weft
            >>> x = weft.tensor(1., requires_grad=True)
            >>> handle = x.register_hook(lambda grad: grad * 2)
            >>> (x * 3).backward()
            >>> x.grad
            tensor(6.)

        """
    def register_post_accumulate_grad_hook(self, hook):
        """
        Call ``hook(tensor)`` each time backward() has added to this leaf's ``grad``.

            That happens as soon as this leaf's gradient is complete, in the middle of the backward: the hook may use the
            gradient and drop it (``tensor.grad = None``), so that its memory is free for what follows. If the backward fails
            later on, ``grad`` of the leaves whose hooks have run stays changed; that of all others is as it was.

            Raises RuntimeError for tensors that are no leaves or do not require grad.

            >>> import weft
            >>> x = weft.tensor(1., requires_grad=True)
            >>> handle = x.register_post_accumulate_grad_hook(lambda tensor: print(tensor.grad))
            >>> (x * 3).backward()
            tensor(3.)

        """
    def relu(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def relu_(self) -> typing.Any:
        ...
    def remainder(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def remainder_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def repeat(self: weft.Tensor, *args, repeats: typing.Sequence[builtins.int] | None = None) -> weft.Tensor:
        """
        The whole tensor so many times along each dimension.

        >>> import weft
        >>> weft.arange(2).repeat(2)
        tensor([0, 1, 0, 1])
        """
    def repeat_interleave(self: weft.Tensor, repeats: typing.Any, dim: typing.SupportsIndex | None = None, *, output_size: typing.SupportsIndex | None = None) -> weft.Tensor:
        """
        Every element so many times along dim (default: of the flattened tensor).

        >>> import weft
        >>> weft.arange(2).repeat_interleave(2)
        tensor([0, 0, 1, 1])
        """
    def requires_grad_(self, requires_grad: builtins.bool = True) -> typing.Any:
        """
        Sets requires_grad in place and returns the tensor.
        """
    def reshape(self: weft.Tensor, *args, shape: typing.Sequence[builtins.int] | None = None) -> weft.Tensor:
        """
        The elements in another shape; one size may be -1. A view where the strides allow it, else a copy.

        Raises RuntimeError when the number of elements differs.

        >>> import weft
        >>> weft.arange(4).reshape(2, 2)
        tensor([[0, 1],
                [2, 3]])
        """
    def reshape_as(self: weft.Tensor, other: weft.Tensor) -> weft.Tensor:
        """
        reshape() with the shape of another tensor.
        """
    def retain_grad(self: weft.Tensor) -> None:
        """
        Makes backward keep the gradient of this non-leaf in .grad.
        """
    def roll(self: weft.Tensor, shifts: typing.Sequence[builtins.int], dims: typing.Sequence[builtins.int] | None = None) -> weft.Tensor:
        """
        Elements moved along dims; what leaves at one end enters at the other.

        >>> import weft
        >>> weft.arange(4).roll(1)
        tensor([3, 0, 1, 2])
        """
    def rot90(self: weft.Tensor, k: typing.SupportsIndex = 1, dims: typing.Sequence[builtins.int] = (0, 1)) -> weft.Tensor:
        """
        Turned by 90 degrees k times, from the first towards the second dim.
        """
    @typing.overload
    def round(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def round(self: weft.Tensor, *, decimals: typing.SupportsIndex, out: weft.Tensor = None) -> weft.Tensor:
        """
        Rounded to that many decimal places, ties to even.
        """
    @typing.overload
    def round_(self) -> typing.Any:
        ...
    @typing.overload
    def round_(self, *, decimals: typing.SupportsIndex) -> typing.Any:
        ...
    def rsqrt(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def rsqrt_(self) -> typing.Any:
        ...
    def rsub(self: weft.Tensor, other: weft.Tensor | complex, *, alpha: complex = 1) -> weft.Tensor:
        """
        other - alpha * input.
        """
    @typing.overload
    def scatter(self: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, src: weft.Tensor | complex, *, reduce: str | None = None) -> weft.Tensor:
        """
        A copy with out[i][index[i][j]] = src[i][j] for dim 1, and so on; of several that go to one place the last stays.

        >>> import weft
        >>> weft.zeros(3).scatter(0, weft.tensor([2]), weft.tensor([5.]))
        tensor([0., 0., 5.])
        """
    @typing.overload
    def scatter(self: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, value: weft.Tensor | complex, *, reduce: str | None = None) -> weft.Tensor:
        """
        A copy with out[i][index[i][j]] = src[i][j] for dim 1, and so on; of several that go to one place the last stays.

        >>> import weft
        >>> weft.zeros(3).scatter(0, weft.tensor([2]), weft.tensor([5.]))
        tensor([0., 0., 5.])
        """
    @typing.overload
    def scatter_(self, dim: typing.SupportsIndex, index: weft.Tensor, src: weft.Tensor | complex, *, reduce: str | None = None) -> typing.Any:
        """
        scatter() in place.
        """
    @typing.overload
    def scatter_(self, dim: typing.SupportsIndex, index: weft.Tensor, value: weft.Tensor | complex, *, reduce: str | None = None) -> typing.Any:
        """
        scatter() in place.
        """
    def scatter_add(self: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, src: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        A copy with out[i][index[i][j]] += src[i][j] for dim 1, and so on. Bit-equal for any number of threads.
        """
    def scatter_add_(self, dim: typing.SupportsIndex, index: weft.Tensor, src: weft.Tensor) -> typing.Any:
        """
        scatter_add() in place.
        """
    def scatter_reduce(self: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, src: weft.Tensor, reduce: str, *, include_self: builtins.bool = True) -> weft.Tensor:
        """
        Combines src into the places index names by 'sum', 'prod', 'mean', 'amax' or 'amin', with input's own values if include_self.
        """
    def scatter_reduce_(self, dim: typing.SupportsIndex, index: weft.Tensor, src: weft.Tensor, reduce: str, *, include_self: builtins.bool = True) -> typing.Any:
        """
        scatter_reduce() in place.
        """
    def select(self: weft.Tensor, dim: typing.SupportsIndex, index: typing.SupportsIndex) -> weft.Tensor:
        """
        One element along dim; the dimension goes away.
        """
    def select_scatter(self: weft.Tensor, src: weft.Tensor, dim: typing.SupportsIndex, index: typing.SupportsIndex) -> weft.Tensor:
        """
        A copy with select(dim, index) replaced by src.
        """
    def selu(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def selu_(self) -> typing.Any:
        ...
    def sgn(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        input / |input|, 0 for 0: of real tensors the sign.

        >>> import weft
        >>> weft.sgn(weft.tensor([3 + 4j, 0j]))
        tensor([0.6000+0.8000j, 0.0000+0.0000j])
        """
    def sgn_(self) -> typing.Any:
        ...
    def short(self: weft.Tensor, memory_format: weft.memory_format | None = None) -> weft.Tensor:
        """
        The tensor converted to this dtype.
        """
    def sigmoid(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def sigmoid_(self) -> typing.Any:
        ...
    def sign(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def sign_(self) -> typing.Any:
        ...
    def signbit(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def signbit_(self) -> typing.Any:
        ...
    def silu(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def silu_(self) -> typing.Any:
        ...
    def sin(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def sin_(self) -> typing.Any:
        ...
    def sinh(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def sinh_(self) -> typing.Any:
        ...
    def size(self: weft.Tensor, dim: typing.SupportsIndex | None = None) -> typing.Any:
        """
        Sizes of all dimensions, or of one.
        """
    def slice_scatter(self: weft.Tensor, src: weft.Tensor, dim: typing.SupportsIndex = 0, start: typing.SupportsIndex | None = None, end: typing.SupportsIndex | None = None, step: typing.SupportsIndex = 1) -> weft.Tensor:
        """
        A copy with a slice replaced by src.
        """
    def softmax(self: weft.Tensor, dim: typing.SupportsIndex, dtype: weft.dtype | None = None, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        exp(input) / sum(exp(input)) along dim, without overflow.

        Raises RuntimeError for integers unless dtype is given, IndexError for a dim that is not there.

        >>> import weft
        >>> weft.softmax(weft.zeros(4), 0)
        tensor([0.2500, 0.2500, 0.2500, 0.2500])
        """
    def softsign(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def softsign_(self) -> typing.Any:
        ...
    def sort(self: weft.Tensor, dim: typing.SupportsIndex = -1, descending: builtins.bool = False, stable: builtins.bool | None = None, *, out: typing.Any = None) -> typing.Any:
        """
        The elements in order along dim and where they were, as .values and .indices. Always stable; NaN is the largest.

        >>> import weft
        >>> weft.sort(weft.tensor([3, 1, 2])).indices
        tensor([1, 2, 0])
        """
    def split(self: weft.Tensor, split_size: typing.Any, dim: typing.SupportsIndex = 0) -> tuple:
        """
        Views of parts of the given size (the last may be smaller) or sizes.

        >>> import weft
        >>> weft.arange(3).split(2)
        (tensor([0, 1]), tensor([2]))
        """
    def split_with_sizes(self: weft.Tensor, split_sizes: typing.Sequence[builtins.int], dim: typing.SupportsIndex = 0) -> tuple:
        """
        Views of parts of the given sizes.
        """
    def sqrt(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def sqrt_(self) -> typing.Any:
        ...
    def square(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def square_(self) -> typing.Any:
        ...
    def squeeze(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None) -> weft.Tensor:
        """
        Without the dimensions (default all) that have size 1.

        >>> import weft
        >>> weft.zeros(1, 3, 1).squeeze().shape
        weft.Size([3])
        """
    def squeeze_(self, dim: typing.Sequence[builtins.int] | None = None) -> typing.Any:
        """
        The same in place: the tensor itself gets the shape. RuntimeError for leaves that require grad.
        """
    @typing.overload
    def std(self: weft.Tensor, unbiased: builtins.bool) -> weft.Tensor:
        ...
    @typing.overload
    def std(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
        """
        Standard deviation, the root of var.

        >>> import weft
        >>> weft.tensor([1., 3.]).std(unbiased=False)
        tensor(1.)
        """
    @typing.overload
    def std(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, keepdims: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
        ...
    @typing.overload
    def std(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdim: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
        ...
    @typing.overload
    def std(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdims: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
        ...
    @typing.overload
    def std(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def std_mean(self: weft.Tensor, unbiased: builtins.bool) -> tuple[weft.Tensor, weft.Tensor]:
        ...
    @typing.overload
    def std_mean(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
        """
        Standard deviation and mean.

        >>> import weft
        >>> weft.std_mean(weft.tensor([1., 1.]))
        (tensor(0.), tensor(1.))
        """
    @typing.overload
    def std_mean(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, keepdims: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
        ...
    @typing.overload
    def std_mean(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdim: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
        ...
    @typing.overload
    def std_mean(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdims: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
        ...
    def storage_offset(self: weft.Tensor) -> builtins.int:
        """
        Elements of the storage before the first one.
        """
    def stride(self: weft.Tensor, dim: typing.SupportsIndex | None = None) -> typing.Any:
        """
        Elements between neighbours along all dimensions, or along one.
        """
    @typing.overload
    def sub(self: weft.Tensor, other: weft.Tensor | complex, *, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
        """
        input + alpha * other (or minus), with broadcasting and type promotion.
        """
    @typing.overload
    def sub(self: weft.Tensor, alpha: complex, other: weft.Tensor) -> weft.Tensor:
        ...
    @typing.overload
    def sub_(self, other: weft.Tensor | complex, *, alpha: complex = 1) -> typing.Any:
        ...
    @typing.overload
    def sub_(self, alpha: complex, other: weft.Tensor) -> typing.Any:
        ...
    @typing.overload
    def subtract(self: weft.Tensor, other: weft.Tensor | complex, *, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
        """
        input + alpha * other (or minus), with broadcasting and type promotion.
        """
    @typing.overload
    def subtract(self: weft.Tensor, alpha: complex, other: weft.Tensor) -> weft.Tensor:
        ...
    @typing.overload
    def subtract_(self, other: weft.Tensor | complex, *, alpha: complex = 1) -> typing.Any:
        ...
    @typing.overload
    def subtract_(self, alpha: complex, other: weft.Tensor) -> typing.Any:
        ...
    @typing.overload
    def sum(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        """
        Sum over the given dimensions (default all); integers and bools are added up in int64.

        >>> import weft
        >>> weft.ones(2, 3).sum(0)
        tensor([2., 2., 2.])
        """
    @typing.overload
    def sum(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def sum(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def sum(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def sum_to_size(self: weft.Tensor, *args, size: typing.Sequence[builtins.int] | None = None) -> weft.Tensor:
        """
        The sum over the dimensions that broadcasting from size to the tensor's shape would repeat. RuntimeError where size does not broadcast to it.

        >>> import weft
        >>> weft.ones(2, 3).sum_to_size(3)
        tensor([2., 2., 2.])
        """
    def swapaxes(self: weft.Tensor, axis0: typing.SupportsIndex, axis1: typing.SupportsIndex) -> weft.Tensor:
        """
        Exchanges two dimensions.
        """
    def swapaxes_(self, axis0: typing.SupportsIndex, axis1: typing.SupportsIndex) -> typing.Any:
        """
        The same in place: the tensor itself gets the shape. RuntimeError for leaves that require grad.
        """
    def swapdims(self: weft.Tensor, dim0: typing.SupportsIndex, dim1: typing.SupportsIndex) -> weft.Tensor:
        """
        Exchanges two dimensions.
        """
    def swapdims_(self, dim0: typing.SupportsIndex, dim1: typing.SupportsIndex) -> typing.Any:
        """
        The same in place: the tensor itself gets the shape. RuntimeError for leaves that require grad.
        """
    def t(self: weft.Tensor) -> weft.Tensor:
        """
        The transpose of a matrix; a vector as it is.
        """
    def t_(self) -> typing.Any:
        """
        The same in place: the tensor itself gets the shape. RuntimeError for leaves that require grad.
        """
    def take(self: weft.Tensor, index: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Elements of the flattened input, in the shape of index.

        >>> import weft
        >>> weft.take(weft.tensor([[1, 2], [3, 4]]), weft.tensor([3, 0]))
        tensor([4, 1])
        """
    def take_along_dim(self: weft.Tensor, indices: weft.Tensor, dim: typing.SupportsIndex | None = None, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        gather() with broadcasting; without dim, elements of the flattened input.
        """
    def tan(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def tan_(self) -> typing.Any:
        ...
    def tanh(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def tanh_(self) -> typing.Any:
        ...
    def tanhshrink(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def tanhshrink_(self) -> typing.Any:
        ...
    def tensor_split(self: weft.Tensor, indices_or_sections: typing.Any, dim: typing.SupportsIndex = 0) -> tuple:
        """
        That many parts whose sizes differ by at most 1, or cuts before the given places.
        """
    def tile(self: weft.Tensor, *args, dims: typing.Sequence[builtins.int] | None = None) -> weft.Tensor:
        """
        repeat() that needs no counts for the leading dimensions.
        """
    def to(self: weft.Tensor, *args, **kwargs) -> weft.Tensor:
        """
        The tensor with another dtype or on another device; itself when nothing changes.

        to(dtype), to(device), to(device, dtype), to(other); keywords dtype, device, non_blocking, copy.

        >>> import weft
        >>> weft.tensor([1.7]).to(weft.int64)
        tensor([1])
        """
    def to_numpy(self):
        """
        A NumPy array of the values, of a tensor that requires grad or is on a GPU too: what plotting libraries ask for.

            >>> import weft
            >>> weft.ones(2, requires_grad=True).to_numpy()
            array([1., 1.], dtype=float32)

        """
    def tolist(self: weft.Tensor) -> typing.Any:
        """
        The values as nested Python lists.

        >>> import weft
        >>> weft.arange(3).tolist()
        [0, 1, 2]
        """
    def topk(self: weft.Tensor, k: typing.SupportsIndex, dim: typing.SupportsIndex = -1, largest: builtins.bool = True, sorted: builtins.bool = True, *, out: typing.Any = None) -> typing.Any:
        """
        The k largest (or smallest) elements along dim and where they are, as .values and .indices.

        Raises RuntimeError when there are fewer.

        >>> import weft
        >>> weft.topk(weft.tensor([3, 1, 2]), 2).values
        tensor([3, 2])
        """
    def trace(self: weft.Tensor) -> weft.Tensor:
        """
        The sum of the diagonal of a matrix.
        """
    def transpose(self: weft.Tensor, dim0: typing.SupportsIndex, dim1: typing.SupportsIndex) -> weft.Tensor:
        """
        Exchanges two dimensions.
        """
    def transpose_(self, dim0: typing.SupportsIndex, dim1: typing.SupportsIndex) -> typing.Any:
        """
        The same in place: the tensor itself gets the shape. RuntimeError for leaves that require grad.
        """
    def tril(self: weft.Tensor, diagonal: typing.SupportsIndex = 0, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        The lower triangle of the last two dimensions, zeros above it.
        """
    def tril_(self: weft.Tensor, diagonal: typing.SupportsIndex = 0) -> weft.Tensor:
        """
        The same, in place.
        """
    def triu(self: weft.Tensor, diagonal: typing.SupportsIndex = 0, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        The upper triangle of the last two dimensions, zeros below it.
        """
    def triu_(self: weft.Tensor, diagonal: typing.SupportsIndex = 0) -> weft.Tensor:
        """
        The same, in place.
        """
    def trunc(self: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def trunc_(self) -> typing.Any:
        ...
    def type(self, dtype = None, non_blocking = False):
        """
        The name of this tensor's type, or the tensor converted to a dtype, or to the dtype and device of a type.

            Raises ValueError for names of types that do not exist, TypeError for other things.

            >>> import weft
            >>> weft.ones(2).type()
            'weft.FloatTensor'
            >>> weft.ones(2).type(weft.LongTensor), weft.ones(2).type("weft.BoolTensor"), weft.ones(2).type(weft.float64).dtype
            (tensor([1, 1]), tensor([True, True]), weft.float64)

        """
    def type_as(self: weft.Tensor, other: weft.Tensor) -> weft.Tensor:
        """
        The tensor with the dtype and device of another.
        """
    def unbind(self: weft.Tensor, dim: typing.SupportsIndex = 0) -> tuple:
        """
        The elements along dim as a tuple of views.
        """
    def unflatten(self: weft.Tensor, dim: typing.SupportsIndex, sizes: typing.Sequence[builtins.int]) -> weft.Tensor:
        """
        Splits one dimension into several.

        >>> import weft
        >>> weft.zeros(2, 12).unflatten(1, (3, -1)).shape
        weft.Size([2, 3, 4])
        """
    def unfold(self: weft.Tensor, dimension: typing.SupportsIndex, size: typing.SupportsIndex, step: typing.SupportsIndex) -> weft.Tensor:
        """
        Windows along a dimension, as a new last one.

        >>> import weft
        >>> weft.arange(4).unfold(0, 2, 1)
        tensor([[0, 1],
                [1, 2],
                [2, 3]])
        """
    def uniform_(self, from_: typing.SupportsFloat | typing.SupportsIndex = 0.0, to: typing.SupportsFloat | typing.SupportsIndex = 1.0, *, generator: Generator | None = None) -> typing.Any:
        ...
    def unique(self: weft.Tensor, sorted: builtins.bool = True, return_inverse: builtins.bool = False, return_counts: builtins.bool = False, dim: typing.SupportsIndex | None = None) -> typing.Any:
        """
        The distinct elements in order; optionally which of them each element is, and how often each occurs.

        With dim the distinct slices along it, in the order of their first elements, then of their second, ...

        >>> import weft
        >>> weft.unique(weft.tensor([3, 1, 3]), return_counts=True)
        (tensor([1, 3]), tensor([1, 2]))
        """
    def unique_consecutive(self: weft.Tensor, return_inverse: builtins.bool = False, return_counts: builtins.bool = False, dim: typing.SupportsIndex | None = None) -> typing.Any:
        """
        The first of each run of equal elements (or with dim of equal slices); optionally which run each is in, and the lengths.
        """
    def unsqueeze(self: weft.Tensor, dim: typing.SupportsIndex) -> weft.Tensor:
        """
        With a new dimension of size 1 at dim.

        >>> import weft
        >>> weft.zeros(3).unsqueeze(0).shape
        weft.Size([1, 3])
        """
    def unsqueeze_(self, dim: typing.SupportsIndex) -> typing.Any:
        """
        The same in place: the tensor itself gets the shape. RuntimeError for leaves that require grad.
        """
    @typing.overload
    def var(self: weft.Tensor, unbiased: builtins.bool) -> weft.Tensor:
        ...
    @typing.overload
    def var(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
        """
        Variance: sum of squared deviations from the mean, divided by n - correction (default 1).

        >>> import weft
        >>> weft.tensor([1., 3.]).var()
        tensor(2.)
        """
    @typing.overload
    def var(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, keepdims: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
        ...
    @typing.overload
    def var(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdim: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
        ...
    @typing.overload
    def var(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdims: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
        ...
    @typing.overload
    def var(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None, out: weft.Tensor = None) -> weft.Tensor:
        ...
    @typing.overload
    def var_mean(self: weft.Tensor, unbiased: builtins.bool) -> tuple[weft.Tensor, weft.Tensor]:
        ...
    @typing.overload
    def var_mean(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
        """
        Variance and mean.

        >>> import weft
        >>> weft.var_mean(weft.tensor([1., 3.]))
        (tensor(2.), tensor(2.))
        """
    @typing.overload
    def var_mean(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, keepdims: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
        ...
    @typing.overload
    def var_mean(self: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdim: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
        ...
    @typing.overload
    def var_mean(self: weft.Tensor, dim: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdims: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
        ...
    def vdot(self: weft.Tensor, other: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
        """
        Sum of the products of the conjugates of one vector and the elements of another one.
        """
    def view(self: weft.Tensor, *args, size: typing.Sequence[builtins.int] | None = None) -> weft.Tensor:
        """
        The same memory in another shape, or (given a dtype) as another dtype.

        Raises RuntimeError when the strides do not allow a view.

        >>> import weft
        >>> weft.arange(4).view(-1, 2).shape
        weft.Size([2, 2])
        """
    def view_as(self: weft.Tensor, other: weft.Tensor) -> weft.Tensor:
        """
        view() with the shape of another tensor.
        """
    def vsplit(self: weft.Tensor, indices_or_sections: typing.Any) -> tuple:
        """
        Parts of one size along rows, or cuts before the given places; RuntimeError where the size does not divide.
        """
    def where(self: weft.Tensor, condition: weft.Tensor, other: weft.Tensor | complex) -> weft.Tensor:
        ...
    def xlogy(self: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
        ...
    def xlogy_(self, other: weft.Tensor | complex) -> typing.Any:
        ...
    def zero_(self) -> typing.Any:
        """
        Sets every element to 0.
        """
    @property
    def H(self):
        """
        The conjugate transpose of the last two dimensions: of a real tensor, the transpose.

            >>> import weft
            >>> weft.tensor([[1, 2]]).H
            tensor([[1],
                    [2]])
        """
    @property
    def imag(self):
        """
        imag(input: weft.Tensor) -> weft.Tensor

        The imaginary part of a tensor: of a complex one a view, of a real one new zeros.

        >>> import weft
        >>> weft.tensor([1 + 2j]).imag
        tensor([2.])
        """
    @imag.setter
    def imag(self, value):
        ...
    @property
    def is_mkldnn(self):
        """
        Always False.
        """
    @property
    def is_mps(self):
        """
        Always False.
        """
    @property
    def is_mtia(self):
        """
        Always False.
        """
    @property
    def is_nested(self):
        """
        Always False.
        """
    @property
    def is_sparse_csr(self):
        """
        Always False.
        """
    @property
    def is_vulkan(self):
        """
        Always False.
        """
    @property
    def is_xla(self):
        """
        Always False.
        """
    @property
    def is_xpu(self):
        """
        Always False.
        """
    @property
    def layout(self):
        """
        Always weft.strided.
        """
    @property
    def mH(self):
        """
        The conjugate transpose of the last two dimensions: of a real tensor, the transpose.

            >>> import weft
            >>> weft.tensor([[1, 2]]).H
            tensor([[1],
                    [2]])

        """
    @property
    def real(self):
        """
        real(input: weft.Tensor) -> weft.Tensor

        The real part of a tensor: of a complex one a view, of a real one itself.

        >>> import weft
        >>> weft.real(weft.tensor([1.0])), weft.tensor([1 + 2j]).real
        (tensor([1.]), tensor([1.]))
        """
    @real.setter
    def real(self, value):
        ...
class _HookPlace:
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def remove(self) -> None:
        ...
class Node:
    """
    A recorded step of the autograd graph.
    """
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def __eq__(self, arg0: typing.Any) -> builtins.bool:
        ...
    def __hash__(self) -> builtins.int:
        ...
    def __repr__(self) -> str:
        ...
    def name(self) -> str:
        """
        Name of the step, for example 'MulBackward0'.
        """
    @property
    def next_functions(self) -> tuple:
        """
        The steps the gradient goes to, each with the index of its output.
        """
    @property
    def variable(self) -> weft.Tensor:
        ...
class _SavedList:
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def __init__(self) -> None:
        ...
    def unpack(self) -> tuple:
        ...
class _FunctionInputs:
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def __init__(self, arg0: collections.abc.Sequence[weft.Tensor | None]) -> None:
        ...
class _TracedProgram:
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
class _Program:
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def __init__(self, traced: _TracedProgram, arguments: collections.abc.Sequence[str], state: collections.abc.Sequence[tuple[str, str, collections.abc.Sequence[str], weft.Tensor, builtins.bool]], share: builtins.bool = False) -> None:
        ...
    def changed(self) -> tuple:
        ...
    def dot(self, backward: builtins.bool = False) -> str:
        ...
    def run(self, arguments: collections.abc.Sequence[weft.Tensor]) -> list[weft.Tensor]:
        ...
    def same_ops(self, arg0: _Program) -> builtins.bool:
        """
        For tests: equal ops in the same order?
        """
    def set_sizes(self, arg0: str) -> None:
        ...
    def tensors(self) -> list[tuple[str, weft.Tensor]]:
        ...
    def text(self, backward: builtins.bool = False) -> str:
        ...
    def to_json(self) -> str:
        ...
    @property
    def argument_types(self) -> list:
        ...
    @property
    def arguments(self) -> list[str]:
        ...
    @property
    def num_returned(self) -> builtins.int:
        ...
    @property
    def places(self) -> list:
        ...
    @property
    def signature(self) -> str:
        ...
    @property
    def state(self) -> list:
        ...
class _Guards:
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def __init__(self) -> None:
        ...
    def __len__(self) -> builtins.int:
        ...
    def add_answer(self, arg0: typing.Any, arg1: typing.Any, arg2: str) -> None:
        ...
    def add_array(self, arg0: typing.Any, arg1: str) -> None:
        ...
    def add_attribute(self, arg0: typing.Any, arg1: str, arg2: str) -> None:
        ...
    def add_cell(self, arg0: typing.Any, arg1: str, arg2: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def add_class(self, arg0: typing.Any, arg1: str) -> None:
        ...
    def add_count(self, arg0: typing.Any, arg1: dict, arg2: typing.SupportsIndex, arg3: str) -> None:
        ...
    def add_dict(self, arg0: typing.Any, arg1: dict, arg2: str, arg3: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def add_function(self, arg0: typing.Any, arg1: str) -> None:
        ...
    def add_item(self, arg0: typing.Any, arg1: dict, arg2: typing.Any, arg3: str, arg4: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def add_slot(self, arg0: typing.Any, arg1: typing.Any, arg2: str) -> None:
        ...
    def add_type(self, arg0: typing.Any, arg1: str, arg2: str) -> None:
        ...
    def changed(self) -> str:
        ...
    def differing(self) -> list[tuple[builtins.int, typing.Any]]:
        ...
    def drop(self, arg0: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]) -> None:
        ...
    def label(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> str:
        ...
    def prune(self, other: _Guards = None) -> None:
        ...
    def renew(self, arg0: typing.SupportsInt | typing.SupportsIndex, arg1: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def set_backward(self, arg0: typing.Any) -> None:
        ...
class _Listener:
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def add(self, arg0: weft.Tensor) -> None:
        ...
    def has(self, arg0: weft.Tensor) -> builtins.bool:
        ...
class _ListenScope(_Listener):
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def __enter__(self) -> typing.Any:
        ...
    def __exit__(self, *args) -> None:
        ...
    def __init__(self) -> None:
        ...
class _RewindScope:
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def __enter__(self) -> typing.Any:
        ...
    def __exit__(self, *args) -> None:
        ...
    def __init__(self) -> None:
        ...
    def drew_more_than(self, arg0: _RewindScope) -> builtins.bool:
        ...
    def rewind(self) -> None:
        ...
    def states(self) -> list[tuple[builtins.int, builtins.int]]:
        ...
class _Snapshot:
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def __init__(self, arg0: collections.abc.Sequence[weft.Tensor]) -> None:
        ...
    def restore(self) -> None:
        ...
class _Compiled:
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def _captured(self) -> list[weft.Tensor]:
        ...
    def _first_difference(self, arg0: collections.abc.Sequence[weft.Tensor], arg1: collections.abc.Sequence[weft.Tensor], arg2: _Listener, arg3: builtins.bool) -> str:
        ...
    def dot(self, arg0: builtins.bool) -> typing.Any:
        ...
    def memory_text(self, arg0: builtins.bool) -> typing.Any:
        ...
    def num_steps(self, arg0: builtins.bool) -> builtins.int:
        ...
    def peak_bytes(self, arg0: builtins.bool) -> builtins.int:
        ...
    def recording_text(self, arg0: builtins.bool) -> str:
        ...
    def text(self, arg0: builtins.bool) -> typing.Any:
        ...
    @property
    def eager(self) -> builtins.bool:
        ...
    @property
    def group(self) -> bytes:
        ...
    @property
    def guards(self) -> typing.Any:
        ...
    @property
    def passes(self) -> list[tuple[str, str]]:
        ...
    @property
    def reason(self) -> str:
        ...
    @property
    def signature(self) -> list[str]:
        ...
    @property
    def sizes(self) -> list[builtins.int]:
        ...
class _Jit:
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def __call__(self, *args, **kwargs) -> typing.Any:
        ...
    def __init__(self, function: typing.Any, traced_call: typing.Any, dynamic: collections.abc.Sequence[tuple[str, collections.abc.Sequence[typing.SupportsIndex]]], without: collections.abc.Sequence[str], record: builtins.bool, check: typing.Any = None, fall_back: typing.Any = None) -> None:
        ...
    def _argument_tensors(self, *args, **kwargs) -> list[weft.Tensor]:
        ...
    def _keep_eager(self, arg0: str, *args, **kwargs) -> None:
        ...
    def _look_up(self, *args, **kwargs) -> _Compiled:
        ...
    def _profile(self, *args, **kwargs) -> list:
        ...
    def _run(self, arg0: _Compiled, arg1: tuple, arg2: dict) -> typing.Any:
        ...
    def _trace_apart(self, *args, **kwargs) -> _Compiled:
        ...
    def _trace_for_export(self, *args, **kwargs) -> _TracedProgram:
        ...
    def _without_pass(self, arg0: _Compiled, arg1: str) -> _Compiled:
        ...
    def clear(self) -> None:
        ...
    def compile(self, *args, **kwargs) -> _Compiled:
        ...
    @property
    def compiled(self) -> list[_Compiled]:
        ...
    @property
    def traces(self) -> builtins.int:
        ...
class _OutsideTrace:
    """
    A scope whose work is not traced, and whose tensors outlive a trace.
    """
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def __enter__(self) -> None:
        ...
    def __exit__(self, *args) -> None:
        ...
    def __init__(self) -> None:
        ...
class _ForwardLevel:
    """
    A level of forward-mode differentiation.
    """
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def __enter__(self) -> _ForwardLevel:
        ...
    def __exit__(self, *args) -> None:
        ...
    def __init__(self) -> None:
        ...
    def make_dual(self, arg0: weft.Tensor, arg1: weft.Tensor) -> weft.Tensor:
        ...
    def unpack(self, arg0: weft.Tensor) -> tuple[weft.Tensor, weft.Tensor]:
        ...
class _LevelOfCall:
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def output(self, arg0: weft.Tensor, arg1: weft.Tensor) -> weft.Tensor:
        ...
    def outside(self, arg0: typing.Any) -> typing.Any:
        ...
    def unpack(self, arg0: weft.Tensor) -> tuple[weft.Tensor, weft.Tensor]:
        ...
class _DrawScope:
    """
    A scope that leaves a generator as it was when it raises.
    """
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def __enter__(self) -> None:
        ...
    def __exit__(self, arg0: typing.Any, arg1: typing.Any, arg2: typing.Any) -> None:
        ...
    def __init__(self, generator: ... | None = None) -> None:
        ...
class Generator:
    """
    A stream of random numbers with its own seed.

    >>> import weft
    >>> g = weft.Generator().manual_seed(1)
    >>> h = weft.Generator().manual_seed(1)
    >>> weft.equal(weft.rand(3, generator=g), weft.rand(3, generator=h))
    True
    """
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    def __init__(self, device: weft.device | None = ...) -> None:
        ...
    def __reduce__(self) -> tuple:
        ...
    def get_state(self) -> weft.Tensor:
        """
        The state as 16 bytes (uint8).
        """
    def initial_seed(self) -> builtins.int:
        """
        The seed the stream was started from.
        """
    def manual_seed(self, seed: typing.Any) -> typing.Any:
        """
        Starts the stream anew from a seed, an integer; returns the generator.
        """
    def seed(self) -> builtins.int:
        """
        Starts the stream anew from a seed of the operating system, which is returned.
        """
    def set_state(self, new_state: weft.Tensor) -> typing.Any:
        """
        Goes back to a state of get_state().
        """
    @property
    def device(self) -> weft.device:
        ...
class _PreparedStep:
    """
    An optimiser's step that was checked and can be taken.
    """
    @staticmethod
    def __new__(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
def _adam_step(params: list[weft.Tensor], grads: list[weft.Tensor], exp_avgs: list[weft.Tensor], exp_avg_sqs: list[weft.Tensor], max_exp_avg_sqs: list[weft.Tensor], step: typing.SupportsFloat | typing.SupportsIndex, lr: typing.SupportsFloat | typing.SupportsIndex, beta1: typing.SupportsFloat | typing.SupportsIndex, beta2: typing.SupportsFloat | typing.SupportsIndex, eps: typing.SupportsFloat | typing.SupportsIndex, weight_decay: typing.SupportsFloat | typing.SupportsIndex, decoupled: builtins.bool, amsgrad: builtins.bool, maximize: builtins.bool) -> None:
    """
    One step of Adam or AdamW on all parameters. Changes params and the three lists of state.
    """
def _around_calls(arg0: typing.Any, arg1: typing.Any) -> None:
    ...
def _backward(tensors: typing.Any, grad_tensors: typing.Any = None, retain_graph: builtins.bool | None = None, create_graph: builtins.bool = False, inputs: typing.Any = None) -> None:
    ...
def _build_info() -> dict:
    ...
def _check_inplace(op: str, tensors: collections.abc.Sequence[weft.Tensor]) -> None:
    """
    Raises RuntimeError if one of the tensors cannot be changed in place.
    """
def _depends_on_others(arg0: collections.abc.Sequence[weft.Tensor], arg1: collections.abc.Sequence[weft.Tensor]) -> builtins.bool:
    ...
def _dtype(arg0: str) -> typing.Any:
    ...
def _function_call(arg0: typing.Any, arg1: collections.abc.Sequence[weft.Tensor], arg2: collections.abc.Sequence[weft.Tensor]) -> list[weft.Tensor]:
    ...
def _function_interpreter(arg0: collections.abc.Sequence[weft.Tensor | None]) -> typing.Any:
    ...
def _generator(arg0: typing.Any, arg1: typing.SupportsInt | typing.SupportsIndex, arg2: typing.SupportsInt | typing.SupportsIndex) -> typing.Any:
    ...
def _global_norm(tensors: collections.abc.Sequence[weft.Tensor]) -> weft.Tensor:
    """
    The 2-norm of all elements of all tensors.
    """
def _grad(outputs: typing.Any, inputs: typing.Any, grad_outputs: typing.Any = None, retain_graph: builtins.bool | None = None, create_graph: builtins.bool = False, allow_unused: builtins.bool | None = None, materialize_grads: builtins.bool = False) -> typing.Any:
    ...
def _gradients_of(params: typing.Any, known: list) -> typing.Any:
    """
    The gradients of the parameters that have one, if these are the known ones; else None.
    """
def _holds_its_object(arg0: typing.Any) -> builtins.bool:
    ...
def _in_forward_level() -> builtins.bool:
    ...
def _instance_dict(arg0: typing.Any) -> typing.Any:
    ...
def _is_grad_enabled() -> builtins.bool:
    ...
def _is_symbolic(arg0: weft.Tensor) -> builtins.bool:
    """
    Has it no values?
    """
def _is_traced_for_later() -> builtins.bool:
    """
    Is this thread tracing for weft.jit, and not only for a transform?
    """
def _is_tracing() -> builtins.bool:
    """
    Is this thread tracing a function for weft.jit?
    """
def _jit_passes() -> list[str]:
    ...
def _load_program(path: str) -> _Program:
    ...
def _prepare_adam_step(params: list[weft.Tensor], grads: list[weft.Tensor], exp_avgs: list[weft.Tensor], exp_avg_sqs: list[weft.Tensor], max_exp_avg_sqs: list[weft.Tensor], step: typing.SupportsFloat | typing.SupportsIndex, lr: typing.SupportsFloat | typing.SupportsIndex, beta1: typing.SupportsFloat | typing.SupportsIndex, beta2: typing.SupportsFloat | typing.SupportsIndex, eps: typing.SupportsFloat | typing.SupportsIndex, weight_decay: typing.SupportsFloat | typing.SupportsIndex, decoupled: builtins.bool, amsgrad: builtins.bool, maximize: builtins.bool) -> _PreparedStep:
    """
    One step of Adam or AdamW on all parameters, to be taken: will change params and the three lists of state.
    """
def _prepare_sgd_step(params: list[weft.Tensor], grads: list[weft.Tensor], momentum_buffers: list[weft.Tensor], lr: typing.SupportsFloat | typing.SupportsIndex, momentum: typing.SupportsFloat | typing.SupportsIndex, dampening: typing.SupportsFloat | typing.SupportsIndex, weight_decay: typing.SupportsFloat | typing.SupportsIndex, nesterov: builtins.bool, maximize: builtins.bool, first_step: builtins.bool) -> _PreparedStep:
    """
    One step of SGD on all parameters, to be taken: will change params and momentum_buffers.
    """
def _record_function(arg0: str, arg1: typing.Any, arg2: _SavedList, arg3: _FunctionInputs, arg4: collections.abc.Sequence[weft.Tensor], arg5: collections.abc.Sequence[weft.Tensor | None], arg6: collections.abc.Sequence[weft.Tensor], arg7: collections.abc.Sequence[weft.Tensor], arg8: builtins.bool) -> list[weft.Tensor]:
    ...
def _refuse(message: str) -> None:
    """
    Raises RuntimeError: an error that eager mode would not raise, so that a trace ends even if it is caught.
    """
def _refuse_change_in_body(arg0: str) -> None:
    ...
def _refuse_while_tracing(what: str) -> None:
    ...
def _run_steps(steps: collections.abc.Sequence[_PreparedStep]) -> None:
    """
    Takes steps that were prepared.
    """
def _same_bits(arg0: weft.Tensor, arg1: weft.Tensor) -> builtins.bool:
    """
    The same dtype, shape and bits, NaNs being equal?
    """
def _set_anomaly_callbacks(arg0: typing.Any, arg1: typing.Any, arg2: typing.Any) -> None:
    ...
def _set_anomaly_mode(arg0: builtins.bool, arg1: builtins.bool) -> tuple[builtins.bool, builtins.bool]:
    ...
def _set_grad_enabled(arg0: builtins.bool) -> builtins.bool:
    ...
def _set_inference_mode(arg0: builtins.bool) -> builtins.bool:
    ...
def _set_numbers(numbers: weft.Tensor, values: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> None:
    ...
def _sgd_step(params: list[weft.Tensor], grads: list[weft.Tensor], momentum_buffers: list[weft.Tensor], lr: typing.SupportsFloat | typing.SupportsIndex, momentum: typing.SupportsFloat | typing.SupportsIndex, dampening: typing.SupportsFloat | typing.SupportsIndex, weight_decay: typing.SupportsFloat | typing.SupportsIndex, nesterov: builtins.bool, maximize: builtins.bool, first_step: builtins.bool) -> None:
    """
    One step of SGD on all parameters. Changes params and momentum_buffers.
    """
def _state_is(state: typing.Any, params: list, entries: list, names: tuple, columns: list) -> builtins.bool:
    """
    Is an optimizer's state what a step has last seen?
    """
def _trace_adam_step(params: collections.abc.Sequence[weft.Tensor], grads: collections.abc.Sequence[weft.Tensor], exp_avgs: collections.abc.Sequence[weft.Tensor], exp_avg_sqs: collections.abc.Sequence[weft.Tensor], max_exp_avg_sqs: collections.abc.Sequence[weft.Tensor], numbers: weft.Tensor) -> None:
    """
    Records a step of Adam whose numbers are read when it runs.
    """
def _trace_number() -> builtins.int:
    """
    Tells traces apart; 0 outside of any.
    """
def _trace_sgd_step(params: collections.abc.Sequence[weft.Tensor], grads: collections.abc.Sequence[weft.Tensor], momentum_buffers: collections.abc.Sequence[weft.Tensor], numbers: weft.Tensor) -> None:
    """
    Records a step of SGD whose numbers are read when it runs.
    """
def _traced_cond(arg0: weft.Tensor, arg1: typing.Any, arg2: typing.Any, arg3: collections.abc.Sequence[weft.Tensor]) -> typing.Any:
    ...
def _traced_scan(arg0: typing.Any, arg1: collections.abc.Sequence[weft.Tensor], arg2: collections.abc.Sequence[weft.Tensor], arg3: typing.SupportsIndex, arg4: builtins.bool) -> list[weft.Tensor]:
    ...
def _traced_while(arg0: typing.Any, arg1: typing.Any, arg2: collections.abc.Sequence[weft.Tensor]) -> list[weft.Tensor]:
    ...
def _type_lookup(arg0: type, arg1: str, arg2: typing.Any) -> typing.Any:
    ...
def _unplanned_scratch() -> builtins.int:
    """
    Bytes of scratch memory that jitted steps took beyond their plans; 0, or there is a mistake in an op.
    """
def _variable_of(arg0: weft.Tensor) -> weft.Tensor:
    """
    A leaf with the same values and tangents, or a view if x has a history.
    """
def _vector_norm(x: weft.Tensor, ord: typing.SupportsFloat | typing.SupportsIndex = 2.0, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
def _vmap(arg0: typing.Any, arg1: collections.abc.Sequence[weft.Tensor], arg2: typing.SupportsIndex, arg3: str) -> list[tuple[weft.Tensor, builtins.bool]]:
    ...
def _watch_condition(arg0: typing.Any) -> None:
    """
    condition() gives the reason why what is being traced does not hold any more, or an empty text.
    """
def _without_history(arg0: weft.Tensor) -> weft.Tensor:
    """
    The same values and tangents, detached from what autograd knows.
    """
def abs(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def acos(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def acosh(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def add(input: weft.Tensor, other: weft.Tensor | complex, *, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
    """
    input + alpha * other (or minus), with broadcasting and type promotion.
    """
@typing.overload
def add(input: complex, other: weft.Tensor, *, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def add(input: weft.Tensor, alpha: complex, other: weft.Tensor) -> weft.Tensor:
    ...
@typing.overload
def addbmm(input: weft.Tensor, batch1: weft.Tensor, batch2: weft.Tensor, *, beta: complex = 1, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
    """
    beta * input + alpha * the sum over the batch of batch1 @ batch2.
    """
@typing.overload
def addbmm(beta: complex, input: weft.Tensor, alpha: complex, batch1: weft.Tensor, batch2: weft.Tensor) -> weft.Tensor:
    ...
@typing.overload
def addbmm(beta: complex, input: weft.Tensor, batch1: weft.Tensor, batch2: weft.Tensor) -> weft.Tensor:
    ...
@typing.overload
def addcdiv(input: weft.Tensor, tensor1: weft.Tensor, tensor2: weft.Tensor, *, value: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
    """
    input + value * tensor1 * tensor2 (or / tensor2).
    """
@typing.overload
def addcdiv(input: weft.Tensor, value: complex, tensor1: weft.Tensor, tensor2: weft.Tensor) -> weft.Tensor:
    ...
@typing.overload
def addcmul(input: weft.Tensor, tensor1: weft.Tensor, tensor2: weft.Tensor, *, value: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
    """
    input + value * tensor1 * tensor2 (or / tensor2).
    """
@typing.overload
def addcmul(input: weft.Tensor, value: complex, tensor1: weft.Tensor, tensor2: weft.Tensor) -> weft.Tensor:
    ...
@typing.overload
def addmm(input: weft.Tensor, mat1: weft.Tensor, mat2: weft.Tensor, *, beta: complex = 1, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
    """
    beta * input + alpha * (mat1 @ mat2); with beta=0 input is ignored, NaN and all.
    """
@typing.overload
def addmm(beta: complex, input: weft.Tensor, alpha: complex, mat1: weft.Tensor, mat2: weft.Tensor) -> weft.Tensor:
    ...
@typing.overload
def addmm(beta: complex, input: weft.Tensor, mat1: weft.Tensor, mat2: weft.Tensor) -> weft.Tensor:
    ...
@typing.overload
def addmv(input: weft.Tensor, mat: weft.Tensor, vec: weft.Tensor, *, beta: complex = 1, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
    """
    beta * input + alpha * (mat @ vec).
    """
@typing.overload
def addmv(beta: complex, input: weft.Tensor, alpha: complex, mat: weft.Tensor, vec: weft.Tensor) -> weft.Tensor:
    ...
@typing.overload
def addmv(beta: complex, input: weft.Tensor, mat: weft.Tensor, vec: weft.Tensor) -> weft.Tensor:
    ...
def adjoint(input: weft.Tensor) -> weft.Tensor:
    """
    The conjugate transpose of the last two dimensions.
    """
@typing.overload
def all(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Is no element zero?

    >>> import weft
    >>> weft.tensor([False, True]).all()
    tensor(False)
    """
@typing.overload
def all(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def all(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def all(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def allclose(input: weft.Tensor, other: weft.Tensor, rtol: typing.SupportsFloat | typing.SupportsIndex = 1e-05, atol: typing.SupportsFloat | typing.SupportsIndex = 1e-08, equal_nan: builtins.bool = False) -> typing.Any:
    """
    Is isclose() true everywhere?
    """
@typing.overload
def amax(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Largest value over the given dimensions (default all); equal ones share the gradient.

    >>> import weft
    >>> weft.tensor([[1, 4], [3, 2]]).amax(1)
    tensor([4, 3])
    """
@typing.overload
def amax(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def amax(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def amax(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def amin(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Smallest value over the given dimensions (default all); equal ones share the gradient.

    >>> import weft
    >>> weft.tensor([[1, 4], [3, 2]]).amin(1)
    tensor([1, 2])
    """
@typing.overload
def amin(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def amin(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def amin(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def aminmax(input: weft.Tensor, *, dim: typing.SupportsIndex | None = None, keepdim: builtins.bool = False, out: typing.Any = None) -> typing.Any:
    """
    The smallest and the largest element, as .min and .max.
    """
def angle(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    The angle of complex numbers in radians, in (-pi, pi]: of real numbers pi where they are negative, else 0.

    >>> import weft
    >>> weft.angle(weft.tensor([1j, -1 + 0j]))
    tensor([1.5708, 3.1416])
    """
@typing.overload
def any(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Is any element not zero?

    >>> import weft
    >>> weft.tensor([False, True]).any()
    tensor(True)
    """
@typing.overload
def any(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def any(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def any(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def arange(*args, start: complex | None = None, end: complex | None = None, step: complex | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    arange(end), arange(start, end), arange(start, end, step): the numbers start, start + step, ... before end.

    int64 for integers, else the default dtype. Raises RuntimeError when step is 0 or leads away from end.

    >>> import weft
    >>> weft.arange(1, 7, 2)
    tensor([1, 3, 5])
    """
@typing.overload
def argmax(input: weft.Tensor, dim: typing.SupportsIndex | None = None, keepdim: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Position of the first of the largest elements along dim, or in the flattened tensor.

    >>> import weft
    >>> weft.tensor([1, 3, 2]).argmax()
    tensor(1)
    """
@typing.overload
def argmax(input: weft.Tensor, axis: typing.SupportsIndex | None, keepdims: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def argmax(input: weft.Tensor, axis: typing.SupportsIndex | None, keepdim: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def argmax(input: weft.Tensor, dim: typing.SupportsIndex | None, keepdims: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def argmin(input: weft.Tensor, dim: typing.SupportsIndex | None = None, keepdim: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Position of the first of the smallest elements along dim, or in the flattened tensor.

    >>> import weft
    >>> weft.tensor([3, 1, 2]).argmin()
    tensor(1)
    """
@typing.overload
def argmin(input: weft.Tensor, axis: typing.SupportsIndex | None, keepdims: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def argmin(input: weft.Tensor, axis: typing.SupportsIndex | None, keepdim: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def argmin(input: weft.Tensor, dim: typing.SupportsIndex | None, keepdims: builtins.bool, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def argsort(input: weft.Tensor, dim: typing.SupportsIndex = -1, descending: builtins.bool = False, stable: builtins.bool = False) -> weft.Tensor:
    """
    Where the elements in order along dim are.

    >>> import weft
    >>> weft.argsort(weft.tensor([3, 1, 2]))
    tensor([1, 2, 0])
    """
def argwhere(input: weft.Tensor) -> weft.Tensor:
    """
    Coordinates (count, dims) of the elements that are not zero.
    """
def as_strided(input: weft.Tensor, size: typing.Sequence[builtins.int], stride: typing.Sequence[builtins.int], storage_offset: typing.SupportsIndex | None = None) -> weft.Tensor:
    """
    Any view of the storage; counted in elements.
    """
def as_tensor(data: typing.Any, dtype: weft.dtype | None = None, device: weft.device | None = None) -> weft.Tensor:
    """
    Like tensor(), but shares memory with arrays and returns tensors as they are, where dtype and device allow.

    >>> import weft
    >>> weft.as_tensor([1.5])
    tensor([1.5000])
    """
def asarray(obj: typing.Any, *, dtype: weft.dtype | None = None, device: weft.device | None = None, copy: builtins.bool | None = None, requires_grad: builtins.bool | None = None) -> weft.Tensor:
    """
    Like as_tensor(); copy=True always copies.
    """
def asin(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def asinh(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def atan(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def atan2(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def atanh(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def atleast_1d(*args) -> typing.Any:
    """
    The tensors with at least so many dimensions.
    """
def atleast_2d(*args) -> typing.Any:
    """
    The tensors with at least so many dimensions.
    """
def atleast_3d(*args) -> typing.Any:
    """
    The tensors with at least so many dimensions.
    """
@typing.overload
def baddbmm(input: weft.Tensor, batch1: weft.Tensor, batch2: weft.Tensor, *, beta: complex = 1, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
    """
    beta * input + alpha * (batch1 @ batch2), for batches of matrices.
    """
@typing.overload
def baddbmm(beta: complex, input: weft.Tensor, alpha: complex, batch1: weft.Tensor, batch2: weft.Tensor) -> weft.Tensor:
    ...
@typing.overload
def baddbmm(beta: complex, input: weft.Tensor, batch1: weft.Tensor, batch2: weft.Tensor) -> weft.Tensor:
    ...
def bernoulli(input: weft.Tensor, p: typing.SupportsFloat | typing.SupportsIndex | None = None, *, generator: Generator | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    1 with probability input[i] (or p), else 0.
    """
def bincount(input: weft.Tensor, weights: weft.Tensor = None, minlength: typing.SupportsIndex = 0) -> weft.Tensor:
    """
    How often each number from 0 occurs, or the sum of its weights.

    >>> import weft
    >>> weft.bincount(weft.tensor([1, 1, 3]))
    tensor([0, 2, 0, 1])
    """
def bitwise_and(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def bitwise_left_shift(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def bitwise_not(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def bitwise_or(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def bitwise_right_shift(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def bitwise_xor(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def block_diag(*args) -> weft.Tensor:
    """
    A matrix with the given ones along its diagonal and zeros elsewhere.
    """
def bmm(input: weft.Tensor, mat2: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Products of two batches of matrices, shapes (b, n, k) and (b, k, m).
    """
def broadcast_shapes(*args) -> typing.Any:
    """
    The shape that shapes broadcast to.

    >>> import weft
    >>> weft.broadcast_shapes((3, 1), (4,))
    weft.Size([3, 4])
    """
def broadcast_tensors(*args) -> tuple:
    """
    The tensors expanded to the shape they broadcast to.
    """
def broadcast_to(input: weft.Tensor, size: typing.Sequence[builtins.int]) -> weft.Tensor:
    """
    expand() to a shape.
    """
def bucketize(input: weft.Tensor | complex, boundaries: weft.Tensor, *, out_int32: builtins.bool = False, right: builtins.bool = False, out: weft.Tensor = None) -> weft.Tensor:
    """
    The number of the bucket between sorted boundaries that each number falls into.
    """
def can_cast(from_: weft.dtype, to: weft.dtype) -> builtins.bool:
    """
    May a result of the first dtype be stored in the second?
    """
@typing.overload
def cat(tensors: typing.Any, dim: typing.SupportsIndex = 0, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Joins tensors along a dimension they have.

    >>> import weft
    >>> weft.cat([weft.ones(1), weft.zeros(2)])
    tensor([1., 0., 0.])
    """
@typing.overload
def cat(tensors: typing.Any, *, axis: typing.SupportsIndex) -> weft.Tensor:
    ...
def ceil(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def chunk(input: weft.Tensor, chunks: typing.SupportsIndex, dim: typing.SupportsIndex = 0) -> tuple:
    """
    Views of that many parts of one size; the last may be smaller.
    """
def clamp(input: weft.Tensor, min: weft.Tensor | complex | None = None, max: weft.Tensor | complex | None = None, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    input limited to [min, max]; either may be left out, and may be a tensor.
    """
def clamp_max(input: weft.Tensor, max: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def clamp_min(input: weft.Tensor, min: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def clip(input: weft.Tensor, min: weft.Tensor | complex | None = None, max: weft.Tensor | complex | None = None, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    input limited to [min, max]; either may be left out, and may be a tensor.
    """
def clone(input: weft.Tensor, *, memory_format: weft.memory_format | None = None) -> weft.Tensor:
    """
    A copy with memory of its own; gradients flow back to the original. A dense tensor keeps the order of its elements unless memory_format names another one.
    """
def column_stack(tensors: typing.Any, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Joins along columns; vectors are columns.
    """
def complex(real: weft.Tensor, imag: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    A complex tensor of two parts of one dtype, float32 or float64, which are broadcast together.

    Raises RuntimeError for other dtypes.

    >>> import weft
    >>> weft.complex(weft.tensor([1.0]), weft.tensor([2.0]))
    tensor([1.+2.j])
    """
@typing.overload
def concat(tensors: typing.Any, dim: typing.SupportsIndex = 0, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Joins tensors along a dimension they have.

    >>> import weft
    >>> weft.cat([weft.ones(1), weft.zeros(2)])
    tensor([1., 0., 0.])
    """
@typing.overload
def concat(tensors: typing.Any, *, axis: typing.SupportsIndex) -> weft.Tensor:
    ...
@typing.overload
def concatenate(tensors: typing.Any, dim: typing.SupportsIndex = 0, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Joins tensors along a dimension they have.

    >>> import weft
    >>> weft.cat([weft.ones(1), weft.zeros(2)])
    tensor([1., 0., 0.])
    """
@typing.overload
def concatenate(tensors: typing.Any, *, axis: typing.SupportsIndex) -> weft.Tensor:
    ...
def conj(input: weft.Tensor) -> weft.Tensor:
    """
    The complex conjugate: a new tensor; a real tensor itself.

    >>> import weft
    >>> weft.tensor([1 + 2j]).conj()
    tensor([1.-2.j])
    """
def conj_physical(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    The complex conjugate, as conj() gives it.
    """
def constant_pad_nd(input: weft.Tensor, pad: typing.Sequence[builtins.int], value: complex = 0) -> weft.Tensor:
    """
    nn.functional.pad() with a constant.
    """
def copysign(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def cos(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def cosh(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def count_nonzero(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None) -> weft.Tensor:
    """
    Number of elements that are not zero.

    >>> import weft
    >>> weft.count_nonzero(weft.tensor([0, 2, 3]))
    tensor(2)
    """
def cummax(input: weft.Tensor, dim: typing.SupportsIndex, *, out: typing.Any = None) -> typing.Any:
    """
    Running maximum along dim and the position of the last of equal ones.
    """
def cummin(input: weft.Tensor, dim: typing.SupportsIndex, *, out: typing.Any = None) -> typing.Any:
    """
    Running minimum along dim and the position of the last of equal ones.
    """
@typing.overload
def cumprod(input: weft.Tensor, dim: typing.SupportsIndex, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    Running product along dim.

    >>> import weft
    >>> weft.tensor([2, 3]).cumprod(0)
    tensor([2, 6])
    """
@typing.overload
def cumprod(input: weft.Tensor, axis: typing.SupportsIndex, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def cumsum(input: weft.Tensor, dim: typing.SupportsIndex, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    Running sum along dim.

    >>> import weft
    >>> weft.arange(4).cumsum(0)
    tensor([0, 1, 3, 6])
    """
@typing.overload
def cumsum(input: weft.Tensor, axis: typing.SupportsIndex, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
def deg2rad(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def diag(input: weft.Tensor, diagonal: typing.SupportsIndex = 0, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    The diagonal of a matrix, or the matrix with a vector on its diagonal.
    """
def diag_embed(input: weft.Tensor, offset: typing.SupportsIndex = 0, dim1: typing.SupportsIndex = -2, dim2: typing.SupportsIndex = -1) -> weft.Tensor:
    """
    Zeros, with the last dimension along a diagonal of two new ones.
    """
def diagflat(input: weft.Tensor, offset: typing.SupportsIndex = 0) -> weft.Tensor:
    """
    The matrix with the flattened tensor on its diagonal.
    """
def diagonal(input: weft.Tensor, offset: typing.SupportsIndex = 0, dim1: typing.SupportsIndex = 0, dim2: typing.SupportsIndex = 1) -> weft.Tensor:
    """
    The diagonal of two dimensions, as the last one.

    >>> import weft
    >>> weft.tensor([[1, 2], [3, 4]]).diagonal()
    tensor([1, 4])
    """
def diagonal_scatter(input: weft.Tensor, src: weft.Tensor, offset: typing.SupportsIndex = 0, dim1: typing.SupportsIndex = 0, dim2: typing.SupportsIndex = 1) -> weft.Tensor:
    """
    A copy with diagonal() replaced by src.
    """
@typing.overload
def div(input: weft.Tensor, other: weft.Tensor | complex, *, rounding_mode: str | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    input / other; rounding_mode 'floor' or 'trunc' rounds the quotient.
    """
@typing.overload
def div(input: complex, other: weft.Tensor, *, rounding_mode: str | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def divide(input: weft.Tensor, other: weft.Tensor | complex, *, rounding_mode: str | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    input / other; rounding_mode 'floor' or 'trunc' rounds the quotient.
    """
@typing.overload
def divide(input: complex, other: weft.Tensor, *, rounding_mode: str | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
def dot(input: weft.Tensor, tensor: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Sum of the products of two vectors.

    >>> import weft
    >>> weft.dot(weft.ones(3), weft.ones(3)).item()
    3.0
    """
def dropout(input: typing.Any, p: typing.SupportsFloat | typing.SupportsIndex, train: builtins.bool) -> typing.Any:
    ...
def dstack(tensors: typing.Any, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Joins along the third dimension.
    """
def einsum(*args) -> weft.Tensor:
    """
    einsum(equation, *tensors): sums of products by the letters of the dims, as in numpy.einsum: repeated letters,
    '...', an implied result, and dims of size 1 that broadcast.

    >>> import weft
    >>> weft.einsum('bij,bjk->bik', weft.ones(2, 3, 4), weft.ones(2, 4, 5)).shape
    weft.Size([2, 3, 5])
    """
def empty(*args, size: typing.Sequence[builtins.int] | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, out: weft.Tensor = None, memory_format: weft.memory_format | None = None) -> weft.Tensor:
    """
    A tensor with undefined contents. Sizes as numbers or as one sequence.

    >>> import weft
    >>> weft.empty(2, 3).shape
    weft.Size([2, 3])
    """
def empty_like(input: weft.Tensor, *, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, memory_format: weft.memory_format | None = None) -> weft.Tensor:
    """
    The same for the shape, dtype and device of input, where they are not given.
    """
def empty_strided(size: typing.Sequence[builtins.int], stride: typing.Sequence[builtins.int], *, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None) -> weft.Tensor:
    """
    A tensor with undefined contents and the given strides.
    """
def eq(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def equal(input: weft.Tensor, other: weft.Tensor) -> typing.Any:
    """
    Have both the same shape and elements?

    >>> import weft
    >>> weft.equal(weft.ones(2), weft.ones(3))
    False
    """
def erf(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def erfc(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def erfinv(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def exp(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def exp2(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def expm1(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def eye(n: typing.SupportsIndex, m: typing.SupportsIndex | None = None, *, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    An (n, m) matrix with ones on the diagonal.

    >>> import weft
    >>> weft.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
def flatten(input: weft.Tensor, start_dim: typing.SupportsIndex = 0, end_dim: typing.SupportsIndex = -1) -> weft.Tensor:
    """
    Makes one dimension of several.

    >>> import weft
    >>> weft.zeros(2, 3, 4).flatten(1).shape
    weft.Size([2, 12])
    """
def flip(input: weft.Tensor, dims: typing.Sequence[builtins.int]) -> weft.Tensor:
    """
    The elements in reverse order along dims.

    >>> import weft
    >>> weft.arange(3).flip(0)
    tensor([2, 1, 0])
    """
def fliplr(input: weft.Tensor) -> weft.Tensor:
    """
    Columns in reverse order.
    """
def flipud(input: weft.Tensor) -> weft.Tensor:
    """
    Rows in reverse order.
    """
def floor(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def floor_divide(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def floor_divide(input: complex, other: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def fmax(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def fmin(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def fmod(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def frac(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def from_dlpack(ext_tensor: typing.Any) -> weft.Tensor:
    """
    A tensor on the memory of any object that speaks DLPack.

    >>> import numpy, weft
    >>> weft.from_dlpack(numpy.ones(2))
    tensor([1., 1.], dtype=weft.float64)
    """
def from_numpy(ndarray: typing.Any) -> weft.Tensor:
    """
    A tensor on the memory of a NumPy array; changes of one are seen in the other.

    Raises TypeError for other objects and dtypes, ValueError for negative strides.

    >>> import numpy, weft
    >>> a = numpy.zeros(2)
    >>> weft.from_numpy(a).add_(1)
    tensor([1., 1.], dtype=weft.float64)
    >>> a
    array([1., 1.])
    """
def frombuffer(buffer: typing.Any, *, dtype: weft.dtype, count: typing.SupportsIndex = -1, offset: typing.SupportsIndex = 0, requires_grad: builtins.bool = False) -> weft.Tensor:
    """
    A vector on the memory of an object with the buffer protocol: count elements (-1: all) from byte offset on.

    Raises ValueError when they are not all there.

    >>> import weft
    >>> weft.frombuffer(bytearray(4), dtype=weft.int16)
    tensor([0, 0], dtype=weft.int16)
    """
def full(size: typing.Sequence[builtins.int], fill_value: complex, *, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    A tensor of one repeated value; its dtype is fill_value's unless given.

    >>> import weft
    >>> weft.full((2,), 7)
    tensor([7, 7])
    """
def full_like(input: weft.Tensor, fill_value: complex, *, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, memory_format: weft.memory_format | None = None) -> weft.Tensor:
    """
    full() with the shape, dtype and device of input, where they are not given.
    """
def gather(input: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, *, sparse_grad: builtins.bool = False, out: weft.Tensor = None) -> weft.Tensor:
    """
    out[i][j] = input[i][index[i][j]] for dim 1, and so on. Raises IndexError for numbers outside of the dimension.

    >>> import weft
    >>> weft.gather(weft.tensor([[1, 2], [3, 4]]), 1, weft.tensor([[1], [0]]))
    tensor([[2],
            [3]])
    """
def ge(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def ger(input: weft.Tensor, vec2: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Every product of an element of input (n,) and one of vec2 (m,): shape (n, m).
    """
def get_default_device() -> device:
    """
    Where new tensors go on this thread: the device of the innermost `with weft.device(...)`, else
    set_default_device's.
    """
def get_default_dtype() -> weft.dtype:
    """
    The dtype of tensors made from Python floats.
    """
def get_num_threads() -> builtins.int:
    """
    How many threads CPU kernels may use, the calling one included.

    At the start: the environment variable WEFT_NUM_THREADS, else OMP_NUM_THREADS, else as many as the process may use cores, by its affinity and by the quota of its control group.

    >>> import weft
    >>> weft.get_num_threads() >= 1
    True
    """
def get_rng_state() -> weft.Tensor:
    """
    The state of the default generator as bytes.
    """
def gt(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def hardsigmoid(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def hardswish(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def hsplit(input: weft.Tensor, indices_or_sections: typing.Any) -> tuple:
    """
    Parts of one size along columns, or cuts before the given places; RuntimeError where the size does not divide.
    """
def hstack(tensors: typing.Any, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Joins along columns; vectors end to end.
    """
def hypot(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def imag(input: weft.Tensor) -> weft.Tensor:
    """
    The imaginary part of a tensor: of a complex one a view, of a real one new zeros.

    >>> import weft
    >>> weft.tensor([1 + 2j]).imag
    tensor([2.])
    """
def index_add(input: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, source: weft.Tensor, *, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
    """
    A copy in which slice i of source, times alpha, is added to slice index[i] along dim. Bit-equal for any number of threads.
    """
def index_copy(input: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, source: weft.Tensor) -> weft.Tensor:
    """
    A copy in which slice index[i] along dim is slice i of source.
    """
def index_fill(input: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, value: weft.Tensor | complex) -> weft.Tensor:
    """
    A copy in which the slices index names along dim are one number.
    """
def index_put(input: weft.Tensor, indices: typing.Any, values: weft.Tensor, accumulate: builtins.bool = False) -> weft.Tensor:
    """
    A copy with x[indices] = values, or += with accumulate.
    """
def index_select(input: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    The slices along dim that the vector index names.

    >>> import weft
    >>> weft.index_select(weft.tensor([[1, 2], [3, 4]]), 0, weft.tensor([1]))
    tensor([[3, 4]])
    """
def initial_seed() -> builtins.int:
    """
    The seed of the default generator.
    """
def inner(input: weft.Tensor, other: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Sum of products over the last dim of both: shape input.shape[:-1] + other.shape[:-1].
    """
def is_anomaly_check_nan_enabled() -> builtins.bool:
    """
    Does anomaly detection, where it is on, look for NaN?
    """
def is_anomaly_enabled() -> builtins.bool:
    """
    Does this thread detect anomalies in backward?
    """
def is_complex(input: weft.Tensor) -> builtins.bool:
    """
    Is the dtype a complex one?
    """
def is_floating_point(input: weft.Tensor) -> builtins.bool:
    """
    Is the dtype a floating point one?
    """
def is_grad_enabled() -> builtins.bool:
    """
    Does this thread record ops for autograd?
    """
def is_inference_mode_enabled() -> builtins.bool:
    """
    Is this thread in inference mode?
    """
def is_nonzero(input: weft.Tensor) -> builtins.bool:
    """
    The truth value of a tensor of one element.
    """
def is_tensor(obj: typing.Any) -> builtins.bool:
    """
    Is obj a weft.Tensor?
    """
def isclose(input: weft.Tensor, other: weft.Tensor, rtol: typing.SupportsFloat | typing.SupportsIndex = 1e-05, atol: typing.SupportsFloat | typing.SupportsIndex = 1e-08, equal_nan: builtins.bool = False) -> weft.Tensor:
    """
    Where |input - other| <= atol + rtol |other|.
    """
def isfinite(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def isinf(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def isnan(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def isreal(input: weft.Tensor) -> weft.Tensor:
    """
    Where the imaginary part is 0: everywhere, of a real tensor.
    """
def kron(input: weft.Tensor, other: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Kronecker product: every product of an element of input and one of other, in blocks.
    """
def kthvalue(input: weft.Tensor, k: typing.SupportsIndex, dim: typing.SupportsIndex = -1, keepdim: builtins.bool = False, *, out: typing.Any = None) -> typing.Any:
    """
    The k-th smallest element (from 1 on) along dim and where it is.
    """
def le(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def lerp(input: weft.Tensor, end: weft.Tensor, weight: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    input + weight * (end - input).
    """
def linspace(start: complex, end: complex, steps: typing.SupportsIndex, *, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    `steps` evenly spaced numbers from start to end, both included.

    >>> import weft
    >>> weft.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
def log(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def log10(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def log1p(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def log2(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def log_softmax(input: weft.Tensor, dim: typing.SupportsIndex, dtype: weft.dtype | None = None, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    The logarithm of softmax, computed without loss where softmax would round to 0.

    >>> import weft
    >>> weft.log_softmax(weft.tensor([0., 1000.]), 0)
    tensor([-1000.,     0.])
    """
def logaddexp(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def logcumsumexp(input: weft.Tensor, dim: typing.SupportsIndex, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    log of the running sum of exp(input) along dim, without overflow.
    """
def logical_and(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def logical_not(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def logical_or(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def logical_xor(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def logit(input: weft.Tensor, eps: typing.SupportsFloat | typing.SupportsIndex | None = None, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    log(x / (1 - x)), of x limited to [eps, 1 - eps].
    """
def logsigmoid(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def logspace(start: complex, end: complex, steps: typing.SupportsIndex, base: typing.SupportsFloat | typing.SupportsIndex = 10.0, *, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    base to the powers of linspace(start, end, steps).

    >>> import weft
    >>> weft.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
def logsumexp(input: weft.Tensor, dim: typing.Sequence[builtins.int], keepdim: builtins.bool = False, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    log(sum(exp(input))) over the given dimensions, without overflow.

    >>> import weft
    >>> weft.logsumexp(weft.tensor([1000., 1000.]), 0)
    tensor(1000.6932)
    """
def lt(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def manual_seed(seed: typing.Any) -> typing.Any:
    """
    Seeds the default generator, and returns it: the same numbers follow, with any number of threads.
    """
def masked_fill(input: weft.Tensor, mask: weft.Tensor, value: weft.Tensor | complex) -> weft.Tensor:
    """
    A copy with one number where mask is True; mask broadcasts.

    >>> import weft
    >>> weft.tensor([1., 2.]).masked_fill(weft.tensor([True, False]), 0)
    tensor([0., 2.])
    """
def masked_scatter(input: weft.Tensor, mask: weft.Tensor, source: weft.Tensor) -> weft.Tensor:
    """
    A copy in which the elements where mask is True are the first ones of source, in order.
    """
def masked_select(input: weft.Tensor, mask: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    A vector of the elements where mask is True; both broadcast.
    """
def matmul(input: weft.Tensor, other: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Matrix product of the last two dims; the dims before them broadcast. A 1-dim input is a row vector, a 1-dim
    other a column vector, and the result lacks that dim.

    >>> import weft
    >>> weft.matmul(weft.ones(2, 3), weft.ones(3, 4)).shape
    weft.Size([2, 4])
    """
@typing.overload
def max(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    The largest element; along dim also its (first) position, as .values and .indices; or with another tensor
    the elementwise maximum.

    >>> import weft
    >>> weft.tensor([[1, 4], [3, 2]]).max(1).indices
    tensor([1, 0])
    """
@typing.overload
def max(input: weft.Tensor, other: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def max(input: weft.Tensor, dim: typing.SupportsIndex, keepdim: builtins.bool = False, *, out: typing.Any = None) -> typing.Any:
    ...
@typing.overload
def max(input: weft.Tensor, axis: typing.SupportsIndex, keepdims: builtins.bool = False, *, out: typing.Any = None) -> typing.Any:
    ...
@typing.overload
def max(input: weft.Tensor, axis: typing.SupportsIndex, keepdim: builtins.bool, *, out: typing.Any = None) -> typing.Any:
    ...
@typing.overload
def max(input: weft.Tensor, dim: typing.SupportsIndex, keepdims: builtins.bool, *, out: typing.Any = None) -> typing.Any:
    ...
def maximum(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def mean(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    Mean over the given dimensions (default all). Raises RuntimeError for integers unless dtype is given.

    >>> import weft
    >>> weft.tensor([1., 3.]).mean()
    tensor(2.)
    """
@typing.overload
def mean(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def mean(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def mean(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def median(input: weft.Tensor) -> weft.Tensor:
    """
    The lower of the middle elements, NaN if there is one; along dim also where it is.

    >>> import weft
    >>> weft.median(weft.tensor([3., 1., 2.]))
    tensor(2.)
    """
@typing.overload
def median(input: weft.Tensor, dim: typing.SupportsIndex, keepdim: builtins.bool = False, *, out: typing.Any = None) -> typing.Any:
    ...
def meshgrid(*args, indexing: str | None = None) -> tuple:
    """
    Views of the vectors of shape (len(a), len(b), ...), each varying along its own dimension.

    >>> import weft
    >>> a, b = weft.meshgrid(weft.arange(2), weft.arange(3), indexing='ij')
    >>> b
    tensor([[0, 1, 2],
            [0, 1, 2]])
    """
@typing.overload
def min(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    The smallest element; along dim also its (first) position, as .values and .indices; or with another tensor
    the elementwise minimum.

    >>> import weft
    >>> weft.tensor([3, 1, 2]).min()
    tensor(1)
    """
@typing.overload
def min(input: weft.Tensor, other: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def min(input: weft.Tensor, dim: typing.SupportsIndex, keepdim: builtins.bool = False, *, out: typing.Any = None) -> typing.Any:
    ...
@typing.overload
def min(input: weft.Tensor, axis: typing.SupportsIndex, keepdims: builtins.bool = False, *, out: typing.Any = None) -> typing.Any:
    ...
@typing.overload
def min(input: weft.Tensor, axis: typing.SupportsIndex, keepdim: builtins.bool, *, out: typing.Any = None) -> typing.Any:
    ...
@typing.overload
def min(input: weft.Tensor, dim: typing.SupportsIndex, keepdims: builtins.bool, *, out: typing.Any = None) -> typing.Any:
    ...
def minimum(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def mish(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def mm(input: weft.Tensor, mat2: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Product of two matrices, shapes (n, k) and (k, m).
    """
def moveaxis(input: weft.Tensor, source: typing.Sequence[builtins.int], destination: typing.Sequence[builtins.int]) -> weft.Tensor:
    """
    Moves dimensions to other places; the rest keep their order.

    >>> import weft
    >>> weft.zeros(2, 3, 4).movedim(0, -1).shape
    weft.Size([3, 4, 2])
    """
def movedim(input: weft.Tensor, source: typing.Sequence[builtins.int], destination: typing.Sequence[builtins.int]) -> weft.Tensor:
    """
    Moves dimensions to other places; the rest keep their order.

    >>> import weft
    >>> weft.zeros(2, 3, 4).movedim(0, -1).shape
    weft.Size([3, 4, 2])
    """
def msort(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    The elements in order along the first dimension.
    """
@typing.overload
def mul(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def mul(input: complex, other: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def multinomial(input: weft.Tensor, num_samples: typing.SupportsIndex, replacement: builtins.bool = False, *, generator: Generator | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    num_samples category numbers per row, drawn with probabilities proportional to input (1 or 2 dimensions).

    Raises RuntimeError for negative, infinite or all-zero weights.
    """
def mv(input: weft.Tensor, vec: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Product of a matrix (n, k) and a vector (k,).
    """
def nan_to_num(input: weft.Tensor, nan: typing.SupportsFloat | typing.SupportsIndex | None = None, posinf: typing.SupportsFloat | typing.SupportsIndex | None = None, neginf: typing.SupportsFloat | typing.SupportsIndex | None = None, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Replaces NaN and infinities by numbers (default 0 and the largest finite ones).
    """
@typing.overload
def nanmean(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    Mean of what is not NaN.

    >>> import weft
    >>> weft.nanmean(weft.tensor([1., weft.nan]))
    tensor(1.)
    """
@typing.overload
def nanmean(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def nanmean(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def nanmean(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def nansum(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    Sum that counts NaN as 0.

    >>> import weft
    >>> weft.nansum(weft.tensor([1., weft.nan]))
    tensor(1.)
    """
@typing.overload
def nansum(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def nansum(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def nansum(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
def narrow(input: weft.Tensor, dim: typing.SupportsIndex, start: typing.SupportsIndex, length: typing.SupportsIndex) -> weft.Tensor:
    """
    A range of elements along dim.
    """
def ne(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def neg(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def nonzero(input: weft.Tensor, *, as_tuple: builtins.bool = False, out: weft.Tensor = None) -> typing.Any:
    """
    Coordinates (count, dims) of the elements that are not zero; one vector per dimension with as_tuple.

    >>> import weft
    >>> weft.nonzero(weft.tensor([0, 3, 5]))
    tensor([[1],
            [2]])
    """
def norm(input: weft.Tensor, p: typing.Any = None, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, out: weft.Tensor = None, dtype: weft.dtype | None = None) -> weft.Tensor:
    """
    (sum |x|^p)^(1/p) over the given dimensions (default all).

    >>> import weft
    >>> weft.norm(weft.tensor([3., 4.]))
    tensor(5.)
    """
def normal(mean: weft.Tensor | complex = 0.0, std: weft.Tensor | complex = 1.0, size: typing.Sequence[builtins.int] | None = None, *, generator: Generator | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    Normal numbers with the given mean and standard deviation, numbers (and a size) or tensors.
    """
def numel(input: weft.Tensor) -> typing.Any:
    """
    Number of elements.
    """
def ones(*args, size: typing.Sequence[builtins.int] | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, out: weft.Tensor = None, memory_format: weft.memory_format | None = None) -> weft.Tensor:
    """
    A tensor of ones. Sizes as numbers or as one sequence.

    >>> import weft
    >>> weft.ones(2)
    tensor([1., 1.])
    """
def ones_like(input: weft.Tensor, *, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, memory_format: weft.memory_format | None = None) -> weft.Tensor:
    """
    The same for the shape, dtype and device of input, where they are not given.
    """
def outer(input: weft.Tensor, vec2: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Every product of an element of input (n,) and one of vec2 (m,): shape (n, m).
    """
def permute(input: weft.Tensor, dims: typing.Sequence[builtins.int]) -> weft.Tensor:
    """
    The dimensions in another order.

    >>> import weft
    >>> weft.zeros(2, 3, 4).permute(2, 0, 1).shape
    weft.Size([4, 2, 3])
    """
def polar(abs: weft.Tensor, angle: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    abs (cos(angle) + i sin(angle)): a complex tensor of two real ones of one dtype, float32 or float64.

    >>> import weft
    >>> weft.polar(weft.tensor([2.0]), weft.tensor([0.0]))
    tensor([2.+0.j])
    """
def positive(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def pow(input: weft.Tensor | complex, exponent: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    input to the power of exponent.
    """
@typing.overload
def prod(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    Product over the given dimensions (default all).

    >>> import weft
    >>> weft.tensor([2, 3]).prod()
    tensor(6)
    """
@typing.overload
def prod(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def prod(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def prod(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
def promote_types(type1: weft.dtype, type2: weft.dtype) -> weft.dtype:
    """
    The smallest dtype that both can be converted to.
    """
def rad2deg(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def rand(*args, size: typing.Sequence[builtins.int] | None = None, generator: Generator | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    Independent numbers, uniform in [0, 1).

    >>> import weft
    >>> bool((weft.rand(10) < 1).all())
    True
    """
def rand_like(input: weft.Tensor, *, generator: Generator | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, memory_format: weft.memory_format | None = None) -> weft.Tensor:
    """
    The same for the shape, dtype and device of input, where they are not given.
    """
@typing.overload
def randint(low: typing.SupportsIndex, high: typing.SupportsIndex, size: typing.Sequence[builtins.int], *, generator: Generator | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    Independent integers, low <= n < high, each equally likely.
    """
@typing.overload
def randint(high: typing.SupportsIndex, size: typing.Sequence[builtins.int], *, generator: Generator | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def randint_like(input: weft.Tensor, low: typing.SupportsIndex, high: typing.SupportsIndex, *, generator: Generator | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, memory_format: weft.memory_format | None = None) -> weft.Tensor:
    """
    randint() with the shape, dtype and device of input, where they are not given.
    """
@typing.overload
def randint_like(input: weft.Tensor, high: typing.SupportsIndex, *, generator: Generator | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, memory_format: weft.memory_format | None = None) -> weft.Tensor:
    ...
def randn(*args, size: typing.Sequence[builtins.int] | None = None, generator: Generator | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    Independent numbers of the standard normal distribution.

    >>> import weft
    >>> weft.randn(2, 3).shape
    weft.Size([2, 3])
    """
def randn_like(input: weft.Tensor, *, generator: Generator | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, memory_format: weft.memory_format | None = None) -> weft.Tensor:
    """
    The same for the shape, dtype and device of input, where they are not given.
    """
def randperm(n: typing.SupportsIndex, *, generator: Generator | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    A random permutation of 0, 1, ..., n - 1.
    """
def ravel(input: weft.Tensor) -> weft.Tensor:
    """
    The elements as a vector.
    """
def real(input: weft.Tensor) -> weft.Tensor:
    """
    The real part of a tensor: of a complex one a view, of a real one itself.

    >>> import weft
    >>> weft.real(weft.tensor([1.0])), weft.tensor([1 + 2j]).real
    (tensor([1.]), tensor([1.]))
    """
def reciprocal(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def relu(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def remainder(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def remainder(input: complex, other: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def repeat_interleave(input: weft.Tensor, repeats: typing.Any, dim: typing.SupportsIndex | None = None, *, output_size: typing.SupportsIndex | None = None) -> weft.Tensor:
    """
    Every element so many times along dim (default: of the flattened tensor).

    >>> import weft
    >>> weft.arange(2).repeat_interleave(2)
    tensor([0, 0, 1, 1])
    """
def reshape(input: weft.Tensor, shape: typing.Sequence[builtins.int]) -> weft.Tensor:
    """
    The elements in another shape; one size may be -1. A view where the strides allow it, else a copy.

    Raises RuntimeError when the number of elements differs.

    >>> import weft
    >>> weft.arange(4).reshape(2, 2)
    tensor([[0, 1],
            [2, 3]])
    """
def result_type(tensor1: weft.Tensor | complex, tensor2: weft.Tensor | complex) -> weft.dtype:
    """
    The dtype that mixing both gives.
    """
def roll(input: weft.Tensor, shifts: typing.Sequence[builtins.int], dims: typing.Sequence[builtins.int] | None = None) -> weft.Tensor:
    """
    Elements moved along dims; what leaves at one end enters at the other.

    >>> import weft
    >>> weft.arange(4).roll(1)
    tensor([3, 0, 1, 2])
    """
def rot90(input: weft.Tensor, k: typing.SupportsIndex = 1, dims: typing.Sequence[builtins.int] = (0, 1)) -> weft.Tensor:
    """
    Turned by 90 degrees k times, from the first towards the second dim.
    """
@typing.overload
def round(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def round(input: weft.Tensor, *, decimals: typing.SupportsIndex, out: weft.Tensor = None) -> weft.Tensor:
    """
    Rounded to that many decimal places, ties to even.
    """
def row_stack(tensors: typing.Any, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Joins along rows; vectors are rows.
    """
def rsqrt(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def rsub(input: weft.Tensor, other: weft.Tensor | complex, *, alpha: complex = 1) -> weft.Tensor:
    """
    other - alpha * input.
    """
def scalar_tensor(s: complex, *, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None) -> weft.Tensor:
    """
    A tensor without dimensions that holds one number.
    """
@typing.overload
def scatter(input: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, src: weft.Tensor | complex, *, reduce: str | None = None) -> weft.Tensor:
    """
    A copy with out[i][index[i][j]] = src[i][j] for dim 1, and so on; of several that go to one place the last stays.

    >>> import weft
    >>> weft.zeros(3).scatter(0, weft.tensor([2]), weft.tensor([5.]))
    tensor([0., 0., 5.])
    """
@typing.overload
def scatter(input: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, value: weft.Tensor | complex, *, reduce: str | None = None) -> weft.Tensor:
    """
    A copy with out[i][index[i][j]] = src[i][j] for dim 1, and so on; of several that go to one place the last stays.

    >>> import weft
    >>> weft.zeros(3).scatter(0, weft.tensor([2]), weft.tensor([5.]))
    tensor([0., 0., 5.])
    """
def scatter_add(input: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, src: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    A copy with out[i][index[i][j]] += src[i][j] for dim 1, and so on. Bit-equal for any number of threads.
    """
def scatter_reduce(input: weft.Tensor, dim: typing.SupportsIndex, index: weft.Tensor, src: weft.Tensor, reduce: str, *, include_self: builtins.bool = True) -> weft.Tensor:
    """
    Combines src into the places index names by 'sum', 'prod', 'mean', 'amax' or 'amin', with input's own values if include_self.
    """
def searchsorted(sorted_sequence: weft.Tensor, input: weft.Tensor | complex, *, out_int32: builtins.bool = False, right: builtins.bool = False, side: str | None = None, sorter: weft.Tensor = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    Where each number would be put into a sorted sequence: before equal ones, or after them with right.

    The sequence is a vector, or has a row for each row of the numbers. It need not be in order where sorter, an int64 tensor of
    its shape such as argsort() gives, says where its elements in order are. RuntimeError for a sorter of another shape or dtype,
    IndexError for an index in it that is out of range.

    >>> import weft
    >>> weft.searchsorted(weft.tensor([1, 3, 5]), weft.tensor([3, 6]))
    tensor([1, 3])
    """
def seed() -> builtins.int:
    """
    Seeds the default generator from the operating system and returns the seed.
    """
def select(input: weft.Tensor, dim: typing.SupportsIndex, index: typing.SupportsIndex) -> weft.Tensor:
    """
    One element along dim; the dimension goes away.
    """
def select_scatter(input: weft.Tensor, src: weft.Tensor, dim: typing.SupportsIndex, index: typing.SupportsIndex) -> weft.Tensor:
    """
    A copy with select(dim, index) replaced by src.
    """
def selu(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def set_default_device(device: weft.device | None) -> None:
    """
    Sets where new tensors go on this thread, outside of `with weft.device(...)`; None is the CPU.

    Raises RuntimeError when the device does not exist.

    >>> import weft
    >>> weft.set_default_device('meta')
    >>> weft.ones(2).device, weft.get_default_device()
    (device(type='meta'), device(type='meta'))
    >>> weft.set_default_device(None)
    """
def set_default_dtype(d: weft.dtype) -> None:
    """
    Sets the dtype of tensors made from Python floats. Raises TypeError unless it is floating point.
    """
def set_num_threads(int: typing.SupportsIndex) -> None:
    """
    Sets how many threads CPU kernels may use, the calling one included; for all threads of the process.

    int: from 1 to 1024; raises ValueError otherwise. Results do not depend on it. An op that another thread has begun goes on with the number it has.

    >>> import weft
    >>> before = weft.get_num_threads()
    >>> weft.set_num_threads(1)
    >>> weft.get_num_threads()
    1
    >>> weft.set_num_threads(before)
    """
def set_rng_state(new_state: weft.Tensor) -> None:
    """
    Sets the state of the default generator.
    """
def sgn(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    input / |input|, 0 for 0: of real tensors the sign.

    >>> import weft
    >>> weft.sgn(weft.tensor([3 + 4j, 0j]))
    tensor([0.6000+0.8000j, 0.0000+0.0000j])
    """
def sigmoid(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def sign(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def signbit(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def silu(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def sin(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def sinh(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def slice_scatter(input: weft.Tensor, src: weft.Tensor, dim: typing.SupportsIndex = 0, start: typing.SupportsIndex | None = None, end: typing.SupportsIndex | None = None, step: typing.SupportsIndex = 1) -> weft.Tensor:
    """
    A copy with a slice replaced by src.
    """
def softmax(input: weft.Tensor, dim: typing.SupportsIndex, dtype: weft.dtype | None = None, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    exp(input) / sum(exp(input)) along dim, without overflow.

    Raises RuntimeError for integers unless dtype is given, IndexError for a dim that is not there.

    >>> import weft
    >>> weft.softmax(weft.zeros(4), 0)
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """
def softsign(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def sort(input: weft.Tensor, dim: typing.SupportsIndex = -1, descending: builtins.bool = False, stable: builtins.bool | None = None, *, out: typing.Any = None) -> typing.Any:
    """
    The elements in order along dim and where they were, as .values and .indices. Always stable; NaN is the largest.

    >>> import weft
    >>> weft.sort(weft.tensor([3, 1, 2])).indices
    tensor([1, 2, 0])
    """
def split(tensor: weft.Tensor, split_size_or_sections: typing.Any, dim: typing.SupportsIndex = 0) -> tuple:
    """
    Views of parts of the given size (the last may be smaller) or sizes.

    >>> import weft
    >>> weft.arange(3).split(2)
    (tensor([0, 1]), tensor([2]))
    """
def split_with_sizes(input: weft.Tensor, split_sizes: typing.Sequence[builtins.int], dim: typing.SupportsIndex = 0) -> tuple:
    """
    Views of parts of the given sizes.
    """
def sqrt(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def square(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def squeeze(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None) -> weft.Tensor:
    """
    Without the dimensions (default all) that have size 1.

    >>> import weft
    >>> weft.zeros(1, 3, 1).squeeze().shape
    weft.Size([3])
    """
def stack(tensors: typing.Any, dim: typing.SupportsIndex = 0, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Joins tensors of one shape along a new dimension.

    >>> import weft
    >>> weft.stack([weft.ones(2), weft.zeros(2)]).shape
    weft.Size([2, 2])
    """
@typing.overload
def std(input: weft.Tensor, unbiased: builtins.bool) -> weft.Tensor:
    ...
@typing.overload
def std(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
    """
    Standard deviation, the root of var.

    >>> import weft
    >>> weft.tensor([1., 3.]).std(unbiased=False)
    tensor(1.)
    """
@typing.overload
def std(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, keepdims: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
    ...
@typing.overload
def std(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdim: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
    ...
@typing.overload
def std(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdims: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
    ...
@typing.overload
def std(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def std_mean(input: weft.Tensor, unbiased: builtins.bool) -> tuple[weft.Tensor, weft.Tensor]:
    ...
@typing.overload
def std_mean(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
    """
    Standard deviation and mean.

    >>> import weft
    >>> weft.std_mean(weft.tensor([1., 1.]))
    (tensor(0.), tensor(1.))
    """
@typing.overload
def std_mean(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, keepdims: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
    ...
@typing.overload
def std_mean(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdim: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
    ...
@typing.overload
def std_mean(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdims: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
    ...
@typing.overload
def sub(input: weft.Tensor, other: weft.Tensor | complex, *, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
    """
    input + alpha * other (or minus), with broadcasting and type promotion.
    """
@typing.overload
def sub(input: complex, other: weft.Tensor, *, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def sub(input: weft.Tensor, alpha: complex, other: weft.Tensor) -> weft.Tensor:
    ...
@typing.overload
def subtract(input: weft.Tensor, other: weft.Tensor | complex, *, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
    """
    input + alpha * other (or minus), with broadcasting and type promotion.
    """
@typing.overload
def subtract(input: complex, other: weft.Tensor, *, alpha: complex = 1, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def subtract(input: weft.Tensor, alpha: complex, other: weft.Tensor) -> weft.Tensor:
    ...
@typing.overload
def sum(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    """
    Sum over the given dimensions (default all); integers and bools are added up in int64.

    >>> import weft
    >>> weft.ones(2, 3).sum(0)
    tensor([2., 2., 2.])
    """
@typing.overload
def sum(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdims: builtins.bool = False, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def sum(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, keepdim: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def sum(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None, keepdims: builtins.bool, *, dtype: weft.dtype | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
def swapaxes(input: weft.Tensor, axis0: typing.SupportsIndex, axis1: typing.SupportsIndex) -> weft.Tensor:
    """
    Exchanges two dimensions.
    """
def swapdims(input: weft.Tensor, dim0: typing.SupportsIndex, dim1: typing.SupportsIndex) -> weft.Tensor:
    """
    Exchanges two dimensions.
    """
def t(input: weft.Tensor) -> weft.Tensor:
    """
    The transpose of a matrix; a vector as it is.
    """
def take(input: weft.Tensor, index: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Elements of the flattened input, in the shape of index.

    >>> import weft
    >>> weft.take(weft.tensor([[1, 2], [3, 4]]), weft.tensor([3, 0]))
    tensor([4, 1])
    """
def take_along_dim(input: weft.Tensor, indices: weft.Tensor, dim: typing.SupportsIndex | None = None, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    gather() with broadcasting; without dim, elements of the flattened input.
    """
def tan(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def tanh(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def tanhshrink(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def tensor(data: typing.Any, *, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool = False, pin_memory: builtins.bool | None = None) -> weft.Tensor:
    """
    A new leaf tensor with a copy of data: numbers, nested lists, NumPy arrays or tensors.

    Floats give the default dtype, integers int64, bools bool. Raises ValueError for ragged lists, TypeError for other data.

    >>> import weft
    >>> weft.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
def tensor_split(input: weft.Tensor, indices_or_sections: typing.Any, dim: typing.SupportsIndex = 0) -> tuple:
    """
    That many parts whose sizes differ by at most 1, or cuts before the given places.
    """
def tensordot(a: weft.Tensor, b: weft.Tensor, dims: typing.Any = 2, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Sums products over the last `dims` dims of a and the first of b, or over a pair of lists of dims.
    """
def tile(input: weft.Tensor, dims: typing.Sequence[builtins.int]) -> weft.Tensor:
    """
    repeat() that needs no counts for the leading dimensions.
    """
def topk(input: weft.Tensor, k: typing.SupportsIndex, dim: typing.SupportsIndex = -1, largest: builtins.bool = True, sorted: builtins.bool = True, *, out: typing.Any = None) -> typing.Any:
    """
    The k largest (or smallest) elements along dim and where they are, as .values and .indices.

    Raises RuntimeError when there are fewer.

    >>> import weft
    >>> weft.topk(weft.tensor([3, 1, 2]), 2).values
    tensor([3, 2])
    """
def trace(input: weft.Tensor) -> weft.Tensor:
    """
    The sum of the diagonal of a matrix.
    """
def transpose(input: weft.Tensor, dim0: typing.SupportsIndex, dim1: typing.SupportsIndex) -> weft.Tensor:
    """
    Exchanges two dimensions.
    """
def tril(input: weft.Tensor, diagonal: typing.SupportsIndex = 0, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    The lower triangle of the last two dimensions, zeros above it.
    """
def tril_indices(row: typing.SupportsIndex, col: typing.SupportsIndex, offset: typing.SupportsIndex = 0, *, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None) -> weft.Tensor:
    """
    Row and column numbers (2, count) of a triangle of a (row, col) matrix.
    """
def triu(input: weft.Tensor, diagonal: typing.SupportsIndex = 0, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    The upper triangle of the last two dimensions, zeros below it.
    """
def triu_indices(row: typing.SupportsIndex, col: typing.SupportsIndex, offset: typing.SupportsIndex = 0, *, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None) -> weft.Tensor:
    """
    Row and column numbers (2, count) of a triangle of a (row, col) matrix.
    """
def trunc(input: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def unbind(input: weft.Tensor, dim: typing.SupportsIndex = 0) -> tuple:
    """
    The elements along dim as a tuple of views.
    """
def unflatten(input: weft.Tensor, dim: typing.SupportsIndex, sizes: typing.Sequence[builtins.int]) -> weft.Tensor:
    """
    Splits one dimension into several.

    >>> import weft
    >>> weft.zeros(2, 12).unflatten(1, (3, -1)).shape
    weft.Size([2, 3, 4])
    """
def unique(input: weft.Tensor, sorted: builtins.bool = True, return_inverse: builtins.bool = False, return_counts: builtins.bool = False, dim: typing.SupportsIndex | None = None) -> typing.Any:
    """
    The distinct elements in order; optionally which of them each element is, and how often each occurs.

    With dim the distinct slices along it, in the order of their first elements, then of their second, ...

    >>> import weft
    >>> weft.unique(weft.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
def unique_consecutive(input: weft.Tensor, return_inverse: builtins.bool = False, return_counts: builtins.bool = False, dim: typing.SupportsIndex | None = None) -> typing.Any:
    """
    The first of each run of equal elements (or with dim of equal slices); optionally which run each is in, and the lengths.
    """
def unsqueeze(input: weft.Tensor, dim: typing.SupportsIndex) -> weft.Tensor:
    """
    With a new dimension of size 1 at dim.

    >>> import weft
    >>> weft.zeros(3).unsqueeze(0).shape
    weft.Size([1, 3])
    """
def vander(x: weft.Tensor, N: typing.SupportsIndex | None = None, increasing: builtins.bool = False) -> weft.Tensor:
    """
    The powers N-1 ... 0 of the elements of a vector, one row per element.

    >>> import weft
    >>> weft.vander(weft.tensor([2, 3]))
    tensor([[2, 1],
            [3, 1]])
    """
@typing.overload
def var(input: weft.Tensor, unbiased: builtins.bool) -> weft.Tensor:
    ...
@typing.overload
def var(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
    """
    Variance: sum of squared deviations from the mean, divided by n - correction (default 1).

    >>> import weft
    >>> weft.tensor([1., 3.]).var()
    tensor(2.)
    """
@typing.overload
def var(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, keepdims: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
    ...
@typing.overload
def var(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdim: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
    ...
@typing.overload
def var(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdims: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
    ...
@typing.overload
def var(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None, out: weft.Tensor = None) -> weft.Tensor:
    ...
@typing.overload
def var_mean(input: weft.Tensor, unbiased: builtins.bool) -> tuple[weft.Tensor, weft.Tensor]:
    ...
@typing.overload
def var_mean(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
    """
    Variance and mean.

    >>> import weft
    >>> weft.var_mean(weft.tensor([1., 3.]))
    (tensor(2.), tensor(2.))
    """
@typing.overload
def var_mean(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, keepdims: builtins.bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
    ...
@typing.overload
def var_mean(input: weft.Tensor, axis: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdim: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
    ...
@typing.overload
def var_mean(input: weft.Tensor, dim: typing.Sequence[builtins.int] | None, unbiased: builtins.bool | None = None, *, keepdims: builtins.bool, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> tuple[weft.Tensor, weft.Tensor]:
    ...
def vdot(input: weft.Tensor, other: weft.Tensor, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Sum of the products of the conjugates of one vector and the elements of another one.
    """
def view_as_complex(input: weft.Tensor) -> weft.Tensor:
    """
    A real tensor of shape (..., 2), whose last dimension holds the real and the imaginary parts, as a complex one of shape (...). A view.

    Raises RuntimeError for other dtypes than float32 and float64, another size of the last dimension, and parts that are no neighbours in memory.

    >>> import weft
    >>> weft.view_as_complex(weft.tensor([[1.0, 2.0]]))
    tensor([1.+2.j])
    """
def view_as_real(input: weft.Tensor) -> weft.Tensor:
    """
    A complex tensor as a real one with one dimension more, of size 2: the real and the imaginary parts. A view.

    Raises RuntimeError for other dtypes.

    >>> import weft
    >>> weft.view_as_real(weft.tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
def vsplit(input: weft.Tensor, indices_or_sections: typing.Any) -> tuple:
    """
    Parts of one size along rows, or cuts before the given places; RuntimeError where the size does not divide.
    """
def vstack(tensors: typing.Any, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    Joins along rows; vectors are rows.
    """
@typing.overload
def where(condition: weft.Tensor, input: weft.Tensor | complex, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    """
    input where condition holds, other elsewhere, with broadcasting.
    """
@typing.overload
def where(condition: weft.Tensor) -> tuple:
    """
    The coordinates where condition holds, one vector per dimension.
    """
def xlogy(input: weft.Tensor, other: weft.Tensor | complex, *, out: weft.Tensor = None) -> weft.Tensor:
    ...
def zeros(*args, size: typing.Sequence[builtins.int] | None = None, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, out: weft.Tensor = None, memory_format: weft.memory_format | None = None) -> weft.Tensor:
    """
    A tensor of zeros. Sizes as numbers or as one sequence.

    >>> import weft
    >>> weft.zeros(2, 1)
    tensor([[0.],
            [0.]])
    """
def zeros_like(input: weft.Tensor, *, dtype: weft.dtype | None = None, device: weft.device | None = None, requires_grad: builtins.bool | None = None, pin_memory: builtins.bool | None = None, layout: weft.layout | None = None, memory_format: weft.memory_format | None = None) -> weft.Tensor:
    """
    The same for the shape, dtype and device of input, where they are not given.
    """
_ALL_DIMS: int = 1048576
_PROGRAM_KEYS: tuple = ('weft.program', 'weft.signature', 'weft.checksum')
__version__: str = '0.1.0'
bfloat16: dtype
bool: dtype
cdouble: dtype
cfloat: dtype
complex128: dtype
complex64: dtype
default_generator: Generator
double: dtype
float: dtype
float16: dtype
float32: dtype
float64: dtype
float8_e4m3fn: dtype
float8_e5m2: dtype
half: dtype
int: dtype
int16: dtype
int32: dtype
int64: dtype
int8: dtype
long: dtype
short: dtype
uint16: dtype
uint32: dtype
uint64: dtype
uint8: dtype
negative = neg
absolute = abs
multiply = mul
true_divide = div
greater = gt
greater_equal = ge
less = lt
less_equal = le
not_equal = ne
arccos = acos
arcsin = asin
arctan = atan
arctan2 = atan2
arccosh = acosh
arcsinh = asinh
arctanh = atanh
fix = trunc
