"""A call that works for every public callable: from a recipe, from the layers' table, or found by trying."""

import functools

import distribution_calls
import numpy as np
import public_calls_nn
from callables import CALLS, LAYERS, LOSSES, OPTIMIZERS, SCHEDULES, _inputs, _parameters
from test_every_name import CANDIDATES, RECEIVERS, SPECIAL, made
from test_every_name import LAYERS as FUNCTIONALS

COVERED = {f"weft.{call}": call for call in CALLS if "-" not in str(call)}

# Not called here, with the reason.
LEFT_OUT = {
    "weft.optim.LBFGS.step": "calls a closure of the user, which it checks; see test_optimizers.py",
    "weft.nn.Container": "takes modules by any name, as in PyTorch",
    "weft.nn.modules.lazy.LazyModuleMixin": "written by users, before a Module",
    "weft.nn.lazy.LazyModuleMixin.initialize_parameters": "written by users",
    "weft.nn.lazy_conv._LazyConvTranspose.initialize_parameters": "leaves output_size to forward, which checks it",
    "weft.nn.parameter.is_lazy": "takes anything",
    "weft.Node": "made by autograd alone",
    "weft.OutOfMemoryError": "an exception takes anything",
    "weft.autograd.GradcheckError": "an exception takes anything",
    "weft.autograd.forward_ad.UnpackedDualTensor": "a named tuple takes anything",
    "weft.autograd.forward_ad.make_dual": "works inside of a level only: see test_forward_mode.py",
    "weft.nn.Identity": "takes and ignores everything, as in PyTorch",
    "weft.nn.Identity.forward": "see Identity",
    "weft.nn.module.Module.forward": "written by users",
    "weft.nn.Module": "written by users",
    "weft.autograd.Function.forward": "written by users",
    "weft.autograd.Function.backward": "written by users",
    "weft.optim.Optimizer": "written by users",
    "weft.nn.utils.rnn.PackedSequence": "takes anything, for trees of arguments that are rebuilt with other objects",
    "weft.utils.checkpoint.CheckpointError": "takes anything, as exceptions do",
    "weft.torch_alias": "changes what modules are imported",
    "weft.autograd.FunctionCtx": "made by Function.apply alone",
    "weft.utils.hooks.RemovableHandle": "made by registering a hook alone",
    "weft.nn.module.Module.get_extra_state": "written by users",
    "weft.nn.module.Module.set_extra_state": "written by users",
    "weft.optim.optimizer.Optimizer.step": "written by users",
    "weft.optim.lr_scheduler.LRScheduler": "written by users",
    "weft.autograd.Function": "written by users",
    "weft.dtype": "its objects are weft.float32 and so on",
    "weft.layout": "its object is weft.strided",
    "weft.memory_format": "its objects are weft.contiguous_format and weft.preserve_format",
    "weft.cuda.DeviceProperties": "made by get_device_properties alone",
    "weft.memory.Holder": "made by weft.memory.holders alone",
    "weft.utils.data.Sampler": "written by users",
    "weft.utils.data.WorkerInfo": "made by workers alone",
    "weft.cuda.make_graphed_callables": "says what to use instead",
    "weft.cuda.CUDAGraph.capture_begin": "leaves the process recording",
    "weft.cuda.CUDAGraph.capture_end": "needs a recording",
    "weft.cuda.CUDAGraph.replay": "needs a recording",
    "weft._jit.Graph.svg": "needs graphviz",
    "weft.export.ExportedProgram": "made by export alone",
    "weft.export.ExportGraphSignature": "made by graph_signature alone",
    **distribution_calls.LEFT_OUT,
}


def _sgd(w):
    return w.optim.SGD(_parameters(w), lr=0.1, momentum=0.9)


def _stepped(w):
    optimizer = _sgd(w)
    for p in optimizer.param_groups[0]["params"]:
        p.grad = w.ones_like(p)
    optimizer.step()
    return optimizer


def _schedule(w, name):
    keywords = {k: v for k, v in SCHEDULES[name].items() if k != "last_epoch"}
    return getattr(w.optim.lr_scheduler, name)(_stepped(w), **keywords)


def _combined(w, name):
    schedules, optimizer = w.optim.lr_scheduler, _stepped(w)
    parts = [schedules.StepLR(optimizer, 2), schedules.ExponentialLR(optimizer, 0.5)]
    if name == "ChainedScheduler":
        return schedules.ChainedScheduler(parts)
    return schedules.SequentialLR(optimizer, parts, [2])


def _model(w):
    model = w.nn.Sequential(w.nn.Linear(2, 2), w.nn.BatchNorm1d(2))
    model.register_buffer("kept", w.ones(2))
    return model


def _tape(w):
    with w.GradientTape(persistent=True) as tape:
        return tape


