"""Cases of layers, optimisers and whole models: training steps, and inference of one example."""

import more_models
from measure import Case
from models import gpt, lenet, resnet18, training_step


def layer(make, shape, channels_last=False):
    """Forward and backward of a layer, or of a function of the framework's module."""

    def build(f):
        f.manual_seed(0)
        module = make(f)
        x = f.randn(*shape)
        if channels_last:
            x = x.to(memory_format=f.channels_last)
        x.requires_grad_()

        def step():
            out = module(x)
            out = out[0] if isinstance(out, tuple) else out
            out.backward(f.ones_like(out))

        return step

    return build


def attention_module(f):
    module = f.nn.MultiheadAttention(256, 8, batch_first=True)
    return lambda x: module(x, x, x, need_weights=False)


def masked_attention(f):
    """Queries, keys and values of 8 heads of 512 x 64 with a padding mask."""
    seen = (f.arange(512) < 400)[None, None, None]
    return lambda x: f.nn.functional.scaled_dot_product_attention(x, x, x, attn_mask=seen)


def flex_attention(f):
    """Forward, because PyTorch has no backward on the CPU; there compiled, as its own documentation asks for."""
    if f.__name__ == "torch":
        from torch.nn.attention.flex_attention import create_block_mask, flex_attention

        flex_attention = f.compile(flex_attention)
    else:
        from weft.nn.attention.flex_attention import create_block_mask, flex_attention
    q, k, v = (f.randn(1, 8, 1024, 64) for _ in range(3))
    mask = create_block_mask(lambda b, h, i, j: i >= j, None, None, 1024, 1024, device="cpu")

    def step():
        with f.no_grad():
            flex_attention(q, k, v, lambda s, b, h, i, j: f.tanh(s / 20) * 20 + (j - i) * 0.01, mask)

    return step


def optimizer(name, shape=(1000, 1000), count=10, **options):
    """A step of ten parameters with a million elements each."""

    def build(f):
        parameters = [f.nn.Parameter(f.rand(*shape)) for _ in range(count)]
        for p in parameters:
            p.grad = f.rand(*shape)
        return getattr(f.optim, name)(parameters, **options).step

    return build


def images(size, channels=3, batch=1):
    return lambda f: (f.rand(batch, channels, size, size),)


def tokens(batch, length, vocabulary=1000):
    return lambda f: (f.randint(0, vocabulary, (batch, length)),)


def recommender_inputs(batch):
    return lambda f: (f.rand(batch, 13), f.randint(0, 10_000, (8, batch, 4)))


def compiled_step(f, step, compiled):
    return f.jit(step) if compiled and f.__name__ == "weft" else step


def compiled_model(f, model, compiled):
    return f.compile(model) if compiled and f.__name__ == "torch" else model


def training(make, inputs, targets):
    """A step of Adam with cross entropy over the rows of the output; compiled: torch.compile, weft.jit of the step."""

    def build(f, compiled=False):
        f.manual_seed(0)
        model, args = make(f), inputs(f)
        forward = compiled_model(f, model, compiled)

        def whole(x):
            out = forward(*args)
            return out[0] if isinstance(out, tuple) else out

        rows = whole(None).flatten(0, -2).shape
        target = f.randint(0, targets, (rows[0],))
        return compiled_step(f, training_step(f, whole, f.optim.Adam(model.parameters()), args[0], target), compiled)

    return build


def vae_training(f, compiled=False):
    f.manual_seed(0)
    model, x = more_models.vae(f), f.rand(128, 1, 28, 28)
    optimizer = f.optim.Adam(model.parameters())
    forward = compiled_model(f, model, compiled)

    def step():
        optimizer.zero_grad()
        logits, mean, log_var = forward(x)
        loss = f.nn.functional.binary_cross_entropy_with_logits(logits, x.flatten(1), reduction="sum")
        (loss - 0.5 * (1 + log_var - mean.square() - log_var.exp()).sum()).backward()
        optimizer.step()

    return compiled_step(f, step, compiled)


def inference(make, inputs):
    def build(f, compiled=False):
        f.manual_seed(0)
        model, args = make(f).eval(), inputs(f)
        forward = compiled_model(f, model, compiled)

        def step():
            with f.no_grad():
                return forward(*args)

        return compiled_step(f, step, compiled)

    return build


def small_gpt(f):
    return gpt(f, layers=4, size=128, heads=4, length=64, vocabulary=1000)


def recurrent(kind):
    return lambda f: more_models.recurrent_language_model(f, kind)


def node_features(f):
    return (f.rand(2708, 1433),)


