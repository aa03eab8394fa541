"""Every public callable with a call that works: the op table's rows, layers, optimisers, schedules, data tools.

What is called here is called again with broken arguments (test_arguments.py).
"""

import inspect
import itertools
from dataclasses import dataclass

import numpy as np
from cases import OPS
from cases.row import Make, resolve
from support import map_arrays, to_tensor


@dataclass
class Call:
    """function(*args, **kwargs) with make(w) -> (function, args, kwargs), made anew for each use."""

    name: str
    make: object

    def __str__(self):
        return self.name


def _row_calls():
    for op in OPS:
        if op.call is not None:
            continue
        dtype = op.dtypes[0]
        samples = op.samples(Make(dtype))
        # The sample that uses most of the arguments
        sample = max(samples, key=lambda s: len(s.args) + len(s.kwargs), default=None)
        if sample is not None:
            forms = [("", op.path or op.name)]
            if isinstance(next(iter(sample.args), None), np.ndarray):
                forms += [("Tensor.", name) for name in (op.method, op.inplace) if name]
            for kind, path in forms:
                yield Call(f"{op}-{kind}{path}", _row_call(kind, path, sample, dtype))


def _row_call(kind, path, sample, dtype):
    def make(w):
        def convert(array):
            return to_tensor(w, array, dtype if array.dtype.name == "float64" else None)

        args, kwargs = map_arrays(convert, list(sample.args)), map_arrays(convert, sample.kwargs)
        owner = w.Tensor if kind and "." not in path else w
        return resolve(owner, path), args, kwargs

    return make


