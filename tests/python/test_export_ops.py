"""Every row of the op table through a file: the loaded program has equal ops, and gives the bits of eager computing."""

import pytest
from op_calls import rows_with_dtypes, samples_of, tensors_for
from support import tensors_in, weft_only
from test_jit_ops import UNKNOWN, check_equal, function_of, outcome, traceable

pytestmark = weft_only

# Arguments or results that a program does not take: dtypes, arrays, devices and the like are constants of a function.
OTHER_OBJECTS = ("export: ", "expected tensors, numbers")


@pytest.mark.parametrize("op,dtype", rows_with_dtypes())
def test_through_a_file(w, op, dtype, tmp_path):
    path = tmp_path / "program.safetensors"
    for sample in samples_of(op, dtype):
        function = function_of(w, op)
        args = tensors_for(w, list(sample.args), dtype, "cpu", False)
        kwargs = tensors_for(w, sample.kwargs, dtype, "cpu", False)
        tensors = tensors_in((args, list(kwargs.values())))
        call = with_tensors(function, args, kwargs)
        w.manual_seed(1)
        eager, error = outcome(call, *[t.clone() for t in tensors])
        if error is not None:
            continue
        try:
            program = w.export.export(call, tuple(t.clone() for t in tensors))
        except (RuntimeError, TypeError) as problem:
            if UNKNOWN in str(problem):
                assert not traceable(op), f"{op}{sample}: {problem}"
            else:
                assert all(part in str(problem) for part in OTHER_OBJECTS), f"{op}{sample}: {problem!r}"
            continue
        w.export.save(program, path)
        loaded = w.export.load(path)
        assert loaded._compiled.same_ops(program._compiled), f"{op}{sample}"
        assert loaded._compiled.to_json() == program._compiled.to_json(), f"{op}{sample}"
        for one in (program, loaded):
            w.manual_seed(1)
            results, problem = outcome(one, *[t.clone() for t in tensors])
            assert problem is None, f"{op}{sample}: {problem!r}"
            check_equal(op, sample, eager, results)


def with_tensors(function, args, kwargs):
    """The function of the tensors among its arguments alone."""

    def call(*tensors):
        left = list(tensors)
        result = function(*replaced(args, left), **replaced(kwargs, left))
        return tensors_in(result)

    return call


def replaced(value, left):
    import weft

    if isinstance(value, weft.Tensor):
        return left.pop(0)
    if isinstance(value, dict):
        return {key: replaced(v, left) for key, v in value.items()}
    if type(value) in (list, tuple):
        return type(value)(replaced(v, left) for v in value)
    return value