LAYERS = [
    Case("layer LSTM 256, 64 steps, batch 32", 0.7, layer(lambda f: f.nn.LSTM(256, 256), (64, 32, 256))),
    Case("layer GRU 256, 64 steps, batch 32", 0.7, layer(lambda f: f.nn.GRU(256, 256), (64, 32, 256))),
    Case(
        "layer ConvTranspose2d 64-32, 28x28",
        0.8,
        layer(lambda f: f.nn.ConvTranspose2d(64, 32, 4, 2, 1), (8, 64, 28, 28)),
    ),
    Case(
        "layer interpolate bilinear, 56x56",
        0.8,
        layer(lambda f: f.nn.Upsample(scale_factor=2, mode="bilinear"), (8, 64, 56, 56)),
    ),
    Case("layer interpolate nearest, 56x56", 0.8, layer(lambda f: f.nn.Upsample(scale_factor=2), (8, 64, 56, 56))),
    Case("layer GroupNorm 8, 64x56x56", 0.8, layer(lambda f: f.nn.GroupNorm(8, 64), (8, 64, 56, 56))),
    Case("layer MultiheadAttention 256", 0.8, layer(attention_module, (32, 64, 256))),
    Case("layer attention with a mask, 8x512x64", 0.8, layer(masked_attention, (1, 8, 512, 64))),
    Case("flex_attention, soft cap, causal, 8x1024x64", 0.8, flex_attention),
    Case("layer MaxPool2d(3, 2, 1), 64x56x56", 0.8, layer(lambda f: f.nn.MaxPool2d(3, 2, 1), (8, 64, 56, 56))),
    Case("layer MaxPool3d(2), 16x32x32x32", 0.8, layer(lambda f: f.nn.MaxPool3d(2), (4, 16, 32, 32, 32))),
    Case("layer Conv3d 16-32, 16x32x32", 0.8, layer(lambda f: f.nn.Conv3d(16, 32, 3, padding=1), (2, 16, 16, 32, 32))),
    Case(
        "layer TransformerEncoderLayer 256",
        0.8,
        layer(lambda f: f.nn.TransformerEncoderLayer(256, 8, 1024, 0.0, batch_first=True), (16, 64, 256)),
    ),
]
OPTIMIZERS = [
    *(
        Case(f"optimizer {name}, 10M", 0.35, optimizer(name))
        for name in "Adadelta Adagrad Adamax AdamW ASGD NAdam RAdam RMSprop Rprop Adafactor".split()
    ),
    Case("optimizer SGD momentum, 10M", 0.35, optimizer("SGD", momentum=0.9)),
    Case("optimizer Muon, 10 of 512x512", 0.35, optimizer("Muon", (512, 512))),
]
MODELS = [
    Case("train LeNet, batch 64", 1.0, training(lenet, images(28, 1, 64), 10)),
    Case("train ResNet-18 width 32, batch 8", 1.0, training(lambda f: resnet18(f, 32), images(64, 3, 8), 10)),
    Case("train MobileNetV2, 96x96, batch 4", 1.0, training(more_models.mobilenet_v2, images(96, 3, 4), 1000)),
    Case("train LSTM model, 16x64", 1.0, training(recurrent("LSTM"), tokens(16, 64), 1000)),
    Case("train GRU model, 16x64", 1.0, training(recurrent("GRU"), tokens(16, 64), 1000)),
    Case("train GPT 4x128, 16x64", 1.0, training(small_gpt, tokens(16, 64), 1000)),
    Case("train ViT 6x384, batch 8", 1.0, training(more_models.vit, images(64, 3, 8), 100)),
    Case("train U-Net, 64x64, batch 4", 1.0, training(more_models.unet, images(64, 3, 4), 4)),
    Case("train VAE, batch 128", 1.0, vae_training),
    Case("train GCN, 2708 nodes", 1.0, training(more_models.gcn, node_features, 7)),
    Case("train DLRM, batch 256", 1.0, training(more_models.dlrm, recommender_inputs(256), 2)),
    Case("infer LeNet", 1.0, inference(lenet, images(28, 1))),
    Case("infer ResNet-18, 224x224", 1.0, inference(resnet18, images(224))),
    Case("infer MobileNetV2, 224x224", 1.0, inference(more_models.mobilenet_v2, images(224))),
    Case("infer LSTM model, 64 tokens", 1.0, inference(recurrent("LSTM"), tokens(1, 64))),
    Case("infer GRU model, 64 tokens", 1.0, inference(recurrent("GRU"), tokens(1, 64))),
    Case("infer GPT 4x128, 64 tokens", 1.0, inference(small_gpt, tokens(1, 64))),
    Case("infer ViT 6x384", 1.0, inference(more_models.vit, images(64))),
    Case("infer U-Net, 128x128", 1.0, inference(more_models.unet, images(128))),
    Case("infer VAE", 1.0, inference(more_models.vae, images(28, 1))),
    Case("infer GCN, 2708 nodes", 1.0, inference(more_models.gcn, node_features)),
    Case("infer DLRM", 1.0, inference(more_models.dlrm, recommender_inputs(1))),
]
