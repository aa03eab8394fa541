"""All parameters of a model as one vector, and back."""

from __future__ import annotations

import weft
from weft import _C
from weft._checks import check_tensors, tensors_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from weft import Tensor


def parameters_to_vector(parameters: Iterable[Tensor] | Tensor) -> Tensor:
    """The values of the parameters, one after the other, as one vector.

    Args:
        parameters: tensors of one device, or a single one.

    Example:
        >>> import weft
        >>> weft.nn.utils.parameters_to_vector([weft.ones(1, 2), weft.zeros(1)])
        tensor([1., 1., 0.])
    """
    parameters = tensors_of("parameters_to_vector", "parameters", parameters)
    return weft.cat([parameter.reshape(-1) for parameter in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor] | Tensor) -> None:
    """Copies the parts of a vector into the parameters, the reverse of parameters_to_vector.

    Args:
        vec: as many values as the parameters have together, in their order.
        parameters: the tensors to change, or a single one.

    Raises:
        ValueError: vec has another number of values; nothing has been changed.

    Example:
        >>> import weft
        >>> layer = weft.nn.Linear(2, 1)
        >>> weft.nn.utils.vector_to_parameters(weft.tensor([1.0, 2.0, 3.0]), layer.parameters())
        >>> layer.bias.item()
        3.0
    """
    check_tensors("vector_to_parameters", vec=vec)
    parameters = tensors_of("vector_to_parameters", "parameters", parameters)
    total = sum(parameter.numel() for parameter in parameters)
    if vec.numel() != total:
        raise ValueError(
            f"vector_to_parameters: the parameters have {total} elements together, the vector {vec.numel()}"
        )
    begin = 0
    with weft.no_grad():
        _C._check_inplace("vector_to_parameters", parameters)
        for parameter in parameters:
            end = begin + parameter.numel()
            parameter.copy_(vec[begin:end].reshape(parameter.shape))
            begin = end