def _result(w):
    return w.ones(2, requires_grad=True) * 2


def _double(w, x):
    return x * 2


def _modules(w):
    nn = w.nn
    return {
        "Sequential": lambda: nn.Sequential(nn.Tanh(), nn.Tanh()),
        "ModuleList": lambda: nn.ModuleList([nn.Tanh()]),
        "ModuleDict": lambda: nn.ModuleDict({"a": nn.Tanh()}),
        "ParameterList": lambda: nn.ParameterList(_parameters(w)),
        "ParameterDict": lambda: nn.ParameterDict({"a": _parameters(w)[0]}),
        "Module": lambda: _model(w),
    }


def receiver(w, cls, base):
    """An object of the class, to call a method of its base on."""
    name = "Normal" if base.__name__ == "Distribution" else cls.__name__  # which has all that the base offers
    if name.startswith("Lazy") and "Lazy" not in base.__name__:
        name = name[4:]  # the layer that it becomes
    if name == "Module" or base.__name__ in ("Module", "ModuleHooks"):
        return _model(w)
    if name in public_calls_nn.RECEIVERS:
        return public_calls_nn.RECEIVERS[name](w)
    if name in LAYERS or name in LOSSES:
        return getattr(w.nn, name)(*(LAYERS.get(name) or ()), **LOSSES.get(name, {}))
    if name in _modules(w):
        return _modules(w)[name]()
    if name == "RNNBase":
        return w.nn.RNNBase("GRU", 4, 3)
    if name == "LBFGS":
        optimizer = w.optim.LBFGS(_parameters(w))
        optimizer.param_groups.clear()  # there can be one only
        return optimizer
    if name == "Muon":
        return getattr(w.optim, name)([w.nn.Parameter(w.ones(2, 2))])
    if base.__name__ == "SWALR":
        return w.optim.swa_utils.SWALR(_stepped(w), 0.5)
    if name in OPTIMIZERS or name == "Optimizer":
        return _sgd(w)
    if base.__name__ == "LRScheduler":
        return _schedule(w, "StepLR")
    if name in ("ChainedScheduler", "SequentialLR"):
        return _combined(w, name)
    if name in SCHEDULES or name == "LRScheduler":
        return _schedule(w, name if name in SCHEDULES else "StepLR")
    makers = {
        "Generator": lambda: w.Generator(),
        "AveragedModel": lambda: w.optim.swa_utils.AveragedModel(w.nn.Linear(2, 2)),
        "DistributedSampler": lambda: w.utils.data.DistributedSampler([1, 2, 3], 2, 0),
        "DataLoader": lambda: w.utils.data.DataLoader(range(4)),
        "FiniteGuard": lambda: w.nn.utils.FiniteGuard(w.nn.Linear(2, 2)),
        "dtype": lambda: w.float32,
        "GradientTape": lambda: _tape(w),
        "Node": lambda: _result(w).grad_fn,
        "Size": lambda: w.Size([1, 2]),
        "GradScaler": lambda: w.amp.GradScaler("cpu"),
        "FunctionCtx": lambda: w.autograd.FunctionCtx((True,)),
        "Function": lambda: _twice(w),
        "CUDAGraph": lambda: w.cuda.CUDAGraph(),
        "PackedSequence": lambda: _packed(w),
        "RNNCellBase": lambda: w.nn.RNNCellBase(4, 3, True, 1),
        "Event": lambda: _event(w),
        "Stream": lambda: w.cuda.Stream(),
        "Parameter": lambda: _parameters(w)[0],
        "UninitializedBuffer": lambda: w.nn.UninitializedBuffer(),
        "Jitted": lambda: w.jit(lambda x: x * 2),
        "Graph": lambda: w.jit(lambda x: x * 2).graph(w.ones(2)),
        "Program": lambda: _program(w),
        "RemovableHandle": lambda: (
            w.ones(2, requires_grad=True).register_hook(lambda g: None)
            if cls.__module__ == "weft._tensor"
            else _model(w).register_forward_hook(lambda module, args, output: None)
        ),
        "autocast": lambda: w.autocast("cpu"),
        **{each: functools.partial(make, w) for each, make in distribution_calls.OBJECTS.items()},
    }
    return makers[name]()


def _packed(w):
    return w.nn.utils.rnn.pack_sequence([w.ones(2), w.ones(1)])


def _recurrent(w, name):
    rows, h = {"lstm": 12, "gru": 9}.get(name, 3), w.zeros(1, 2, 3)
    weights = [w.ones(rows, 4), w.ones(rows, 3)]
    return (w.ones(5, 2, 4), (h, h) if name == "lstm" else h, weights, False, 1, 0.0, False, False, False)


def _event(w):
    event = w.cuda.Event(enable_timing=True)
    if w.cuda.is_available():
        event.record()
    return event


