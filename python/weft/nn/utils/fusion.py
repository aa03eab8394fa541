"""Batch normalization in evaluation folded into the linear layer or convolution before it."""

from __future__ import annotations

import copy

import weft
from weft._checks import check_flags, check_instances, check_numbers, check_tensors
from weft.nn.module import Module
from weft.nn.parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor
    from weft.nn._types import ModuleT

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]


def _check_pair(name: str, layer: Module, bn: Module) -> None:
    check_instances(Module, name, layer=layer, bn=bn)
    if layer.training or bn.training:
        raise RuntimeError(f"{name}: both layers must be in evaluation, call eval() first")
    if bn.running_mean is None or bn.running_var is None:
        raise RuntimeError(f"{name}: the normalization has no running statistics, so it is no fixed linear map")


def fuse_conv_bn_eval(conv: ModuleT, bn: Module, transpose: bool = False) -> ModuleT:
    """A copy of a convolution that does what it and the batch normalization behind it do in evaluation.

    Args:
        conv: the convolution, in evaluation.
        bn: the normalization, in evaluation.
        transpose: whether the convolution is a transposed one. Default False.

    Raises:
        RuntimeError: a layer is in training, or the normalization has no statistics.

    Example:
        >>> import weft
        >>> conv, bn = weft.nn.Conv2d(1, 2, 3).eval(), weft.nn.BatchNorm2d(2).eval()
        >>> x = weft.ones(1, 1, 4, 4)
        >>> weft.allclose(weft.nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6)
        True
    """
    _check_pair("fuse_conv_bn_eval", conv, bn)
    fused = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of the convolution that fuse_conv_bn_eval makes: ``w s`` and ``(b - mean) s + beta``.

    s is ``gamma / sqrt(var + eps)`` of each output channel.

    Args:
        conv_w, conv_b: weight and bias of the convolution; None for no bias.
        bn_rm, bn_rv, bn_eps: mean, variance and eps of the normalization.
        bn_w, bn_b: its gamma and beta; None for 1 and 0.
        transpose: whether the weight's second dimension goes along the outputs, not the first. Default False.

    Raises:
        RuntimeError: the number of channels differs.

    Example:
        >>> import weft
        >>> one = weft.ones(1)
        >>> weight, bias = weft.nn.utils.fuse_conv_bn_weights(weft.ones(1, 1, 1), None, one, 4 * one, 0.0, one, one)
        >>> weight.item(), bias.item()
        (0.5, 0.5)
    """
    name = "fuse_conv_bn_weights"
    check_flags(name, transpose=transpose)
    return _fused(name, conv_w, conv_b, (bn_rm, bn_rv, bn_eps, bn_w, bn_b), 1 if transpose else 0)


def _fused(name, weight, bias, statistics, dim):
    mean, var, eps, gamma, beta = statistics
    check_tensors(name, ("bias",), weight=weight, bias=bias)
    check_tensors(name, ("bn_w", "bn_b"), bn_rm=mean, bn_rv=var, bn_w=gamma, bn_b=beta)
    check_numbers(name, bn_eps=eps)
    if weight.dim() <= dim or mean.numel() not in (1, weight.shape[dim]):
        raise RuntimeError(
            f"{name}: expected one mean for each output of the weight of shape {tuple(weight.shape)}, got shape "
            f"{tuple(mean.shape)}"
        )
    trained = weight.requires_grad, bias is not None and bias.requires_grad
    with weft.no_grad():
        scale = (var + eps).rsqrt()
        scale = scale if gamma is None else scale * gamma
        shape = [1] * weight.dim()
        shape[dim] = -1
        fused = (weight * scale.reshape(shape)).to(weight.dtype)
        shift = -mean if bias is None else bias - mean
        shift = shift * scale if beta is None else shift * scale + beta
        shift = shift.to(weight.dtype if bias is None else bias.dtype)
    return Parameter(fused, trained[0]), Parameter(shift, trained[0] if bias is None else trained[1])


def fuse_linear_bn_eval(linear: ModuleT, bn: Module) -> ModuleT:
    """A copy of a linear layer that does what it and the batch normalization behind it do in evaluation.

    Args:
        linear: the layer, in evaluation.
        bn: the normalization, in evaluation, of as many features as the layer gives, or of one.

    Raises:
        RuntimeError: a layer is in training, or the normalization has no statistics.
        ValueError: the numbers of features differ.

    Example:
        >>> import weft
        >>> linear, bn = weft.nn.Linear(2, 3).eval(), weft.nn.BatchNorm1d(3).eval()
        >>> x = weft.ones(4, 2)
        >>> weft.allclose(weft.nn.utils.fuse_linear_bn_eval(linear, bn)(x), bn(linear(x)), atol=1e-6)
        True
    """
    _check_pair("fuse_linear_bn_eval", linear, bn)
    if bn.num_features not in (1, linear.out_features):
        raise ValueError(
            f"fuse_linear_bn_eval: expected a normalization of {linear.out_features} features (or 1), got one of "
            f"{bn.num_features}"
        )
    fused = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of the linear layer that fuse_linear_bn_eval makes: ``w s`` and ``(b - mean) s + beta``.

    s is ``gamma / sqrt(var + eps)`` of each output.

    Args:
        linear_w, linear_b: weight and bias of the layer; None for no bias.
        bn_rm, bn_rv, bn_eps: mean, variance and eps of the normalization.
        bn_w, bn_b: its gamma and beta; None for 1 and 0.

    Raises:
        RuntimeError: the number of features differs.

    Example:
        >>> import weft
        >>> one = weft.ones(1)
        >>> weight, bias = weft.nn.utils.fuse_linear_bn_weights(weft.ones(1, 1), None, one, 4 * one, 0.0, one, one)
        >>> weight.item(), bias.item()
        (0.5, 0.5)
    """
    return _fused("fuse_linear_bn_weights", linear_w, linear_b, (bn_rm, bn_rv, bn_eps, bn_w, bn_b), 0)
