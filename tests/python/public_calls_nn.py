"""Calls and receivers for public_calls.py: attention, transformers, and what nn.utils does to modules."""

ATTENTION = "weft.nn.attention"
FLEX = f"{ATTENTION}.flex_attention"
UTILS = "weft.nn.utils"
PRUNE = f"{UTILS}.prune"


def _seen(b, h, q_idx, kv_idx):
    return q_idx >= kv_idx


def _mask(w):
    return w.nn.attention.flex_attention.create_block_mask(_seen, None, None, 4, 4, BLOCK_SIZE=2)


def _softplus(w):
    return w.nn.utils.parametrize.register_parametrization(w.nn.Linear(2, 2), "weight", w.nn.Softplus())


def _list_of(w):
    class Same(w.nn.Module):
        def forward(self, x):
            return x

        def right_inverse(self, x):
            return x

    return w.nn.utils.parametrize.ParametrizationList([Same()], w.nn.Parameter(w.ones(2, 2)))


def _pruned(w):
    return w.nn.utils.prune.l1_unstructured(w.nn.Linear(2, 2), "weight", 1)


def _method(w, name):
    made = {
        "CustomFromMask": (w.ones(2, 2),),
        "LnStructured": (1, 2, 0),
        "Identity": (),
        "PruningContainer": (w.nn.utils.prune.L1Unstructured(1),),
    }
    cls = "L1Unstructured" if name == "BasePruningMethod" else name
    return getattr(w.nn.utils.prune, cls)(*made.get(cls, (1,)))


def _heads(w):
    x, eye = w.ones(2, 1, 4), w.eye(4)
    return x, x, x, 4, 2, w.cat([eye, eye, eye]), None, None, None, False, 0.0, eye, None


def _fused(w):
    one = w.ones(1)
    return w.ones(1, 1, 1), one, one, one, 1e-5, one, one


METHODS = ("CustomFromMask", "Identity", "L1Unstructured", "LnStructured", "RandomStructured", "RandomUnstructured")
METHODS += ("BasePruningMethod", "PruningContainer")
APPLIED = {
    "Identity": (),
    "CustomFromMask": None,
    "L1Unstructured": (1,),
    "LnStructured": (1, 2, 0),
    "RandomStructured": (1, 0),
    "RandomUnstructured": (1,),
}


def _shapes(w, name):
    x = w.ones(2, 1, 4)
    if name == "MultiheadAttention":
        return x, x, x
    return (x, x) if name in ("Transformer", "TransformerDecoder", "TransformerDecoderLayer") else (x,)


def layer(w, name):
    n = w.nn
    return {
        "MultiheadAttention": lambda: n.MultiheadAttention(4, 2),
        "TransformerEncoderLayer": lambda: n.TransformerEncoderLayer(4, 2, 4),
        "TransformerDecoderLayer": lambda: n.TransformerDecoderLayer(4, 2, 4),
        "TransformerEncoder": lambda: n.TransformerEncoder(n.TransformerEncoderLayer(4, 2, 4), 1),
        "TransformerDecoder": lambda: n.TransformerDecoder(n.TransformerDecoderLayer(4, 2, 4), 1),
        "Transformer": lambda: n.Transformer(4, 2, 1, 1, 4),
    }[name]()


LAYERS = {
    "MultiheadAttention": lambda w: (4, 2),
    "TransformerEncoderLayer": lambda w: (4, 2, 4),
    "TransformerDecoderLayer": lambda w: (4, 2, 4),
    "TransformerEncoder": lambda w: (w.nn.TransformerEncoderLayer(4, 2, 4), 1),
    "TransformerDecoder": lambda w: (w.nn.TransformerDecoderLayer(4, 2, 4), 1),
    "Transformer": lambda w: (4, 2, 1, 1, 4),
}
RECEIVERS = {name: lambda w, name=name: layer(w, name) for name in LAYERS}
RECEIVERS |= {name: lambda w, name=name: _method(w, name) for name in METHODS}
RECEIVERS |= {"BlockMask": _mask, "ParametrizationList": _list_of}

