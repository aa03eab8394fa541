"""What to use where Weft lacks a name of PyTorch. Keys are paths in torch, of names or of whole modules."""

_OPTIMIZER = "weft.optim.Adam, AdamW or SGD"
_NUMPY_FFT = "numpy.fft on x.numpy(), where no gradient is needed"
_NUMPY_LINALG = "numpy.linalg on x.numpy(), where no gradient is needed"
_DENSE = "dense tensors, with index_add, scatter_add or gather for sparse access"

INSTEAD = {
    # Modules
    "fft": _NUMPY_FFT,
    "sparse": _DENSE,
    "fx": "weft.jit, whose graph() shows what a function does",
    "export.draft_export": "weft.export.export",
    "export.unflatten": "weft.export.Program.module",
    "onnx": "weft.save for the weights (safetensors, which other tools read)",
    "profiler": "the profile() of a function compiled by weft.jit, or Python's cProfile",
    "func": "weft.autograd.grad, with create_graph=True for higher derivatives",
    "distributed": "a program of one process",
    "jit": "weft.jit(function) to compile, weft.save for the weights",
    "jit.trace": "weft.jit(function): it traces when it is first called",
    "jit.script": "weft.jit(function): it traces a call; weft.cond and weft.while_loop for values",
    "jit.save": "weft.export.save of what weft.export.export gives",
    "jit.load": "weft.export.load",
    "jit.is_scripting": "False: there is no TorchScript",
    # torch
    "compile": "weft.jit",
    "cdist": "(a[:, None] - b[None]).square().sum(-1).sqrt()",
    "cross": "products of components, as a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]",
    "quantile": "weft.sort and indexing",
    "vmap": "ops on tensors with one more dimension: they broadcast",
    "fft.fft": _NUMPY_FFT,
    "stft": _NUMPY_FFT,
    "istft": _NUMPY_FFT,
    "svd": _NUMPY_LINALG,
    "qr": _NUMPY_LINALG,
    "det": _NUMPY_LINALG,
    "inverse": _NUMPY_LINALG,
    "cholesky": _NUMPY_LINALG,
    "sparse_coo_tensor": _DENSE,
    "sparse_csr_tensor": _DENSE,
    "quantize_per_tensor": "half types through weft.autocast",
    "set_default_tensor_type": "weft.set_default_dtype and weft.set_default_device",
    # Tensor
    "Tensor.apply_": "ops on whole tensors",
    "Tensor.map_": "ops on whole tensors",
    "Tensor.to_sparse": _DENSE,
    "Tensor.to_dense": "the tensor itself: all tensors of Weft are dense",
    "Tensor.storage": "x.data_ptr(), x.storage_offset() and x.stride()",
    "Tensor.untyped_storage": "x.data_ptr(), x.storage_offset() and x.stride()",
    "Tensor.resize_": "x.new_empty(size), or reshape",
    "Tensor.unsafe_chunk": "x.chunk",
    "Tensor.unsafe_split": "x.split",
    # nn
    "nn.Module.compile": "weft.jit(model)",
    "nn.Module.xpu": "model.to(device)",
    "nn.Module.ipu": "model.to(device)",
    "nn.Module.mtia": "model.to(device)",
    "nn.DataParallel": "the module itself, on one device",
    # optim
    "optim.SparseAdam": _OPTIMIZER,
    "Generator.clone_state": "a new weft.Generator and set_state(generator.get_state())",
    "Generator.get_offset": "get_state",
    "Generator.set_offset": "set_state",
    "Generator.graphsafe_get_state": "get_state",
    "Generator.graphsafe_set_state": "set_state",
    "autograd.function.FunctionCtx.save_for_forward": "save_for_backward: there are no forward derivatives",
    "autograd.graph.Node.metadata": "attributes of the tensor",
    "autograd.graph.Node.register_hook": "register_hook of the tensor",
    "autograd.graph.Node.register_prehook": "register_hook of the tensor",
    # autograd
    "autograd.functional": "weft.autograd.grad, with create_graph=True for higher derivatives",
    # linalg
    "linalg": _NUMPY_LINALG,
}
