"""All parameters of a model as one vector, and back."""

import weft
from weft import _C
from weft._checks import check_tensors, tensors_of


def parameters_to_vector(parameters):
    """The parameters, one after the other, as one vector.

    >>> import weft
    >>> weft.nn.utils.parameters_to_vector([weft.ones(1, 2), weft.zeros(1)])
    tensor([1., 1., 0.])
    """
    parameters = tensors_of("parameters_to_vector", "parameters", parameters)
    return weft.cat([parameter.reshape(-1) for parameter in parameters])


def vector_to_parameters(vec, parameters):
    """Copies the parts of the vector into the parameters. ValueError if it is not exactly as long as they are together.

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