def _twice(w):
    class Twice(w.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    return Twice


def _saved(w):
    w.save({"a": w.ones(2)}, "saved.safetensors")
    return ("saved.safetensors",)


def _program(w):
    return w.export.export(lambda x: x * 2, (w.ones(2),))


def _saved_program(w):
    w.export.save(_program(w), "program.safetensors")
    return ("program.safetensors",)


def _pair(w):
    x = w.ones(2, requires_grad=True)
    return (x * 2).sum(), x


def _gradcheck(w):
    return (lambda x: x * x, (w.ones(2, dtype=w.float64, requires_grad=True),))


def _of_gradients(w):
    (p,) = parameters = _parameters(w)
    p.grad = w.ones_like(p)
    return parameters


def _scaled(w):
    return (w.optim.SGD(_of_gradients(w), lr=0.1),)


# Positional arguments by path; (args, kwargs) where keywords are needed.
RECIPES = {
    "weft.Size": lambda w: ([1, 2],),
    "weft.Tensor": lambda w: (2, 3),
    "weft.arange": lambda w: (1, 5, 2),
    "weft.as_tensor": lambda w: ([1, 2],),
    "weft.asarray": lambda w: ([1, 2],),
    "weft.autocast": lambda w: ("cpu",),
    "weft.broadcast_shapes": lambda w: ((2, 1), (3,)),
    "weft.dropout": lambda w: (w.ones(2, 3), 0.5, True),
    "weft.can_cast": lambda w: (w.float32, w.float64),
    **{f"weft.{name}": lambda w: ([w.ones(2, 2), w.ones(2, 2)],) for name in ("cat", "concat", "concatenate", "stack")},
    **{f"weft.{d}stack": lambda w: ([w.ones(2, 2), w.ones(2, 2)],) for d in ("h", "v", "d", "row_", "column_")},
    "weft.compile": lambda w: (lambda x: x * 2,),
    "weft.cond": lambda w: (w.tensor(True), lambda x: x * 2, lambda x: x * 3, (w.ones(2),)),
    "weft.device": lambda w: ("cpu",),
    "weft.einsum": lambda w: ("ij,jk", w.ones(2, 3), w.ones(3, 2)),
    "weft.empty": lambda w: (2, 3),
    "weft.empty_strided": lambda w: ((2, 3), (3, 1)),
    "weft.enable_grad": lambda w: (),
    "weft.eye": lambda w: (2, 3),
    "weft.export.Dim": lambda w: ("n",),
    "weft.export.ExportedProgram.load_state_dict": lambda w: ({},),
    "weft.export.export": lambda w: (lambda x: x * 2, (w.ones(2),)),
    "weft.export.load": _saved_program,
    "weft.export.save": lambda w: (_program(w), "program.safetensors"),
    "weft.finfo": lambda w: (w.float32,),
    "weft.from_dlpack": lambda w: (w.ones(2),),
    "weft.from_numpy": lambda w: (np.ones(2),),
    "weft.frombuffer": lambda w: ((bytearray(8),), dict(dtype=w.float32)),
    "weft.full": lambda w: ((2, 3), 1.5),
    "weft.get_autocast_dtype": lambda w: ("cpu",),
    "weft.iinfo": lambda w: (w.int8,),
    "weft.inference_mode": lambda w: (),
    "weft.jit": lambda w: (lambda x: x * 2,),
    "weft.linspace": lambda w: (0.0, 1.0, 5),
    "weft.logspace": lambda w: (0.0, 1.0, 5),
    "weft.load": _saved,
    "weft.manual_seed": lambda w: (3,),
    "weft.map": lambda w: (lambda x: x * 2, w.ones(2, 3)),
    "weft.no_grad": lambda w: (),
    "weft.promote_types": lambda w: (w.float32, w.float64),
    "weft.rand": lambda w: (2, 3),
    "weft.randn": lambda w: (2, 3),
    "weft.ones": lambda w: (2, 3),
    "weft.zeros": lambda w: (2, 3),
    "weft.randint": lambda w: (1, 5, (2, 3)),
    "weft.randperm": lambda w: (4,),
    "weft.result_type": lambda w: (w.ones(2), 3),
    "weft.save": lambda w: ({"a": w.ones(2)}, "file.safetensors"),
    "weft.scan": lambda w: (lambda carry, x: (carry + x, carry), w.zeros(3), w.ones(2, 3)),
    "weft.set_default_device": lambda w: ("cpu",),
    "weft.set_default_dtype": lambda w: (w.float64,),
    "weft.set_float32_matmul_precision": lambda w: ("highest",),
    "weft.set_grad_enabled": lambda w: (True,),
    "weft.set_num_interop_threads": lambda w: (2,),
    "weft.set_num_threads": lambda w: (2,),
    "weft.set_printoptions": lambda w: (4,),
    "weft.set_rng_state": lambda w: (w.get_rng_state(),),
    "weft.tensor": lambda w: ([1, 2],),
    "weft.tril_indices": lambda w: (3, 3),
    "weft.triu_indices": lambda w: (3, 3),
    "weft.use_deterministic_algorithms": lambda w: (True,),
    "weft.while_loop": lambda w: (lambda x: x.sum() < 10, lambda x: (x * 2,), (w.ones(2),)),
    "weft.accelerator.device_index": lambda w: (0,),
    "weft.accelerator.set_device_idx": lambda w: (0,),
    "weft.accelerator.set_stream": lambda w: (w.cuda.Stream(),),
    "weft.amp.GradScaler": lambda w: ("cpu",),
    "weft.autograd.FunctionCtx": lambda w: ((True,),),
    "weft.autograd.Variable": lambda w: (w.ones(2),),
    "weft.autograd.backward": lambda w: (_pair(w)[0],),
    "weft.autograd.grad": _pair,
    "weft.autograd.gradcheck": _gradcheck,
    "weft.autograd.gradgradcheck": _gradcheck,
    **{
        f"weft.autograd.functional.{name}": lambda w: (lambda x: x.sum(), w.ones(2))
        for name in ("hessian", "jacobian", "vjp")
    },
    **{
        f"weft.autograd.functional.{name}": lambda w: (lambda x: x.sum(), w.ones(2), w.ones(2))
        for name in ("hvp", "jvp", "vhp")
    },
    "weft.autograd.once_differentiable": lambda w: (lambda ctx, g: g,),
    "weft.autograd.set_detect_anomaly": lambda w: (False,),
    "weft.cuda.device": lambda w: (0,),
    "weft.cuda.graph": lambda w: (w.cuda.CUDAGraph(),),
    "weft.cuda.stream": lambda w: (w.cuda.Stream(),),
    "weft.cuda.set_device": lambda w: (0,),
    "weft.cuda.set_memory_limit": lambda w: (None,),
    "weft.cuda.set_per_process_memory_fraction": lambda w: (1.0,),
    "weft.vmap": lambda w: (lambda x: x * 2,),
    **{
        f"weft.func.{name}": lambda w: (lambda x: x.sum(),)
        for name in ("grad", "grad_and_value", "value_and_grad", "hessian", "jacfwd", "jacrev", "vmap")
    },
    **{f"weft.func.{name}": lambda w: (lambda x: x.sum(), w.ones(2)) for name in ("linearize", "vjp")},
    "weft.func.jvp": lambda w: (lambda x: x.sum(), (w.ones(2),), (w.ones(2),)),
    "weft.func.functional_call": lambda w: (_model(w), {}, (w.ones(3, 2),)),
    "weft.func.stack_module_state": lambda w: ([_model(w), _model(w)],),
    "weft.linalg.matrix_norm": lambda w: (w.ones(2, 2),),
    "weft.memory.label_layers": lambda w: (_model(w),),
    "weft.summary": lambda w: ((_model(w),), dict(input_size=(3, 2))),
    "weft.memory.set_limit": lambda w: (1 << 30,),
    "weft.testing.assert_close": lambda w: (w.ones(2), w.ones(2)),
    "weft.testing.make_tensor": lambda w: ((2, 3), dict(dtype=w.float32, device="cpu")),
    "weft.nn.init.calculate_gain": lambda w: ("relu",),
    "weft.nn.init.dirac_": lambda w: (w.ones(3, 2, 3),),
    "weft.nn.init.sparse_": lambda w: (w.ones(3, 2), 0.5),
    "weft.nn.utils.clip_grad_norm_": lambda w: (_of_gradients(w), 1.0),
    "weft.nn.utils.clip_grad_value_": lambda w: (_of_gradients(w), 1.0),
    "weft.nn.utils.clip_grads_with_norm_": lambda w: (_of_gradients(w), 1.0, w.tensor(2.0)),
    "weft.nn.utils.get_total_norm": lambda w: ([w.ones(2)],),
    **{f"weft.{name}": lambda w, name=name: _recurrent(w, name) for name in ("lstm", "gru", "rnn_tanh", "rnn_relu")},
    "weft.lstm_cell": lambda w: (w.ones(2, 4), (w.ones(2, 3), w.ones(2, 3)), w.ones(12, 4), w.ones(12, 3)),
    "weft.gru_cell": lambda w: (w.ones(2, 4), w.ones(2, 3), w.ones(9, 4), w.ones(9, 3)),
    "weft.rnn_tanh_cell": lambda w: (w.ones(2, 4), w.ones(2, 3), w.ones(3, 4), w.ones(3, 3)),
    "weft.rnn_relu_cell": lambda w: (w.ones(2, 4), w.ones(2, 3), w.ones(3, 4), w.ones(3, 3)),
    "weft.nn.LSTM.check_forward_args": lambda w: (w.ones(5, 2, 4), (w.ones(4, 5, 2), w.ones(4, 5, 3)), None),
    "weft.nn.LSTM.get_expected_cell_size": lambda w: (w.ones(5, 2, 4), None),
    "weft.nn.LSTM.permute_hidden": lambda w: ((w.ones(1, 2, 3), w.ones(1, 2, 3)), w.tensor([1, 0])),
    "weft.nn.RNNBase": lambda w: ("LSTM", 4, 3, 2, True, True, 0.5, True, 2),
    "weft.nn.RNNCellBase": lambda w: (4, 3, True, 2),
    "weft.nn.recurrent_base.RNNBase.check_forward_args": lambda w: (w.ones(5, 2, 4), w.ones(4, 5, 3), None),
    "weft.nn.recurrent_base.RNNBase.check_hidden_size": lambda w: (w.ones(1, 2, 3), (1, 2, 3)),
    "weft.nn.recurrent_base.RNNBase.check_input": lambda w: (w.ones(5, 2, 4), None),
    "weft.nn.recurrent_base.RNNBase.get_expected_hidden_size": lambda w: (w.ones(5, 2, 4), None),
    "weft.nn.recurrent_base.RNNBase.permute_hidden": lambda w: (w.ones(1, 2, 3), w.tensor([1, 0])),
    "weft.nn.utils.rnn.PackedSequence": lambda w: (w.ones(3), w.tensor([2, 1])),
    "weft.nn.utils.rnn.PackedSequence.to": lambda w: (w.float64,),
    "weft.nn.utils.rnn.invert_permutation": lambda w: (w.tensor([1, 0]),),
    "weft.nn.utils.rnn.pack_padded_sequence": lambda w: (w.ones(3, 2), [3, 2]),
    "weft.nn.utils.rnn.pack_sequence": lambda w: ([w.ones(2), w.ones(1)],),
    "weft.nn.utils.rnn.pad_packed_sequence": lambda w: (_packed(w),),
    "weft.nn.utils.rnn.unpack_sequence": lambda w: (_packed(w),),
    "weft.nn.utils.rnn.pad_sequence": lambda w: ([w.ones(2, 3), w.ones(1, 3)],),
    "weft.nn.utils.rnn.unpad_sequence": lambda w: (w.ones(2, 2, 3), w.tensor([2, 1])),
    "weft.return_types.median": lambda w: ((w.ones(2), w.ones(2)),),
    "weft.nn.utils.parameters_to_vector": lambda w: (_parameters(w),),
    "weft.nn.utils.vector_to_parameters": lambda w: (w.ones(6), _parameters(w)),
    "weft.nn.AdaptiveLogSoftmaxWithLoss.log_prob": lambda w: (w.ones(2, 4),),
    "weft.nn.AdaptiveLogSoftmaxWithLoss.predict": lambda w: (w.ones(2, 4),),
    "weft.nn.EmbeddingBag.from_pretrained": lambda w: (w.ones(2, 3),),
    "weft.nn.LazyLinear.initialize_parameters": lambda w: (w.ones(2, 3),),
    "weft.nn.lazy_conv._LazyConv.initialize_parameters": lambda w: (w.ones(2, 4, 6),),
    "weft.nn.lazy_norm._LazyNorm.initialize_parameters": lambda w: (w.ones(2, 4, 6),),
    "weft.nn.parameter.UninitializedTensorMixin.materialize": lambda w: ((2,),),
    "weft.nn.SyncBatchNorm.convert_sync_batchnorm": lambda w: (w.nn.Sequential(w.nn.BatchNorm1d(2)),),
    "weft.nn.functional.ctc_loss": lambda w: (w.zeros(3, 1, 4), w.tensor([[1, 2]]), (3,), (2,)),
    "weft.nn.functional.embedding_bag": lambda w: (w.tensor([[1, 2]]), w.ones(3, 2)),
    "weft.nn.functional.linear_cross_entropy": lambda w: (w.ones(2, 4), w.ones(3, 4), w.tensor([1, 2])),
    "weft.nn.Parameter": lambda w: (w.ones(2),),
    "weft.nn.Sequential": lambda w: (w.nn.Tanh(),),
    "weft.nn.ModuleList": lambda w: ([w.nn.Tanh()],),
    "weft.nn.ModuleDict": lambda w: ({"a": w.nn.Tanh()},),
    "weft.nn.ParameterList": lambda w: (_parameters(w),),
    "weft.nn.ParameterDict": lambda w: ({"a": _parameters(w)[0]},),
    "weft.optim.lr_scheduler.ChainedScheduler": lambda w: ([_schedule(w, "StepLR")],),
    "weft.optim.lr_scheduler.SequentialLR": lambda w: (
        (o := _stepped(w)),
        [w.optim.lr_scheduler.StepLR(o, 2), w.optim.lr_scheduler.ExponentialLR(o, 0.5)],
        [2],
    ),
    "weft.utils.data.ChainDataset": lambda w: ([[1, 2], [3]],),
    "weft.utils.data.ConcatDataset": lambda w: ([[1, 2], [3]],),
    "weft.utils.data.Dataset": lambda w: (),
    "weft.utils.data.IterableDataset": lambda w: (),
    "weft.utils.save_image": lambda w: (w.ones(3, 2, 2), "file.png"),
    "weft.utils.data.SequentialSampler": lambda w: ([1, 2],),
    "weft.utils.data.StackDataset": lambda w: ([1, 2], [3, 4]),
    "weft.utils.data.SubsetRandomSampler": lambda w: ([1, 2],),
    "weft.utils.data.TensorDataset": lambda w: (w.ones(2, 3), w.ones(2)),
    "weft.utils.data.default_collate": lambda w: ([w.ones(2), w.ones(2)],),
    "weft.utils.data.default_convert": lambda w: (np.ones(2),),
    "weft.Generator.manual_seed": lambda w: (3,),
    "weft.GradientTape.watch": lambda w: (w.ones(2),),
    **{f"weft.GradientTape.{name}": lambda w: (w.ones(2), w.ones(2)) for name in ("gradient", "jacobian")},
    "weft.Generator.set_state": lambda w: (w.Generator().get_state(),),
    "weft.Tensor.to": lambda w: (w.float64,),
    "weft.Tensor.type": lambda w: (w.float64,),
    "weft.Tensor.new": lambda w: (2, 3),
    "weft.Tensor.record_stream": lambda w: (w.cuda.Stream(),),
    "weft.amp.GradScaler.scale": lambda w: (w.ones(2),),
    "weft.amp.GradScaler.unscale_": _scaled,
    "weft.amp.GradScaler.step": _scaled,
    "weft.amp.GradScaler.update": lambda w: (4.0,),
    "weft.amp.GradScaler.set_growth_factor": lambda w: (3.0,),
    "weft.amp.GradScaler.set_backoff_factor": lambda w: (0.25,),
    "weft.amp.GradScaler.set_growth_interval": lambda w: (10,),
    "weft.amp.GradScaler.load_state_dict": lambda w: (w.amp.GradScaler("cpu").state_dict(),),
    "weft.autograd.Function.apply": lambda w: (w.ones(2),),
    "weft.autograd.FunctionCtx.save_for_backward": lambda w: (w.ones(2),),
    "weft.autograd.FunctionCtx.mark_dirty": lambda w: (w.ones(2),),
    "weft.autograd.FunctionCtx.mark_non_differentiable": lambda w: (w.ones(2),),
    "weft.autograd.FunctionCtx.set_materialize_grads": lambda w: (True,),
    "weft.cuda.CUDAGraph.on_replay": lambda w: (lambda: None,),
    "weft.cuda.Event.elapsed_time": lambda w: (_event(w),),
    "weft.cuda.Stream.wait_event": lambda w: (w.cuda.Event(),),
    "weft.cuda.Stream.wait_stream": lambda w: (w.cuda.Stream(),),
    "weft.nn.module.Module.register_parameter": lambda w: ("p", _parameters(w)[0]),
    "weft.nn.module.Module.register_buffer": lambda w: ("p", w.ones(2)),
    "weft.nn.module.Module.register_module": lambda w: ("p", w.nn.Tanh()),
    "weft.nn.module.Module.add_module": lambda w: ("p", w.nn.Tanh()),
    "weft.nn.module.Module.get_submodule": lambda w: ("0",),
    "weft.nn.module.Module.get_parameter": lambda w: ("0.weight",),
    "weft.nn.module.Module.get_buffer": lambda w: ("kept",),
    "weft.nn.module.Module.apply": lambda w: (lambda m: None,),
    "weft.nn.module.Module.to": lambda w: (w.float64,),
    "weft.nn.module.Module.type": lambda w: (w.float64,),
    "weft.nn.module.Module.to_empty": lambda w: ((), dict(device="cpu")),
    "weft.nn.module.Module.load_state_dict": lambda w: (_model(w).state_dict(),),
    "weft.nn.Embedding.from_pretrained": lambda w: (w.ones(3, 2),),
    "weft.nn.ModuleDict.pop": lambda w: ("a",),
    "weft.nn.ModuleDict.update": lambda w: ({"b": w.nn.Tanh()},),
    "weft.nn.ModuleList.append": lambda w: (w.nn.Tanh(),),
    "weft.nn.ModuleList.extend": lambda w: ([w.nn.Tanh()],),
    "weft.nn.ModuleList.insert": lambda w: (0, w.nn.Tanh()),
    "weft.nn.ModuleList.pop": lambda w: (0,),
    "weft.nn.ParameterDict.get": lambda w: ("a",),
    "weft.nn.ParameterDict.pop": lambda w: ("a",),
    "weft.nn.ParameterDict.update": lambda w: ({"b": _parameters(w)[0]},),
    "weft.nn.ParameterList.append": lambda w: (_parameters(w)[0],),
    "weft.nn.ParameterList.extend": lambda w: (_parameters(w),),
    "weft.nn.Sequential.append": lambda w: (w.nn.Tanh(),),
    "weft.nn.Sequential.extend": lambda w: ([w.nn.Tanh()],),
    "weft.nn.Sequential.insert": lambda w: (0, w.nn.Tanh()),
    "weft.nn.Sequential.pop": lambda w: (0,),
    "weft.nn.Sequential.forward": lambda w: (w.ones(2),),
    **{
        f"weft.optim.optimizer.Optimizer.register_{name}_hook": lambda w: (lambda *args: None,)
        for name in ("step_pre", "step_post", "state_dict_pre", "state_dict_post", "load_state_dict_pre")
    },
    "weft.optim.optimizer.Optimizer.register_load_state_dict_post_hook": lambda w: (lambda *args: None,),
    "weft.optim.optimizer.register_optimizer_step_pre_hook": lambda w: (lambda *args: None,),
    "weft.optim.optimizer.register_optimizer_step_post_hook": lambda w: (lambda *args: None,),
    "weft.optim.composed.ComposedOptimizer.add_param_group": lambda w: ({"params": _parameters(w)},),
    "weft.optim.LBFGS.add_param_group": lambda w: ({"params": _parameters(w)},),
    "weft.optim.swa_utils.AveragedModel": lambda w: (w.nn.Linear(2, 2),),
    "weft.optim.swa_utils.AveragedModel.forward": lambda w: (w.ones(1, 2),),
    "weft.optim.swa_utils.AveragedModel.update_parameters": lambda w: (w.nn.Linear(2, 2),),
    "weft.optim.swa_utils.SWALR": lambda w: (_stepped(w), 0.5),
    "weft.optim.swa_utils.update_bn": lambda w: ([w.ones(2, 3)], w.nn.BatchNorm1d(3)),
    "weft.utils.data.DistributedSampler": lambda w: ([1, 2, 3], 2, 0),
    "weft.utils.data.DistributedSampler.set_epoch": lambda w: (1,),
    "weft.utils.checkpoint.checkpoint": lambda w: (w.exp, w.ones(2)),
    "weft.utils.checkpoint.checkpoint_sequential": lambda w: ([w.exp, w.sin], 2, w.ones(2)),
    "weft.utils.checkpoint.set_checkpoint_early_stop": lambda w: (True,),
    "weft.utils.swap_tensors": lambda w: (w.ones(2), w.zeros(3)),
    "weft.__future__.set_overwrite_module_params_on_conversion": lambda w: (False,),
    "weft.__future__.set_swap_module_params_on_conversion": lambda w: (False,),
    "weft.Tensor.module_load": lambda w: (w.ones(2, 3),),
    "weft.autograd.graph.saved_tensors_hooks": lambda w: (lambda t: t, lambda t: t),
    "weft.autograd.graph.disable_saved_tensors_hooks": lambda w: ("not here",),
    "weft.nn.utils.FiniteGuard": lambda w: (w.nn.Linear(2, 2),),
    "weft.nn.utils.FiniteGuard.watch": lambda w: (_sgd(w),),
    "weft.optim.optimizer.Optimizer.add_param_group": lambda w: ({"params": _parameters(w)},),
    "weft.utils.data.DataLoader.state_dict": lambda w: (),
    "weft.utils.data.DataLoader.load_state_dict": lambda w: (w.utils.data.DataLoader(range(4)).state_dict(),),
    "weft.optim.optimizer.Optimizer.load_state_dict": lambda w: (_sgd(w).state_dict(),),
    "weft.optim.lr_scheduler.combined._Combined.load_state_dict": lambda w: (
        _combined(w, "ChainedScheduler").state_dict(),
    ),
    "weft.optim.lr_scheduler.base.LRScheduler.load_state_dict": lambda w: (_schedule(w, "StepLR").state_dict(),),
    "weft.optim.lr_scheduler.LambdaLR.load_state_dict": lambda w: (_schedule(w, "LambdaLR").state_dict(),),
    "weft.optim.lr_scheduler.ReduceLROnPlateau.step": lambda w: (1.0,),
}


# Methods by name, of whatever class
METHODS_LEFT_OUT = {"factor": "a schedule's formula", "is_better": "a schedule's formula"}
HOOKS = {
    "register_forward_pre_hook": lambda module, args: None,
    "register_forward_hook": lambda module, args, output: None,
    "register_full_backward_pre_hook": lambda module, grad: None,
    "register_full_backward_hook": lambda module, grad, other: None,
    "register_backward_hook": lambda module, grad, other: None,
    "register_state_dict_pre_hook": lambda *args: None,
    "register_state_dict_post_hook": lambda *args: None,
    "register_load_state_dict_pre_hook": lambda *args: None,
    "register_load_state_dict_post_hook": lambda *args: None,
}
GLOBAL_HOOKS = ("forward", "forward_pre", "backward", "full_backward", "full_backward_pre")
GLOBAL_HOOKS += ("buffer_registration", "module_registration", "parameter_registration")
RECIPES |= {
    "weft._jit.Jitted.profile": lambda w: (w.ones(2),),
    "weft._C._Jit.compile": lambda w: (w.ones(2),),
    "weft._jit.Jitted.dump": lambda w: ("dumped",),
    **{f"weft._jit.Jitted.{name}": lambda w: (w.ones(2),) for name in ("graph", "backward_graph", "memory_plan")},
}
RECIPES |= {
    f"weft.nn.modules.module.register_module_{name}_hook": lambda w: (lambda *a: None,) for name in GLOBAL_HOOKS
}
for _dims in (1, 2, 3):
    _sizes = {"x": (1, 1, *[3] * _dims), "weight": (1, 1, *[2] * _dims), "y": (1, 1, *[2] * _dims)}
    RECIPES[f"weft.nn.grad.conv{_dims}d_input"] = lambda w, s=_sizes: (s["x"], w.ones(s["weight"]), w.ones(s["y"]))
    RECIPES[f"weft.nn.grad.conv{_dims}d_weight"] = lambda w, s=_sizes: (w.ones(s["x"]), s["weight"], w.ones(s["y"]))
RECIPES["weft.nn.modules.utils.consume_prefix_in_state_dict_if_present"] = lambda w: ({"a.b": 1}, "a.")
RECIPES |= distribution_calls.RECIPES
RECIPES |= {f"weft.nn.module_hooks.ModuleHooks.{name}": lambda w, f=hook: (f,) for name, hook in HOOKS.items()}
RECIPES |= public_calls_nn.RECIPES
LEFT_OUT |= public_calls_nn.LEFT_OUT


class NoCall(Exception):
    """No call of this callable is known that works."""


def _recipe(w, item):
    given = RECIPES[item.path](w)
    if len(given) == 2 and isinstance(given[0], tuple) and isinstance(given[1], dict):
        return given
    return tuple(given), {}


def _tries(w, item):
    """Makers of (function, args, kwargs), the first one of which that works is the call."""
    name, owner = item.name, item.owner
    if item.path in COVERED:
        yield lambda: COVERED[item.path].make(w)
    elif item.path in RECIPES:

        def make():
            args, kwargs = _recipe(w, item)
            if owner is w.Tensor:
                return getattr(w.ones(2, 3, requires_grad=name == "backward"), name), list(args), dict(kwargs)
            function = item.value if owner is None else getattr(receiver(w, owner, item.base), name)
            return function, list(args), dict(kwargs)

        yield make
    elif owner is not None and owner is not w.Tensor:
        inputs = _inputs(w, owner.__name__) if name == "forward" else ()
        yield lambda: (getattr(receiver(w, owner, item.base), name), list(inputs), {})
    elif name in FUNCTIONALS and owner is None:
        yield lambda: (item.value, [made(a) for a in FUNCTIONALS[name]], {})
    else:
        if owner is None:
            yield lambda: (item.value, [], {})
        special = SPECIAL.get(name)
        pairs = [(special[0], special[1:])] if special else [(r, c) for c in CANDIDATES for r in RECEIVERS]
        for first, rest in pairs:
            if owner is w.Tensor:
                yield lambda f=first, c=rest: (getattr(f(), name), [made(a) for a in c], {})
            else:
                yield lambda f=first, c=rest: (item.value, [f(), *(made(a) for a in c)], {})


def find(w, item, run):
    """A maker of (function, args, kwargs) for a call that works, each time with new objects."""
    errors = []
    for make in _tries(w, item):
        try:
            function, args, kwargs = make()
            run(functools.partial(function, *args, **kwargs))
            return make
        except Exception as error:
            errors.append(f"{type(error).__name__}: {str(error)[:200]}")
    raise NoCall(f"{item}: no call works: {errors[:3]}")