LEFT_OUT = {
    f"{ATTENTION}.SDPBackend": "an enumeration, which Python makes",
    f"{FLEX}.AuxOutput": "a named tuple takes anything",
    f"{FLEX}.AuxRequest": "a named tuple takes anything",
    f"{PRUNE}.BasePruningMethod": "written by users",
    f"{PRUNE}.BasePruningMethod.compute_mask": "written by users",
    f"{UTILS}.skip_init": "hands on what it is given to the class",
    f"{UTILS}.parametrizations.orthogonal": "says what is missing",
    f"{UTILS}.parametrize.cached": "takes nothing, and its effect ends with a with statement",
    f"{PRUNE}.BasePruningMethod.apply_mask": "works on modules that are pruned with it alone",
    f"{PRUNE}.BasePruningMethod.remove": "works on modules that are pruned with it alone",
}

RECIPES = {f"weft.nn.{name}": args for name, args in LAYERS.items()}
RECIPES |= {f"weft.nn.{name}.forward": lambda w, name=name: _shapes(w, name) for name in LAYERS}
RECIPES |= {f"{PRUNE}.{name}": lambda w, a=a: (w.ones(2, 2),) if a is None else a for name, a in APPLIED.items()}
RECIPES |= {
    f"{PRUNE}.{name}.apply": lambda w, a=a: (w.nn.Linear(2, 2), "weight", *((w.ones(2, 2),) if a is None else a))
    for name, a in APPLIED.items()
}
RECIPES |= {
    f"{PRUNE}.{name}.compute_mask": lambda w: (w.ones(2, 2), w.ones(2, 2)) for name in (*APPLIED, "PruningContainer")
}
RECIPES |= {
    "weft.nn.functional.multi_head_attention_forward": _heads,
    "weft.nn.MultiheadAttention.merge_masks": lambda w: (w.ones(2, 2), w.zeros(1, 2), w.ones(1, 2, 4)),
    "weft.nn.Transformer.generate_square_subsequent_mask": lambda w: (3,),
    "weft.nn.module.Module.set_submodule": lambda w: ("0", w.nn.Tanh()),
    "weft.nn.ParameterDict.setdefault": lambda w: ("c", w.ones(2)),
    "weft.nn.ParameterDict.fromkeys": lambda w: (["c"], w.ones(2)),
    f"{ATTENTION}.sdpa_kernel": lambda w: (w.nn.attention.SDPBackend.MATH,),
    f"{ATTENTION}.bias.causal_upper_left": lambda w: (2, 3),
    f"{ATTENTION}.bias.causal_lower_right": lambda w: (2, 3),
    f"{FLEX}.flex_attention": lambda w: (w.ones(1, 1, 4, 2),) * 3,
    f"{FLEX}.create_block_mask": lambda w: (_seen, 1, 1, 4, 4),
    f"{FLEX}.create_mask": lambda w: (_seen, 1, 1, 4, 4),
    f"{FLEX}.noop_mask": lambda w: tuple(w.zeros(4, dtype=w.int64)),
    f"{FLEX}.and_masks": lambda w: (_seen, _seen),
    f"{FLEX}.or_masks": lambda w: (_seen, _seen),
    f"{FLEX}.BlockMask": lambda w: _mask(w).as_tuple(flatten=False)[0:1] + _mask(w)._tensors(),
    f"{FLEX}.BlockMask.from_kv_blocks": lambda w: _mask(w)._tensors()[:2],
    f"{FLEX}.BlockMask.to": lambda w: ("cpu",),
    f"{FLEX}.BlockMask.columns_of": lambda w: (1,),
    f"{FLEX}.BlockMask.allowed": lambda w: ((w.arange(1), w.arange(1), w.arange(2)), 0, w.arange(2)),
    f"{UTILS}.clip_grad_norm": lambda w: (_with_gradient(w), 1.0),
    f"{UTILS}.weight_norm": lambda w: (w.nn.Linear(2, 3),),
    f"{UTILS}.spectral_norm": lambda w: (w.nn.Linear(2, 3),),
    f"{UTILS}.remove_weight_norm": lambda w: (w.nn.utils.weight_norm(w.nn.Linear(2, 3)),),
    f"{UTILS}.remove_spectral_norm": lambda w: (w.nn.utils.spectral_norm(w.nn.Linear(2, 3)),),
    f"{UTILS}.fuse_conv_bn_eval": lambda w: (w.nn.Conv1d(1, 2, 1).eval(), w.nn.BatchNorm1d(2).eval()),
    f"{UTILS}.fuse_linear_bn_eval": lambda w: (w.nn.Linear(1, 2).eval(), w.nn.BatchNorm1d(2).eval()),
    f"{UTILS}.fuse_conv_bn_weights": _fused,
    f"{UTILS}.fuse_linear_bn_weights": _fused,
    f"{UTILS}.convert_conv2d_weight_memory_format": lambda w: (w.nn.Conv2d(1, 1, 1), w.channels_last),
    f"{UTILS}.convert_conv3d_weight_memory_format": lambda w: (w.nn.Tanh(), w.channels_last_3d),
    f"{UTILS}.stateless.functional_call": lambda w: (w.nn.Linear(2, 1), {"bias": w.ones(1)}, (w.ones(2),)),
    f"{UTILS}.parametrizations.weight_norm": lambda w: (w.nn.Linear(2, 3),),
    f"{UTILS}.parametrizations.spectral_norm": lambda w: (w.nn.Linear(2, 3),),
    f"{UTILS}.parametrize.register_parametrization": lambda w: (w.nn.Linear(2, 2), "weight", w.nn.Softplus()),
    f"{UTILS}.parametrize.is_parametrized": lambda w: (_softplus(w),),
    f"{UTILS}.parametrize.remove_parametrizations": lambda w: (_softplus(w), "weight"),
    f"{UTILS}.parametrize.type_before_parametrizations": lambda w: (_softplus(w),),
    f"{UTILS}.parametrize.transfer_parametrizations_and_params": lambda w: (_softplus(w), w.nn.Linear(2, 2)),
    f"{UTILS}.parametrize.ParametrizationList": lambda w: ([w.nn.Softplus()], w.nn.Parameter(w.ones(2))),
    f"{UTILS}.parametrize.ParametrizationList.right_inverse": lambda w: (w.ones(2, 2),),
    f"{UTILS}.parametrize.ParametrizationList.forward": lambda w: (),
    f"{PRUNE}.PruningContainer": lambda w: (w.nn.utils.prune.Identity(),),
    f"{PRUNE}.PruningContainer.add_pruning_method": lambda w: (w.nn.utils.prune.Identity(),),
    f"{PRUNE}.BasePruningMethod.prune": lambda w: (w.ones(2, 2),),
    f"{PRUNE}.BasePruningMethod.apply": lambda w: (w.nn.Linear(2, 2), "weight", 1),
    f"{PRUNE}.identity": lambda w: (w.nn.Linear(2, 2), "weight"),
    f"{PRUNE}.l1_unstructured": lambda w: (w.nn.Linear(2, 2), "weight", 1),
    f"{PRUNE}.random_unstructured": lambda w: (w.nn.Linear(2, 2), "weight", 1),
    f"{PRUNE}.ln_structured": lambda w: (w.nn.Linear(2, 2), "weight", 1, 2, 0),
    f"{PRUNE}.random_structured": lambda w: (w.nn.Linear(2, 2), "weight", 1, 0),
    f"{PRUNE}.custom_from_mask": lambda w: (w.nn.Linear(2, 2), "weight", w.ones(2, 2)),
    f"{PRUNE}.global_unstructured": lambda w: (
        ([(w.nn.Linear(2, 2), "weight")], w.nn.utils.prune.L1Unstructured),
        {"amount": 1},
    ),
    f"{PRUNE}.remove": lambda w: (_pruned(w), "weight"),
    f"{PRUNE}.is_pruned": lambda w: (_pruned(w),),
}


def _with_gradient(w):
    p = w.nn.Parameter(w.ones(2))
    p.grad = w.ones(2)
    return [p]
