"""What to use where Weft lacks a name: INSTEAD of PyTorch's, whose keys are paths in torch, of names or whole modules;
ELSEWHERE of other libraries', by module of Weft."""

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
    "hub.load_state_dict_from_url": "weft.load(path) of a file that weft.datasets.download has fetched",
    "hub.download_url_to_file": "weft.datasets.download",
    "distributed": "a program of one process",
    "jit": "weft.jit(function) to compile, weft.save for the weights",
    "jit.trace": "weft.jit(function): it traces when it is first called",
    "jit.script": "weft.jit(function): it traces a call; weft.cond and weft.while_loop for values",
    "jit.save": "weft.export.save of what weft.export.export gives",
    "jit.load": "weft.export.load",
    "jit.is_scripting": "False: there is no TorchScript",
    # torch
    "cdist": "(a[:, None] - b[None]).square().sum(-1).sqrt()",
    "cross": "products of components, as a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]",
    "quantile": "weft.sort and indexing",
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
    "autograd.graph.Node.metadata": "attributes of the tensor",
    "autograd.graph.Node.register_hook": "register_hook of the tensor",
    "autograd.graph.Node.register_prehook": "register_hook of the tensor",
    # linalg
    "linalg": _NUMPY_LINALG,
}

_LOGGERS = "weft.training.loggers."

ELSEWHERE: dict[str, dict[str, str]] = {
    "weft": {
        "keras": "weft.Model, with compile, fit, evaluate and predict; layers are those of weft.nn",
        "callbacks": "weft.training",
        "layers": "weft.nn",
        "losses": "weft.nn and weft.nn.functional",
        "Variable": "weft.nn.Parameter, or weft.tensor(..., requires_grad=True)",
        "constant": "weft.tensor",
        "function": "weft.jit",
        "reduce_sum": "weft.sum",
        "reduce_mean": "weft.mean",
        "cast": "x.to(dtype)",
    },
    "weft.nn": {
        "Dense": "weft.nn.Linear, or weft.nn.LazyLinear, which finds out the size of its input",
        "BatchNormalization": "weft.nn.BatchNorm1d, BatchNorm2d or BatchNorm3d",
        "LayerNormalization": "weft.nn.LayerNorm",
        "GlobalAveragePooling2D": "weft.nn.AdaptiveAvgPool2d(1), then weft.nn.Flatten",
        "MaxPooling2D": "weft.nn.MaxPool2d",
        "Conv2DTranspose": "weft.nn.ConvTranspose2d",
        "Input": "nothing: a module is called with tensors",
    },
    "weft.metrics": {
        "AUROC": "weft.metrics.ROCAUC",
        "AUC": "weft.metrics.ROCAUC",
        "JaccardIndex": "weft.metrics.IoU",
        "MeanIoU": "weft.metrics.IoU",
        "MeanMetric": "weft.metrics.Mean",
        "MulticlassAccuracy": "weft.metrics.Accuracy",
        "BinaryAccuracy": "weft.metrics.Accuracy",
        "WordErrorRate": "weft.metrics.WER",
        "CharErrorRate": "weft.metrics.CER",
        "ROUGEScore": "weft.metrics.ROUGE",
        "BLEUScore": "weft.metrics.BLEU",
    },
    "weft.training": {
        "AverageMeter": "weft.training.Average",
        "CSVLogger": _LOGGERS + "CSVLogger",
        "TensorBoard": _LOGGERS + "TensorBoardLogger",
        "TensorBoardLogger": _LOGGERS + "TensorBoardLogger",
        "WandbLogger": _LOGGERS + "WandbLogger",
        "BackupAndRestore": "fit(..., resume='last') of a weft.Trainer with checkpoint_folder",
        "TerminateOnNaN": "nothing: a loss that is not finite ends training (on_nonfinite= of weft.Trainer)",
        "ReduceLROnPlateau": "schedule= of weft.Trainer, with weft.optim.lr_scheduler.ReduceLROnPlateau",
        "ProgbarLogger": "progress= of weft.Trainer",
    },
    "weft.models": {
        "get_model": "the functions of weft.models, such as weft.models.resnet18",
        "list_models": "dir(weft.models)",
    },
    "weft.datasets": {
        "FakeData": "weft.utils.data.TensorDataset of random tensors",
        "ImageNet": "weft.datasets.ImageFolder",
        "load_dataset": "datasets.load_dataset of Hugging Face, and weft.datasets.HuggingFace",
    },
}