LAYERS = {
    "AdaptiveLogSoftmaxWithLoss": (4, 6, [2, 4], 2.0, True),
    "Container": None,  # deprecated; takes modules by any name
    "Conv3d": (4, 6, 3, 1, 1, 1, 2, True, "zeros"),
    "ConvTranspose1d": (4, 6, 3, 1, 1, 0, 2, True, 1, "zeros"),
    "ConvTranspose2d": (4, 6, 3, 1, 1, 0, 2, True, 1, "zeros"),
    "ConvTranspose3d": (4, 6, 3, 1, 1, 0, 2, True, 1, "zeros"),
    "CrossMapLRN2d": (3, 1e-4, 0.75, 1.0),
    "EmbeddingBag": (5, 3, 2.0, 2.0, False, "mean"),
    "FeatureAlphaDropout": (0.5, False),
    "LazyBatchNorm1d": (1e-5, 0.1, True, True),
    "LazyBatchNorm2d": (1e-5, 0.1, True, True),
    "LazyBatchNorm3d": (1e-5, 0.1, True, True),
    "LazyInstanceNorm1d": (1e-5, 0.1, True, True),
    "LazyInstanceNorm2d": (1e-5, 0.1, True, True),
    "LazyInstanceNorm3d": (1e-5, 0.1, True, True),
    "LazyConv1d": (6, 3, 1, 1, 1, 2, True, "zeros"),
    "LazyConv2d": (6, 3, 1, 1, 1, 2, True, "zeros"),
    "LazyConv3d": (6, 3, 1, 1, 1, 2, True, "zeros"),
    "LazyConvTranspose1d": (6, 3, 1, 1, 0, 2, True, 1, "zeros"),
    "LazyConvTranspose2d": (6, 3, 1, 1, 0, 2, True, 1, "zeros"),
    "LazyConvTranspose3d": (6, 3, 1, 1, 0, 2, True, 1, "zeros"),
    "LazyLinear": (2, True),
    "LinearCrossEntropyLoss": (4, 3),
    "SyncBatchNorm": (4, 1e-5, 0.1, True, True),
    "AdaptiveAvgPool1d": (3,),
    "AdaptiveAvgPool2d": ((3, 2),),
    "AdaptiveMaxPool1d": (3, False),
    "AdaptiveMaxPool2d": (3, True),
    "AdaptiveAvgPool3d": ((3, 2, None),),
    "AdaptiveMaxPool3d": (3, True),
    "AlphaDropout": (0.5, False),
    "AvgPool1d": (3, 2, 1, True, False),
    "AvgPool2d": (3, 2, 1, True, False, None),
    "AvgPool3d": (3, 2, 1, True, False, None),
    "BatchNorm1d": (4, 1e-5, 0.1, True, True),
    "BatchNorm2d": (4, 1e-5, 0.1, True, True),
    "BatchNorm3d": (4, 1e-5, 0.1, True, True),
    "Bilinear": (3, 4, 2, True),
    "CELU": (1.0, False),
    "ChannelShuffle": (2,),
    "CircularPad1d": ((1, 2),),
    "CircularPad2d": (1,),
    "CircularPad3d": (1,),
    "ConstantPad1d": ((1, 2), 0.5),
    "ConstantPad2d": (1, 0.5),
    "ConstantPad3d": (1, 0.5),
    "Conv1d": (4, 6, 3, 1, 1, 1, 2, True, "zeros"),
    "Conv2d": (4, 6, 3, 1, 1, 1, 2, True, "zeros"),
    "CosineSimilarity": (1, 1e-8),
    "Dropout": (0.5, False),
    "Dropout1d": (0.5, False),
    "Dropout2d": (0.5, False),
    "Dropout3d": (0.5, False),
    "ELU": (1.0, False),
    "Embedding": (5, 3, 1),
    "Flatten": (1, -1),
    "FractionalMaxPool2d": (3, 2),
    "FractionalMaxPool3d": (3, (2, 3, 4)),
    "GELU": ("tanh",),
    "GLU": (-1,),
    "GRU": (4, 3, 2, True, True, 0.5, True),
    "GRUCell": (4, 3, True),
    "GroupNorm": (2, 4, 1e-5, True),
    "Hardshrink": (0.5,),
    "Hardsigmoid": (False,),
    "Hardswish": (False,),
    "Hardtanh": (-1.0, 1.0, False),
    "Identity": None,  # takes and ignores everything, as in PyTorch
    "InstanceNorm1d": (4, 1e-5, 0.1, True, True),
    "InstanceNorm2d": (4, 1e-5, 0.1, True, True),
    "InstanceNorm3d": (4, 1e-5, 0.1, True, True),
    "LSTM": (4, 3, 2, True, True, 0.5, True, 2),
    "LSTMCell": (4, 3, True),
    "LPPool1d": (2.0, 3, 2, True),
    "LPPool2d": (2.0, 3, 2, False),
    "LPPool3d": (2.0, 3, 2, False),
    "LayerNorm": ((4,), 1e-5, True, True),
    "LeakyReLU": (0.1, False),
    "Linear": (3, 2, True),
    "LocalResponseNorm": (2, 1e-4, 0.75, 1.0),
    "LogSigmoid": (),
    "LogSoftmax": (1,),
    "MaxPool1d": (3, 2, 1, 1, False, False),
    "MaxPool2d": (3, 2, 1, 1, False, False),
    "MaxPool3d": (3, 2, 1, 1, False, False),
    "MaxUnpool1d": (3, 2, 1),
    "MaxUnpool2d": (3, (2, 1), 1),
    "MaxUnpool3d": (3, 2, 1),
    "Mish": (False,),
    "PReLU": (1, 0.25),
    "PairwiseDistance": (2.0, 1e-6, False),
    "PixelShuffle": (2,),
    "PixelUnshuffle": (2,),
    "Fold": ((4, 4), 2, 1, 0, 1),
    "Unfold": (2, 1, 0, 1),
    "RMSNorm": ((4,), 1e-5, True),
    "RNN": (4, 3, 2, "tanh", True, True, 0.5, True),
    "RNNBase": None,  # has no forward
    "RNNCell": (4, 3, True, "relu"),
    "RNNCellBase": None,
    "RReLU": (0.1, 0.3, False),
    "ReLU": (False,),
    "ReLU6": (False,),
    "ReflectionPad1d": ((1, 2),),
    "ReflectionPad2d": (1,),
    "ReflectionPad3d": (1,),
    "ReplicationPad1d": ((1, 2),),
    "ReplicationPad2d": (1,),
    "ReplicationPad3d": (1,),
    "SELU": (False,),
    "SiLU": (False,),
    "Sigmoid": (),
    "Softmax": (1,),
    "Softmax2d": (),
    "Softmin": (1,),
    "Softplus": (1.0, 20.0),
    "Softshrink": (0.5,),
    "Softsign": (),
    "Tanh": (),
    "Tanhshrink": (),
    "Threshold": (0.1, 20.0, False),
    "Unflatten": (1, (2, 2)),
    "Upsample": (None, 2.0, "bilinear", True, True),
    "UpsamplingBilinear2d": ((7, 3),),
    "UpsamplingNearest2d": (7,),
    "ZeroPad1d": ((1, 2),),
    "ZeroPad2d": (1,),
    "ZeroPad3d": (1,),
}

