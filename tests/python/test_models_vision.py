"""Models of images: shapes, training, evaluation, compilation, and those whose weights are at hand."""

import gzip

import numpy as np
import pytest
import weft
from model_checks import check_evaluation, check_step_lowers_loss, needs, shared_data
from weft import models
from weft.models.resnet import BasicBlock, Bottleneck
from weft.nn import functional as F

# Small members of the families: how they are made, the size of their images
SMALL = {
    "AlexNet": (lambda: models.AlexNet(7), 64),
    "VGG": (lambda: models.VGG((1, 1, 1, 1, 1), True, 7), 32),
    "ResNet": (lambda: models.ResNet(BasicBlock, [1, 1, 1, 1], 7), 32),
    "ResNeXt": (lambda: models.ResNet(Bottleneck, [1, 1, 1, 1], 7, groups=4, width_per_group=8), 32),
    "dilated ResNet": (
        lambda: models.ResNet(Bottleneck, [1, 2, 1, 1], 7, True, replace_stride_with_dilation=[True, False, True]),
        32,
    ),
    "CifarResNet": (lambda: models.CifarResNet(8, 7), 32),
    "DenseNet": (lambda: models.DenseNet(4, (2, 2), 8, num_classes=7), 32),
    "MobileNetV2": (lambda: models.MobileNetV2(7, 0.25), 64),
    "MobileNetV3": (
        lambda: models.MobileNetV3([(3, 16, 16, True, False, 2), (5, 32, 24, True, True, 1)], 32, 7),
        32,
    ),
    "EfficientNet": (lambda: models.EfficientNet(0.25, 0.25, num_classes=7), 64),
    "ConvNeXt": (lambda: models.ConvNeXt((8, 16), (1, 1), 0.1, 1.0, num_classes=7), 32),
    "VisionTransformer": (lambda: models.VisionTransformer(32, 8, 1, 2, 16, 32, num_classes=7), 32),
    "SwinTransformer": (lambda: models.SwinTransformer((4, 4), 8, (2, 2), (2, 4), (3, 3), num_classes=7), 32),
}
EACH = pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=needs("MultiheadAttention") if n == "VisionTransformer" else ()) for n in SMALL],
)


def made(name):
    weft.manual_seed(0)
    make, size = SMALL[name]
    return make(), weft.randn(3, 3, size, size)


@EACH
def test_classifier(name):
    model, x = made(name)
    labels = weft.tensor([1, 4, 6])
    assert model(x).shape == (3, 7)
    check_step_lowers_loss(model, lambda: F.cross_entropy(model(x), labels))
    check_evaluation(model, x)


@EACH
def test_what_is_no_batch_of_colour_images_is_refused(name):
    model, x = made(name)
    for wrong in (x[0], x[:, :2], x.long()):
        with pytest.raises(ValueError, match="expected images of"):
            model(wrong)


def test_images_of_any_size():
    for name, size in (("SwinTransformer", (37, 50)), ("ResNet", (33, 47)), ("ConvNeXt", (35, 64))):
        model, _ = made(name)
        assert model.eval()(weft.randn(2, 3, *size)).shape == (2, 7)


def test_lenet():
    weft.manual_seed(0)
    model, x = models.LeNet(), weft.rand(4, 1, 28, 28)
    assert sum(p.numel() for p in model.parameters()) == 61_706
    check_step_lowers_loss(model, lambda: F.cross_entropy(model(x), weft.arange(4)))
    check_evaluation(model, x)


def test_windows_do_not_mix_what_only_the_shift_brings_together():
    """A change of the last rows must not reach the first ones through one shifted block."""
    weft.manual_seed(0)
    attention = models.swin._WindowAttention(4, (4, 4), (2, 2), 2, 0.0, 0.0).eval()
    x = weft.randn(1, 8, 8, 4)
    changed = x.clone()
    changed[:, 7] += 1
    difference = (attention(x) - attention(changed)).abs().amax((0, 2, 3))
    assert (difference[:6] == 0).all() and (difference[6:] > 0).all()


