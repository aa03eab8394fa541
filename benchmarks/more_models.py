"""More models for benchmarks, each a function of the framework's module, weft or torch."""


def mobilenet_v2(f, classes=1000):
    """Inverted residuals; Sandler et al., 2018."""
    nn = f.nn

    def conv(inputs, outputs, kernel, stride=1, groups=1, act=True):
        layers = [
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        return nn.Sequential(*layers, *[nn.ReLU6()] * act)

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride, expand):
            super().__init__()
            hidden = inputs * expand
            first = [conv(inputs, hidden, 1)] if expand != 1 else []
            self.layers = nn.Sequential(
                *first, conv(hidden, hidden, 3, stride, hidden), conv(hidden, outputs, 1, act=False)
            )
            self.adds = stride == 1 and inputs == outputs

        def forward(self, x):
            return x + self.layers(x) if self.adds else self.layers(x)

    layers, inputs = [conv(3, 32, 3, 2)], 32
    table = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    for expand, outputs, count, stride in table:
        for i in range(count):
            layers.append(Block(inputs, outputs, stride if i == 0 else 1, expand))
            inputs = outputs
    head = [conv(inputs, 1280, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, classes)]
    return nn.Sequential(*layers, *head)


def recurrent_language_model(f, kind="LSTM", vocabulary=1000, size=256, layers=2):
    """An embedding, recurrent layers and a product with the vocabulary; (batch, length) indices."""
    nn = f.nn

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(vocabulary, size)
            self.layers = getattr(nn, kind)(size, size, layers, batch_first=True)
            self.head = nn.Linear(size, vocabulary)

        def forward(self, tokens):
            return self.head(self.layers(self.embedding(tokens))[0])

    return Model()


def vit(f, size=384, layers=6, heads=6, image=64, patch=8, classes=100):
    """A small Vision Transformer of the framework's own encoder; Dosovitskiy et al., 2021."""
    nn = f.nn

    class ViT(nn.Module):
        def __init__(self):
            super().__init__()
            self.patches = nn.Conv2d(3, size, patch, patch)
            self.token = nn.Parameter(f.zeros(1, 1, size))
            self.position = nn.Parameter(f.zeros(1, (image // patch) ** 2 + 1, size))
            layer = nn.TransformerEncoderLayer(size, heads, 4 * size, 0.0, "gelu", batch_first=True, norm_first=True)
            self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(size), enable_nested_tensor=False)
            self.head = nn.Linear(size, classes)

        def forward(self, x):
            x = self.patches(x).flatten(2).transpose(1, 2)
            x = f.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.position
            return self.head(self.encoder(x)[:, 0])

    return ViT()


def unet(f, width=16, depth=3, channels=3, classes=4):
    """Ronneberger et al., 2015, with transposed convolutions; pixels become rows of class scores."""
    nn = f.nn

    def block(inputs, outputs):
        layers = []
        for i in (inputs, outputs):
            layers += [nn.Conv2d(i, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        return nn.Sequential(*layers)

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            widths = [width << i for i in range(depth + 1)]
            self.down = nn.ModuleList(block(i, o) for i, o in zip([channels, *widths], widths))
            self.up = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, 2) for w in widths[:-1])
            self.merge = nn.ModuleList(block(2 * w, w) for w in widths[:-1])
            self.pool, self.head = nn.MaxPool2d(2), nn.Conv2d(width, classes, 1)

        def forward(self, x):
            kept = []
            for i, layer in enumerate(self.down):
                x = layer(self.pool(x) if i else x)
                kept.append(x)
            for i in reversed(range(depth)):
                x = self.merge[i](f.cat([kept[i], self.up[i](x)], 1))
            return self.head(x).permute(0, 2, 3, 1)

    return UNet()


def vae(f, hidden=400, latent=20):
    """A perceptron that codes 28 x 28 images and draws them; Kingma and Welling, 2014."""
    nn = f.nn

    class VAE(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent))
            self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, 784))

        def forward(self, x):
            mean, log_var = self.encoder(x).chunk(2, -1)
            return self.decoder(mean + f.randn_like(mean) * (0.5 * log_var).exp()), mean, log_var

    return VAE()


def gcn(f, nodes=2708, degree=4, features=1433, hidden=16, classes=7):
    """Two graph convolutions over the edges of a random graph as large as Cora; Kipf and Welling, 2017."""
    nn = f.nn
    source, target = f.randint(0, nodes, (nodes * degree,)), f.randint(0, nodes, (nodes * degree,))
    weight = f.full((nodes * degree, 1), 1 / degree)

    class GCN(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(features, hidden), nn.Linear(hidden, classes)

        def spread(self, x):
            return f.zeros(nodes, x.shape[1]).index_add(0, target, x[source] * weight)

        def forward(self, x):
            return self.spread(self.last(self.spread(self.first(x)).relu()))

    return GCN()


def dlrm(f, tables=8, rows=10_000, size=32, dense=13):
    """Embeddings of categories, a perceptron for numbers, their products; Naumov et al., 2019."""
    nn = f.nn

    class DLRM(nn.Module):
        def __init__(self):
            super().__init__()
            self.tables = nn.ModuleList(nn.EmbeddingBag(rows, size, mode="sum") for _ in range(tables))
            self.bottom = nn.Sequential(nn.Linear(dense, 64), nn.ReLU(), nn.Linear(64, size), nn.ReLU())
            pairs = (tables + 1) * tables // 2
            self.top = nn.Sequential(nn.Linear(size + pairs, 64), nn.ReLU(), nn.Linear(64, 2))
            place = f.tril(f.ones(tables + 1, tables + 1), -1).flatten().nonzero().squeeze(1)
            self.register_buffer("place", place)

        def forward(self, numbers, categories):
            x = self.bottom(numbers)
            vectors = f.stack([x, *(table(categories[i]) for i, table in enumerate(self.tables))], 1)
            products = f.bmm(vectors, vectors.transpose(1, 2)).flatten(1)
            return self.top(f.cat([x, products[:, self.place]], 1))

    return DLRM()