# Losses: keyword arguments
LOSSES = {
    "CTCLoss": dict(blank=0, reduction="sum", zero_infinity=False),
    "NLLLoss2d": dict(ignore_index=-100, reduction="sum"),
    "BCELoss": dict(reduction="sum"),
    "BCEWithLogitsLoss": dict(reduction="sum"),
    "CosineEmbeddingLoss": dict(margin=0.1, reduction="sum"),
    "CrossEntropyLoss": dict(ignore_index=-100, reduction="sum", label_smoothing=0.1),
    "GaussianNLLLoss": dict(full=True, eps=1e-6, reduction="sum"),
    "HingeEmbeddingLoss": dict(margin=1.0, reduction="sum"),
    "HuberLoss": dict(reduction="sum", delta=1.0),
    "KLDivLoss": dict(reduction="sum", log_target=True),
    "L1Loss": dict(reduction="sum"),
    "MarginRankingLoss": dict(margin=0.1, reduction="sum"),
    "MSELoss": dict(reduction="sum"),
    "MultiLabelMarginLoss": dict(reduction="sum"),
    "MultiLabelSoftMarginLoss": dict(reduction="sum"),
    "MultiMarginLoss": dict(p=1, margin=1.0, reduction="sum"),
    "NLLLoss": dict(ignore_index=-100, reduction="sum"),
    "PoissonNLLLoss": dict(log_input=False, full=False, eps=1e-8, reduction="sum"),
    "SmoothL1Loss": dict(reduction="sum", beta=1.0),
    "SoftMarginLoss": dict(reduction="sum"),
    "TripletMarginLoss": dict(margin=1.0, p=2.0, eps=1e-6, swap=False, reduction="sum"),
    "TripletMarginWithDistanceLoss": dict(margin=1.0, swap=False, reduction="sum"),
}


def _parameters(w):
    return [w.nn.Parameter(w.ones(2, 3))]


OPTIMIZERS = {
    "SGD": dict(lr=0.1, momentum=0.9, dampening=0.1, weight_decay=0.01, nesterov=False, maximize=False),
    "Adam": dict(lr=0.1, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.01, amsgrad=True, maximize=False),
    "AdamW": dict(lr=0.1, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.01, amsgrad=True, maximize=False),
}

OPTIMIZERS |= {
    "ASGD": dict(lr=0.1, lambd=1e-4, alpha=0.75, t0=10.0, weight_decay=0.01, maximize=False),
    "Adadelta": dict(lr=0.1, rho=0.9, eps=1e-6, weight_decay=0.01, maximize=False),
    "Adafactor": dict(lr=0.1, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.01, maximize=False),
    "Adagrad": dict(lr=0.1, lr_decay=0.1, weight_decay=0.01, initial_accumulator_value=0.1, eps=1e-8, maximize=False),
    "Adamax": dict(lr=0.1, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.01, maximize=False),
    "Lion": dict(lr=0.1, betas=(0.9, 0.99), weight_decay=0.01, maximize=False),
    "Muon": dict(lr=0.1, weight_decay=0.01, momentum=0.9, nesterov=True, eps=1e-7, ns_steps=3, adjust_lr_fn="original"),
    "NAdam": dict(lr=0.1, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.01, momentum_decay=4e-3, maximize=False),
    "RAdam": dict(lr=0.1, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.01, maximize=False),
    "RMSprop": dict(lr=0.1, alpha=0.9, eps=1e-8, weight_decay=0.01, momentum=0.9, centered=True, maximize=False),
    "Rprop": dict(lr=0.1, etas=(0.5, 1.2), step_sizes=(1e-6, 50), maximize=False),
    "LBFGS": dict(lr=0.1, max_iter=3, max_eval=5, tolerance_grad=1e-7, tolerance_change=1e-9, history_size=4),
}