BAD = {
    "ResNet: num_classes must be a positive int": lambda: models.resnet18(0),
    "ResNet: layers must be four": lambda: models.ResNet(BasicBlock, [1, 1]),
    "BasicBlock: groups and dilation": lambda: models.ResNet(BasicBlock, [1] * 4, groups=2),
    "ResNet: replace_stride": lambda: models.ResNet(Bottleneck, [1] * 4, replace_stride_with_dilation=[True]),
    "VGG: dropout must be between 0 and 1": lambda: models.vgg11(dropout=2.0),
    "VGG: stages": lambda: models.VGG((1, 2)),
    "AlexNet: num_classes": lambda: models.alexnet(True),
    "CifarResNet: depth must be": lambda: models.CifarResNet(21),
    "DenseNet: block_config": lambda: models.DenseNet(block_config=()),
    "MobileNetV2: width_mult": lambda: models.mobilenet_v2(width_mult=0.0),
    "MobileNetV2: inverted_residual": lambda: models.MobileNetV2(inverted_residual_setting=[(1, 2)]),
    "MobileNetV3: inverted_residual": lambda: models.MobileNetV3([], 8),
    "EfficientNet: width_mult and": lambda: models.EfficientNet(width_mult=-1.0),
    "ConvNeXt: channels and depths": lambda: models.ConvNeXt((8,), (1, 1)),
    "VisionTransformer: image_size must be a multiple": lambda: models.VisionTransformer(30, 8, 1, 2, 16, 32),
    "VisionTransformer: hidden_dim must be a multiple": lambda: models.VisionTransformer(32, 8, 1, 3, 16, 32),
    "SwinTransformer: a stage of 8": lambda: models.SwinTransformer((4, 4), 8, (1,), (3,), (4, 4)),
    "SwinTransformer: window_size": lambda: models.SwinTransformer((4, 4), 8, (1,), (2,), (4,)),
    "LeNet: in_channels": lambda: models.LeNet(in_channels=-1),
    "UNet: init_features": lambda: models.UNet(init_features=0),
    "RetinaNet: num_classes": lambda: models.RetinaNet(num_classes=0),
}


@pytest.mark.parametrize("message", BAD)
def test_builders_check_their_arguments(message):
    with pytest.raises(ValueError, match=message):
        BAD[message]()


def cifar():
    raw = np.frombuffer(gzip.decompress((shared_data("cifar10_subset") / "test_first1000.bin.gz").read_bytes()), "u1")
    records = raw.reshape(1000, 3073)
    images = records[:, 1:].reshape(1000, 3, 32, 32).astype(np.float32) / 255
    mean, deviation = (np.float32(v).reshape(3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    return weft.tensor((images - mean) / deviation), records[:, 0]


@pytest.mark.parametrize("file", ("resnet20.safetensors", "resnet20-12fca82f.th"))
def test_pretrained_resnet20(file):
    folder = shared_data("models") / "torch_resnet20_cifar10"
    state = weft.load(folder / file, map_location="cpu")
    if "state_dict" in state:
        state = {name.removeprefix("module."): value for name, value in state["state_dict"].items()}
    model = models.cifar_resnet20().eval()
    # The files hold no counts of batches
    counts = {name: value for name, value in model.state_dict().items() if name.endswith("num_batches_tracked")}
    model.load_state_dict({**counts, **state}, strict=True)
    images, labels = cifar()
    with weft.no_grad():
        logits = weft.cat([model(batch) for batch in images.split(250)]).numpy()
    expected = np.load(folder / "expected_test_first1000.npz")
    np.testing.assert_allclose(logits, expected["logits"], rtol=1e-3, atol=1e-3)
    assert (logits.argmax(1) == labels).sum() == 915


@needs("ConvTranspose2d")
def test_unet():
    weft.manual_seed(0)
    model, x = models.UNet(1, 1, 4), weft.randn(2, 1, 32, 48)
    wanted = (x > 0).float()
    assert model(x).shape == (2, 1, 32, 48)
    check_step_lowers_loss(model, lambda: F.binary_cross_entropy_with_logits(model(x), wanted))
    check_evaluation(model, x)
    assert sum(p.numel() for p in models.UNet().parameters()) == 7_763_041
    names = list(model.state_dict())
    assert names[0] == "encoder1.enc1conv1.weight" and "upconv4.bias" in names and "decoder1.dec1norm2.weight" in names
    with pytest.raises(ValueError, match="multiples of 16"):
        model(weft.zeros(1, 1, 20, 32))
