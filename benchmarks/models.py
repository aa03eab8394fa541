"""Models for benchmarks, written once: every function takes the framework's module, weft or torch."""


def mlp(f):
    """A perceptron for 28 x 28 images."""
    nn = f.nn
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def digits_cnn(f):
    """The convolutional network of examples/digits.py, for 8 x 8 images."""
    nn = f.nn
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.25),
        nn.Linear(32 * 16, 10),
    )


def lenet(f):
    """Two convolutions of 16 and 32 channels and two linear layers, for 28 x 28 images; after LeCun et al., 1998."""
    nn = f.nn
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def resnet18(f, width=64, classes=10):
    """ResNet with two-layer blocks for 32 x 32 images; He et al., 2016. No pooling at the entry."""
    nn = f.nn

    def conv_norm(inputs, outputs, kernel, stride=1):
        return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.body = nn.Sequential(
                *conv_norm(inputs, outputs, 3, stride), nn.ReLU(), *conv_norm(outputs, outputs, 3)
            )
            same = inputs == outputs and stride == 1
            self.shortcut = nn.Identity() if same else nn.Sequential(*conv_norm(inputs, outputs, 1, stride))
            self.relu = nn.ReLU()

        def forward(self, x):
            return self.relu(self.body(x) + self.shortcut(x))

    layers = [*conv_norm(3, width, 3), nn.ReLU()]
    inputs = width
    for stage in range(4):
        for block in range(2):
            layers.append(Block(inputs, width * 2**stage, 2 if stage > 0 and block == 0 else 1))
            inputs = width * 2**stage
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


def resnet50(f, width=64, blocks=(3, 4, 6, 3), classes=1000):
    """ResNet with bottlenecks; He et al., 2016. Strides as in its later version, in the 3 x 3 convolution."""
    nn = f.nn

    def conv_norm(inputs, outputs, kernel, stride=1):
        return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]

    class Bottleneck(nn.Module):
        def __init__(self, inputs, width, stride):
            super().__init__()
            outputs = 4 * width
            self.body = nn.Sequential(
                *conv_norm(inputs, width, 1),
                nn.ReLU(),
                *conv_norm(width, width, 3, stride),
                nn.ReLU(),
                *conv_norm(width, outputs, 1),
            )
            same = inputs == outputs and stride == 1
            self.shortcut = nn.Identity() if same else nn.Sequential(*conv_norm(inputs, outputs, 1, stride))
            self.relu = nn.ReLU()

        def forward(self, x):
            return self.relu(self.body(x) + self.shortcut(x))

    layers = [*conv_norm(3, width, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    inputs = width
    for stage, count in enumerate(blocks):
        for block in range(count):
            own = width * 2**stage
            layers.append(Bottleneck(inputs, own, 2 if stage > 0 and block == 0 else 1))
            inputs = 4 * own
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


def gpt(f, layers=12, size=768, heads=12, length=1024, vocabulary=50304):
    """A decoder of GPT-2's shape; Radford et al., 2019. The default has 124 million parameters."""
    nn, functional = f.nn, f.nn.functional

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(size), nn.LayerNorm(size)
            self.qkv, self.out = nn.Linear(size, 3 * size), nn.Linear(size, size)
            self.up, self.down = nn.Linear(size, 4 * size), nn.Linear(4 * size, size)

        def forward(self, x):
            n, t, _ = x.shape
            q, k, v = (
                part.reshape(n, t, heads, size // heads).transpose(1, 2)
                for part in self.qkv(self.norm1(x)).split(size, dim=2)
            )
            y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(y.transpose(1, 2).reshape(n, t, size))
            return x + self.down(functional.gelu(self.up(self.norm2(x)), approximate="tanh"))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.places = nn.Embedding(vocabulary, size), nn.Embedding(length, size)
            self.blocks = nn.ModuleList([Block() for _ in range(layers)])
            self.norm, self.head = nn.LayerNorm(size), nn.Linear(size, vocabulary, bias=False)
            self.head.weight = self.tokens.weight

        def forward(self, ids):
            x = self.tokens(ids) + self.places(f.arange(ids.shape[1], device=ids.device))
            for block in self.blocks:
                x = block(x)
            return self.head(self.norm(x))

    return GPT()


def training_step(f, model, optimizer, inputs, target, dtype=None):
    """A function that takes one step; with a dtype the forward pass runs under autocast."""
    loss_of = f.nn.CrossEntropyLoss()
    kind = inputs.device.type

    def step():
        optimizer.zero_grad()
        with f.autocast(kind, dtype=dtype or f.bfloat16, enabled=dtype is not None):
            out = model(inputs)
            loss = loss_of(out.reshape(-1, out.shape[-1]), target.reshape(-1))
        loss.backward()
        optimizer.step()
        return loss

    return step