SCHEDULES = {
    "ConstantLR": dict(factor=0.5, total_iters=3, last_epoch=-1),
    "CosineAnnealingLR": dict(T_max=5, eta_min=0.01, last_epoch=-1),
    "CosineAnnealingWarmRestarts": dict(T_0=5, T_mult=2, eta_min=0.01, last_epoch=-1),
    "CyclicLR": dict(base_lr=0.01, max_lr=0.1, step_size_up=3, step_size_down=4, mode="exp_range", gamma=0.9),
    "ExponentialLR": dict(gamma=0.9, last_epoch=-1),
    "LambdaLR": dict(lr_lambda=lambda epoch: 0.5, last_epoch=-1),
    "LinearLR": dict(start_factor=0.3, end_factor=1.0, total_iters=5, last_epoch=-1),
    "MultiStepLR": dict(milestones=[2, 4], gamma=0.1, last_epoch=-1),
    "MultiplicativeLR": dict(lr_lambda=lambda epoch: 0.5, last_epoch=-1),
    "OneCycleLR": dict(max_lr=0.1, total_steps=10, pct_start=0.3, anneal_strategy="cos"),
    "PolynomialLR": dict(total_iters=5, power=1.0, last_epoch=-1),
    "ReduceLROnPlateau": dict(mode="min", factor=0.1, patience=2, threshold=1e-4, threshold_mode="rel", cooldown=1),
    "StepLR": dict(step_size=2, gamma=0.1, last_epoch=-1),
}

DATA = {
    "DataLoader": lambda w: ([1, 2, 3], dict(batch_size=2, shuffle=False, drop_last=False, num_workers=0)),
    "BatchSampler": lambda w: (w.utils.data.SequentialSampler([1, 2, 3]), dict(batch_size=2, drop_last=False)),
    "RandomSampler": lambda w: ([1, 2, 3], dict(replacement=True, num_samples=2)),
    "WeightedRandomSampler": lambda w: ([0.5, 0.5], dict(num_samples=2, replacement=True)),
    "Subset": lambda w: ([1, 2, 3], dict(indices=[0, 1])),
    "random_split": lambda w: ([1, 2, 3], dict(lengths=[2, 1])),
}


SHAPES = {"1d": (2, 4, 6), "2d": (2, 4, 6, 6), "3d": (2, 4, 6, 6, 6)}
INPUTS = {
    "AdaptiveLogSoftmaxWithLoss": lambda w: (w.ones(2, 4), w.tensor([1, 5])),
    "CTCLoss": lambda w: (w.zeros(3, 1, 4), w.tensor([[1, 2]]), (3,), (2,)),
    "EmbeddingBag": lambda w: (w.tensor([[1, 2]]),),
    "LinearCrossEntropyLoss": lambda w: (w.ones(2, 4), w.tensor([1, 2])),
    "NLLLoss2d": lambda w: (w.zeros(2, 4), w.tensor([1, 2])),
    **{f"MaxUnpool{d}d": lambda w, d=d: (w.ones(1, 2, *[2] * d), w.full((1, 2, *[2] * d), 1)) for d in (1, 2, 3)},
    "Bilinear": lambda w: (w.ones(2, 3), w.ones(2, 4)),
    "ChannelShuffle": lambda w: (w.ones(2, 4, 6, 6),),
    "CosineSimilarity": lambda w: (w.ones(2, 4), w.ones(2, 4)),
    "Dropout1d": lambda w: (w.ones(2, 4, 6),),
    "Embedding": lambda w: (w.tensor([1, 2]),),
    "Fold": lambda w: (w.ones(2, 4, 9),),
    "LazyLinear": lambda w: (w.ones(2, 3),),
    "Linear": lambda w: (w.ones(2, 3),),
    "LocalResponseNorm": lambda w: (w.ones(2, 4, 6),),
    "PairwiseDistance": lambda w: (w.ones(2, 4), w.zeros(2, 4)),
    "PixelShuffle": lambda w: (w.ones(2, 4, 6, 6),),
    "PixelUnshuffle": lambda w: (w.ones(2, 4, 6, 6),),
    "Unfold": lambda w: (w.ones(2, 4, 6, 6),),
    "Softmax2d": lambda w: (w.ones(2, 4, 6, 6),),
    "Upsample": lambda w: (w.ones(2, 4, 6, 6),),
    "CosineEmbeddingLoss": lambda w: (w.ones(2, 4), w.ones(2, 4), w.ones(2)),
    "CrossEntropyLoss": lambda w: (w.zeros(2, 4), w.tensor([1, 2])),
    "GaussianNLLLoss": lambda w: (w.ones(2, 4), w.zeros(2, 4), w.ones(2, 4)),
    "MarginRankingLoss": lambda w: (w.ones(2), w.ones(2), w.ones(2)),
    "MultiLabelMarginLoss": lambda w: (w.zeros(2, 4), w.tensor([[0, -1, 1, 1], [1, 2, -1, 0]])),
    "MultiMarginLoss": lambda w: (w.zeros(2, 4), w.tensor([1, 2])),
    "NLLLoss": lambda w: (w.zeros(2, 4), w.tensor([1, 2])),
    "TripletMarginLoss": lambda w: (w.ones(2, 4), w.ones(2, 4), w.zeros(2, 4)),
    "TripletMarginWithDistanceLoss": lambda w: (w.ones(2, 4), w.ones(2, 4), w.zeros(2, 4)),
}


