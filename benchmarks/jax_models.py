"""The models of models.py once more in JAX, with plain dicts and lists of arrays for parameters."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


def _uniform(rng, shape, fan_in):
    bound = fan_in**-0.5
    return jnp.asarray(rng.uniform(-bound, bound, shape).astype(np.float32))


def _linear_init(rng, inputs, outputs, bias=True):
    layer = {"w": _uniform(rng, (inputs, outputs), inputs)}
    if bias:
        layer["b"] = _uniform(rng, (outputs,), inputs)
    return layer


def _conv_init(rng, inputs, outputs, kernel, bias=True):
    fan_in = inputs * kernel * kernel
    layer = {"w": _uniform(rng, (outputs, inputs, kernel, kernel), fan_in)}
    if bias:
        layer["b"] = _uniform(rng, (outputs,), fan_in)
    return layer


def _linear(p, x):
    y = x @ p["w"]
    return y + p["b"] if "b" in p else y


def _conv(p, x, stride=1, padding=0):
    pads = [(padding, padding)] * 2
    y = lax.conv_general_dilated(x, p["w"], (stride, stride), pads, dimension_numbers=("NCHW", "OIHW", "NCHW"))
    return y + p["b"][None, :, None, None] if "b" in p else y


def _max_pool(x, size):
    window = (1, 1, size, size)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")


def mlp(rng):
    params = [_linear_init(rng, 784, 128), _linear_init(rng, 128, 10)]

    def forward(params, x, train):
        h = jax.nn.relu(_linear(params[0], x.reshape(x.shape[0], -1)))
        return _linear(params[1], h), {}

    return params, {}, forward


def lenet(rng):
    params = [
        _conv_init(rng, 1, 16, 5),
        _conv_init(rng, 16, 32, 5),
        _linear_init(rng, 32 * 49, 128),
        _linear_init(rng, 128, 10),
    ]

    def forward(params, x, train):
        x = _max_pool(jax.nn.relu(_conv(params[0], x, padding=2)), 2)
        x = _max_pool(jax.nn.relu(_conv(params[1], x, padding=2)), 2)
        x = jax.nn.relu(_linear(params[2], x.reshape(x.shape[0], -1)))
        return _linear(params[3], x), {}

    return params, {}, forward


def _norm_init(channels):
    return {"g": jnp.ones(channels), "b": jnp.zeros(channels)}


def _norm(p, state, name, x, train, updates):
    if train:
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
        n = x.size / x.shape[1]
        old_mean, old_var = state[name]
        updates[name] = (0.9 * old_mean + 0.1 * mean, 0.9 * old_var + 0.1 * var * n / (n - 1))
    else:
        mean, var = state[name]
    scale = p["g"] * lax.rsqrt(var + 1e-5)
    return x * scale[None, :, None, None] + (p["b"] - mean * scale)[None, :, None, None]


def resnet18(rng, width=64, classes=10):
    params, state, plan = {}, {}, []

    def conv_norm(name, inputs, outputs, kernel):
        params[name] = {"c": _conv_init(rng, inputs, outputs, kernel, False), "n": _norm_init(outputs)}
        state[name] = (jnp.zeros(outputs), jnp.ones(outputs))

    conv_norm("entry", 3, width, 3)
    inputs = width
    for stage in range(4):
        for block in range(2):
            name, outputs = f"{stage}{block}", width * 2**stage
            stride = 2 if stage > 0 and block == 0 else 1
            shortcut = inputs != outputs or stride != 1
            conv_norm(name + "a", inputs, outputs, 3)
            conv_norm(name + "b", outputs, outputs, 3)
            if shortcut:
                conv_norm(name + "s", inputs, outputs, 1)
            plan.append((name, stride, shortcut))
            inputs = outputs
    params["head"] = _linear_init(rng, inputs, classes)

    def forward(params, state, x, train):
        updates = {}

        def layer(name, x, stride, padding):
            x = _conv(params[name]["c"], x, stride, padding)
            return _norm(params[name]["n"], state, name, x, train, updates)

        x = jax.nn.relu(layer("entry", x, 1, 1))
        for name, stride, shortcut in plan:
            y = jax.nn.relu(layer(name + "a", x, stride, 1))
            y = layer(name + "b", y, 1, 1)
            x = jax.nn.relu(y + (layer(name + "s", x, stride, 0) if shortcut else x))
        return _linear(params["head"], x.mean((2, 3))), updates

    return params, state, forward


def gpt(rng, layers, size, heads, length, vocabulary):
    def normal(*shape):
        return jnp.asarray(rng.normal(0, 1, shape).astype(np.float32))

    blocks = [
        {
            "n1": _norm_init(size),
            "n2": _norm_init(size),
            "qkv": _linear_init(rng, size, 3 * size),
            "out": _linear_init(rng, size, size),
            "up": _linear_init(rng, size, 4 * size),
            "down": _linear_init(rng, 4 * size, size),
        }
        for _ in range(layers)
    ]
    params = {
        "tokens": normal(vocabulary, size),
        "places": normal(length, size),
        "blocks": blocks,
        "norm": _norm_init(size),
    }

    def norm(p, x):
        mean = x.mean(-1, keepdims=True)
        var = ((x - mean) ** 2).mean(-1, keepdims=True)
        return (x - mean) * lax.rsqrt(var + 1e-5) * p["g"] + p["b"]

    def forward(params, ids, train):
        n, t = ids.shape
        x = params["tokens"][ids] + params["places"][:t]
        mask = jnp.tril(jnp.ones((t, t), bool))
        for p in params["blocks"]:
            q, k, v = jnp.split(_linear(p["qkv"], norm(p["n1"], x)), 3, axis=-1)
            q, k, v = (a.reshape(n, t, heads, size // heads).transpose(0, 2, 1, 3) for a in (q, k, v))
            scores = q @ k.transpose(0, 1, 3, 2) * (size // heads) ** -0.5
            weights = jax.nn.softmax(jnp.where(mask, scores, -jnp.inf), axis=-1)
            y = (weights @ v).transpose(0, 2, 1, 3).reshape(n, t, size)
            x = x + _linear(p["out"], y)
            x = x + _linear(p["down"], jax.nn.gelu(_linear(p["up"], norm(p["n2"], x)), approximate=True))
        return norm(params["norm"], x) @ params["tokens"].T, {}

    return params, {}, forward


def cross_entropy(logits, target):
    logits = logits.reshape(-1, logits.shape[-1])
    log_p = jax.nn.log_softmax(logits)
    return -jnp.take_along_axis(log_p, target.reshape(-1, 1), axis=1).mean()


def make_step(model, optimizer, inputs, target):
    """A function of no arguments that takes one training step. model: what the functions above give."""
    params, state, forward = model
    run = forward if state else lambda params, state, x, train: forward(params, x, train)
    x, y = jnp.asarray(inputs), jnp.asarray(target)

    def loss_of(params, state):
        logits, updates = run(params, state, x_in[0], True)
        return cross_entropy(logits, x_in[1]), updates

    x_in = [x, y]

    def sgd(params, grads, slots):
        slots = jax.tree.map(lambda m, g: 0.9 * m + g, slots, grads)
        return jax.tree.map(lambda p, m: p - 0.01 * m, params, slots), slots

    def adamw(params, grads, slots):
        first, second, t = slots
        t = t + 1
        first = jax.tree.map(lambda m, g: m + 0.1 * (g - m), first, grads)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, grads)
        rate, scale = 1e-3 / (1 - 0.9**t), 1 / jnp.sqrt(1 - 0.999**t)
        params = jax.tree.map(
            lambda p, m, v: p * (1 - 1e-3 * 1e-2) - rate * m / (jnp.sqrt(v) * scale + 1e-8), params, first, second
        )
        return params, (first, second, t)

    zeros = jax.tree.map(jnp.zeros_like, params)
    slots = (zeros, jax.tree.map(jnp.zeros_like, params), jnp.zeros(())) if optimizer == "adamw" else zeros
    update = adamw if optimizer == "adamw" else sgd

    def step(params, slots, state, x, y):
        x_in[:] = [x, y]
        (loss, changed), grads = jax.value_and_grad(loss_of, has_aux=True)(params, state)
        params, slots = update(params, grads, slots)
        return params, slots, {**state, **changed}, loss

    compiled = jax.jit(step, donate_argnums=(0, 1, 2))
    held = [params, slots, state]

    def call():
        held[0], held[1], held[2], loss = compiled(*held, x, y)
        return loss.block_until_ready()

    return call


def make_inference(model, inputs):
    """A function of no arguments that computes the model's output for one batch."""
    params, state, forward = model
    run = forward if state else lambda params, state, x, train: forward(params, x, train)
    x = jnp.asarray(inputs)
    compiled = jax.jit(lambda params, state, x: run(params, state, x, False)[0])
    return lambda: compiled(params, state, x).block_until_ready()