def _inputs(w, name):
    """What a layer is called with."""
    if name in INPUTS:
        return INPUTS[name](w)
    shape = SHAPES.get(name[-2:], (2, 4))
    return (w.full(shape, 0.5), w.full(shape, 0.5)) if name in LOSSES else (w.full(shape, 0.5),)


def _layer_call(name, args, kwargs):
    def make(w):
        layer = getattr(w.nn, name)

        def run(*args, **kwargs):
            return layer(*args, **kwargs)(*_inputs(w, name))

        run.__signature__ = inspect.signature(layer)
        return run, list(args), dict(kwargs)

    return make


def _optimizer_call(name, kwargs):
    def make(w):
        optimizer = getattr(w.optim, name)

        def run(parameters, **kwargs):
            made = optimizer(parameters, **kwargs)
            for p in parameters:
                p.grad = w.ones_like(p)
            made.step(*[lambda: 1.0] * (name == "LBFGS"))
            return made

        run.__signature__ = inspect.signature(optimizer)
        return run, [_parameters(w)], dict(kwargs)

    return make


def _schedule_call(name, kwargs):
    def make(w):
        schedule = getattr(w.optim.lr_scheduler, name)

        def run(optimizer, **kwargs):
            made = schedule(optimizer, **kwargs)
            for _ in range(6):
                optimizer.step()
                made.step(*([1.0] if name == "ReduceLROnPlateau" else []))
            return made

        run.__signature__ = inspect.signature(schedule)
        return run, [w.optim.SGD(_parameters(w), lr=0.1, momentum=0.9)], dict(kwargs)

    return make


def _data_call(name, arguments):
    def make(w):
        tool = getattr(w.utils.data, name)

        def run(*args, **kwargs):
            made = tool(*args, **kwargs)
            parts = made if isinstance(made, list) else [made]
            return [list(itertools.islice(iter(part), 5)) for part in parts]

        run.__signature__ = inspect.signature(tool)
        first, kwargs = arguments(w)
        return run, [first], kwargs

    return make


def _other_calls():
    for name, args in LAYERS.items():
        if args is not None:
            yield Call(f"nn.{name}", _layer_call(name, args, {}))
    for name, kwargs in LOSSES.items():
        yield Call(f"nn.{name}", _layer_call(name, (), kwargs))
    for name, kwargs in OPTIMIZERS.items():
        yield Call(f"optim.{name}", _optimizer_call(name, kwargs))
    for name, kwargs in SCHEDULES.items():
        yield Call(f"optim.lr_scheduler.{name}", _schedule_call(name, kwargs))
    for name, arguments in DATA.items():
        yield Call(f"utils.data.{name}", _data_call(name, arguments))


CALLS = [*_row_calls(), *_other_calls()]
