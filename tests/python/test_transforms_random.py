"""Transforms as classes: samples of all kinds, seeds, probabilities, what is drawn, mixtures of batches."""

import collections
import copy
import inspect
import pickle

import numpy as np
import pytest
import weft
from PIL import Image
from weft import transforms as T
from weft.transforms import automatic
from weft.transforms.base import dirichlet, log_gamma
from weft.utils.data import DataLoader, Dataset

SHAPE = (3, 12, 14)
# One of each class that keeps images images
EXAMPLES = [
    T.AugMix(),
    *(T.AutoAugment(policy) for policy in T.AutoAugmentPolicy),
    T.CenterCrop(9),
    T.ColorJitter(0.4, 0.4, 0.4, 0.1),
    T.Compose([T.RandomCrop(8), T.RandomHorizontalFlip()]),
    T.ElasticTransform(),
    T.GaussianBlur(3),
    T.GaussianNoise(),
    T.Grayscale(3),
    T.JPEG((20, 80)),
    T.Pad(2),
    T.RGB(),
    T.RandAugment(),
    T.RandomAdjustSharpness(1.5),
    T.RandomAffine(30, (0.1, 0.2), (0.8, 1.2), 10),
    T.RandomApply([T.RandomVerticalFlip()]),
    T.RandomAutocontrast(),
    T.RandomChannelPermutation(),
    T.RandomChoice([T.RandomCrop(8), T.CenterCrop(8)]),
    T.RandomCrop(8, padding=2),
    T.RandomEqualize(),
    T.RandomErasing(),
    T.RandomGrayscale(0.5),
    T.RandomHorizontalFlip(),
    T.RandomInvert(),
    T.RandomOrder([T.RandomCrop(8), T.RandomInvert()]),
    T.RandomPerspective(),
    T.RandomPhotometricDistort(),
    T.RandomPosterize(3),
    T.RandomResize(8, 12),
    T.RandomResizedCrop(8),
    T.RandomRotation(30),
    T.RandomShortestSize([8, 10], 12),
    T.RandomSolarize(100),
    T.RandomVerticalFlip(),
    T.RandomZoomOut(),
    T.Resize(6),
    T.ScaleJitter((10, 10)),
    T.TrivialAugmentWide(),
]
NAMES = [f"{i}-{type(t).__name__}" for i, t in enumerate(EXAMPLES)]


def array(seed=0, height=SHAPE[1], width=SHAPE[2]):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def image(seed=0):
    return weft.from_numpy(array(seed).transpose(2, 0, 1).copy())


def values(x):
    return np.asarray(x) if not isinstance(x, weft.Tensor) else x.numpy()


@pytest.mark.parametrize("transform", EXAMPLES, ids=NAMES)
def test_seeds(transform):
    """One seed, one result, whatever kind the image is; the next draw is another one."""
    for make in (image, array, lambda: Image.fromarray(array())):
        runs = []
        for _ in range(2):
            weft.manual_seed(5)
            runs.append([values(transform(make())) for _ in range(4)])
        assert all(np.array_equal(a, b) for a, b in zip(*runs))
    # Arrays and tensors go the same way.
    weft.manual_seed(6)
    of_array = transform(array())
    weft.manual_seed(6)
    of_tensor = transform(image())
    assert isinstance(of_array, np.ndarray) and of_array.dtype == np.uint8
    assert np.array_equal(of_array, of_tensor.movedim(0, -1).numpy())


@pytest.mark.parametrize("transform", EXAMPLES, ids=NAMES)
def test_kinds_and_samples(transform):
    given = image()
    before = given.clone()
    for _ in range(3):
        batch = transform(weft.stack([given, given]))
        assert batch.shape[:2] == (2, 3) and batch.dtype == weft.uint8
        assert isinstance(transform(Image.fromarray(array())), Image.Image)
        if not isinstance(transform, (T.JPEG, T.RandomSolarize)):  # bytes, and a threshold of bytes
            assert transform(given.to(weft.float32).div(255)).dtype == weft.float32
    assert weft.equal(given, before), "the image that was given has changed"
    label, boxes = object(), weft.ones(2)
    out = transform({"image": given, "more": (boxes, [label, 3, None])})
    assert out["more"][0] is boxes and out["more"][1][0] is label and out["more"][1][1:] == [3, None]
    assert out["image"].shape[0] == 3
    one, two = transform(given, 7)
    assert two == 7 and one.shape[0] == 3


@pytest.mark.parametrize("transform", EXAMPLES, ids=NAMES)
def test_copies_and_text(transform):
    weft.manual_seed(1)
    expected = transform(image())
    for twin in (copy.deepcopy(transform), pickle.loads(pickle.dumps(transform))):
        weft.manual_seed(1)
        assert weft.equal(twin(image()), expected)
    assert type(transform).__name__ in repr(transform)


def test_text():
    assert repr(T.RandomCrop(8, padding=1)) == (
        "RandomCrop(size=(8, 8), padding=(1, 1, 1, 1), pad_if_needed=False, fill=0, padding_mode=constant)"
    )
    assert "interpolation=bilinear" in repr(T.Resize(4))
    assert "CenterCrop" in repr(T.Compose([T.CenterCrop(3)]))


def test_which_parts_are_images():
    picture = Image.fromarray(array())
    flip = T.RandomHorizontalFlip(1.0)
    tensor, other = image(), image(1)
    out = flip((tensor, other, 3))
    assert weft.equal(out[0], tensor.flip(-1)) and out[1] is other  # the first tensor alone
    out = flip([picture, tensor, picture])  # all PIL images, and no tensor beside them
    assert out[1] is tensor and np.array_equal(np.asarray(out[2]), array()[:, ::-1]) and isinstance(out, list)
    Pair = collections.namedtuple("Pair", "image label")
    out = flip(Pair(tensor, 1))
    assert isinstance(out, Pair) and out.label == 1
    ordered = flip(collections.OrderedDict(image=tensor))
    assert type(ordered) is collections.OrderedDict
    nothing = flip((1, "two"))
    assert nothing == (1, "two")


def test_both_images_of_a_sample_get_the_same_draw():
    pair = (Image.fromarray(array()), Image.fromarray(array()))
    for transform in (T.RandomCrop(5), T.RandomResizedCrop(6), T.ColorJitter(0.5, 0.5), T.RandomAffine(40)):
        one, two = transform(pair)
        assert np.array_equal(np.asarray(one), np.asarray(two))


HAPPEN_OR_NOT = [
    name
    for name in T.__all__
    if name.startswith("Random")
    and "p" in inspect.signature(getattr(T, name)).parameters
    and name not in ("RandomChoice", "RandomApply", "RandomPhotometricDistort")
]


@pytest.mark.parametrize("name", HAPPEN_OR_NOT)
def test_probability(name):
    cls = getattr(T, name)
    first = {"RandomPosterize": (2,), "RandomSolarize": (9,), "RandomAdjustSharpness": (3.0,)}.get(name, ())
    always, never, often = cls(*first, p=1.0), cls(*first, p=0.0), cls(*first, p=0.3)
    given = image()
    weft.manual_seed(0)
    assert all(never(given) is given for _ in range(20))
    assert all(always(given) is not given for _ in range(20))
    assert 60 < sum(often(given) is not given for _ in range(300)) < 120


def test_the_places_of_random_crops():
    picture = weft.arange(16).reshape(1, 4, 4)
    crop = T.RandomCrop(2)
    weft.manual_seed(0)
    counts = collections.Counter(crop(picture)[0, 0, 0].item() for _ in range(900))
    assert set(counts) == {0, 1, 2, 4, 5, 6, 8, 9, 10} and min(counts.values()) > 65
    padded = T.RandomCrop(4, padding=(1, 0), fill=7)
    rows = {tuple(padded(picture)[0, 0].tolist()) for _ in range(60)}
    assert rows == {(7, 0, 1, 2), (0, 1, 2, 3), (1, 2, 3, 7)}
    assert T.RandomCrop((6, 9), pad_if_needed=True)(picture).shape == (1, 6, 9)
    assert weft.equal(T.RandomCrop(4)(picture), picture)
    for kind in (picture.to(weft.uint8), Image.fromarray(picture[0].to(weft.uint8).numpy())):
        for mode in ("edge", "reflect", "symmetric", "constant"):
            weft.manual_seed(2)
            got = values(T.RandomCrop(5, padding=2, padding_mode=mode)(kind)).reshape(5, 5)
            weft.manual_seed(2)
            params = T.RandomCrop(5, padding=2).make_params([kind])
            expected = np.pad(values(kind).reshape(4, 4), 2, mode=mode)
            assert np.array_equal(got, expected[params["top"] :, params["left"] :][:5, :5])


def test_the_parts_of_random_resized_crops():
    transform = T.RandomResizedCrop(8, scale=(0.2, 0.5), ratio=(0.5, 2.0))
    weft.manual_seed(0)
    for _ in range(200):
        params = transform.make_params([weft.zeros(3, 100, 150)])
        assert 0.19 < params["height"] * params["width"] / 15000 < 0.51
        assert 0.49 < params["width"] / params["height"] < 2.04
        assert params["top"] + params["height"] <= 100 and params["left"] + params["width"] <= 150
    # A strip has no such part: its middle is taken.
    params = transform.make_params([weft.zeros(3, 2, 1000)])
    assert params == {"top": 0, "left": 498, "height": 2, "width": 4}
    params = transform.make_params([weft.zeros(3, 1000, 2)])
    assert params == {"top": 498, "left": 0, "height": 4, "width": 2}


def test_random_erasing():
    weft.manual_seed(0)
    transform = T.RandomErasing(1.0, scale=(0.1, 0.3), value=(1.0, 2.0, 3.0))
    for _ in range(20):
        out = transform(weft.zeros(3, 40, 40))
        assert set(out[1].unique().tolist()) == {0.0, 2.0}
        assert 0.08 < (out[0] == 1).float().mean().item() < 0.32
    noise = T.RandomErasing(1.0, value="random")(weft.zeros(3, 40, 40))
    assert noise.unique().numel() > 50
    assert T.RandomErasing(1.0, scale=(1.0, 1.0))(weft.ones(3, 4, 4)).sum() == 48  # no such rectangle
    given = weft.ones(3, 40, 40)
    assert T.RandomErasing(1.0, inplace=True)(given) is given


def test_zoom_and_sizes():
    weft.manual_seed(0)
    for _ in range(20):
        out = T.RandomZoomOut(fill=(9, 8, 7), p=1.0)(weft.zeros(3, 4, 6))
        assert 4 <= out.shape[1] <= 16 and out[0].max().item() in (0, 9) and out[0].sum() * 7 == out[2].sum() * 9
        assert 0.49 <= max(T.ScaleJitter((20, 20), (0.5, 2.0))(weft.zeros(3, 8, 6)).shape[1:]) / 20 <= 2
        assert min(T.RandomResize(5, 8)(weft.zeros(3, 10, 20)).shape[1:]) in (5, 6, 7)
        assert T.RandomShortestSize([5, 7], 12)(weft.zeros(3, 10, 20)).shape[1:] in ((5, 10), (6, 12))


def test_fill_by_type():
    pad = T.Pad(1, fill={weft.Tensor: 1, Image.Image: 2, "others": 3})
    assert pad(image())[0, 0, 0] == 1 and pad(array())[0, 0, 0] == 3
    assert pad(Image.fromarray(array())).getpixel((0, 0)) == (2, 2, 2)
    with pytest.raises(ValueError, match="others"):
        T.Pad(1, fill={Image.Image: 2})(image())


def test_numbers_of_numpy():
    assert T.Pad(np.int64(1), fill=np.int64(7))(image())[0, 0, 0] == 7
    assert T.Pad(1, fill=np.float32(7))(Image.fromarray(array())).getpixel((0, 0)) == (7, 7, 7)
    assert T.RandomErasing(1.0, value=np.int64(3))(image()).shape == SHAPE
    assert T.RandomRotation(np.float32(10), fill=np.int64(3))(image()).shape == SHAPE
    assert T.Resize(np.int64(6))(image()).shape[1] == 6 and T.RandomCrop(np.int32(6))(image()).shape[1] == 6


def test_conversions():
    assert T.ToTensor()(array()).dtype == weft.float32 and T.ToTensor()(image()).dtype == weft.uint8
    both = T.Compose([T.ToImage(), T.ToDtype(weft.float32, scale=True)])
    weft.testing.assert_close(both(array()), T.ToTensor()(array()))
    by_type = T.ToDtype({weft.Tensor: weft.float64, "others": None})
    assert by_type(image()).dtype == weft.float64 and by_type(array()).dtype == np.uint8
    assert T.ToPILImage()(array()).size == (14, 12)
    normalize = T.Normalize([0.5], [0.25])
    assert normalize(weft.ones(2, 3, 2, 2)).dtype == weft.float32
    assert normalize(weft.ones(3, 2, 2, dtype=weft.float64)).dtype == weft.float64
    assert normalize(np.ones((2, 2, 3), np.float32)).max() == 2
    matrix, mean = weft.rand(12, 12), weft.rand(12)
    x = weft.rand(5, 3, 2, 2)
    expected = ((x.reshape(5, 12) - mean) @ matrix).reshape(x.shape)
    weft.testing.assert_close(T.LinearTransformation(matrix, mean)(x), expected)
    assert T.Lambda(str)((1, [2])) == ("1", ["2"])
    assert T.UniformTemporalSubsample(3)(weft.arange(10).reshape(10, 1, 1, 1)).flatten().tolist() == [0, 4, 9]
    assert T.FiveCrop(4)((image(), 5))[0][4].shape == (3, 4, 4)


def test_containers_draw():
    weft.manual_seed(0)
    add, double = lambda x: x + 1, lambda x: x * 2  # noqa: E731
    assert {T.RandomOrder([add, double])(1) for _ in range(30)} == {3, 4}
    chosen = collections.Counter(T.RandomChoice([add, double], p=[1, 3])(3) for _ in range(400))
    assert 260 < chosen[6] < 340 and chosen[4] + chosen[6] == 400
    assert {T.RandomApply([add, double], p=0.5)(1) for _ in range(30)} == {1, 4}
    assert T.Compose([lambda a, b: (b, a)])(1, 2) == (2, 1)
    assert weft.nn.Sequential(T.CenterCrop(4), T.RandomInvert(1.0))(image()).shape == (3, 4, 4)


def test_colour_jitter_draws_all_orders():
    weft.manual_seed(0)
    jitter = T.ColorJitter(0.5, (0.2, 0.4), None, 0.1)
    draws = [jitter.make_params([]) for _ in range(400)]
    assert len({tuple(d["fn_idx"]) for d in draws}) == 24
    assert all(0.5 <= d["brightness_factor"] <= 1.5 and 0.2 <= d["contrast_factor"] <= 0.4 for d in draws)
    assert all(d["saturation_factor"] is None and abs(d["hue_factor"]) <= 0.1 for d in draws)


def test_policies():
    for policy, text in automatic._POLICIES.items():
        pairs = automatic._parsed(text)
        assert len(pairs) == 25 and all(len(pair) == 2 for pair in pairs), policy
        for name, p, part in (operation for pair in pairs for operation in pair):
            assert name in automatic._AUTO and 0 <= p <= 1 and 0 <= part <= 1


def test_strengths():
    def strength(space, name, part):
        return space[name][0](part, 331, 662)

    assert strength(automatic._AUTO, "TranslateX", 1.0) == pytest.approx(300)
    assert strength(automatic._AUTO, "TranslateY", 0.5) == pytest.approx(75)
    assert [strength(automatic._AUTO, "Posterize", i / 9) for i in range(10)] == [8, 8, 7, 7, 6, 6, 5, 5, 4, 4]
    assert [strength(automatic._WIDE, "Posterize", i / 9) for i in range(10)] == [8, 7, 7, 6, 5, 5, 4, 3, 3, 2]
    assert [strength(automatic._MIX, "Posterize", i / 9) for i in range(10)] == [4, 4, 3, 3, 2, 2, 1, 1, 0, 0]
    assert strength(automatic._WIDE, "Rotate", 1.0) == 135 and strength(automatic._WIDE, "ShearX", 1.0) == 0.99
    assert "Invert" not in automatic._RAND and "Identity" not in automatic._MIX
    signs = {automatic._magnitude(automatic._AUTO, "Rotate", 1.0, s, 9, 9) for s in (0.1, 0.9)}
    assert signs == {-30.0, 30.0}


@pytest.mark.parametrize("name", automatic._AUTO)
def test_operations_on_all_kinds(name):
    transform = T.RandAugment()
    part = automatic._AUTO[name][0]
    magnitude = part(0.5, 12, 14) if part else 0.0
    of_tensor = transform._operate(image(), name, magnitude)
    assert np.array_equal(transform._operate(array(), name, magnitude), of_tensor.movedim(0, -1).numpy())
    of_picture = np.asarray(transform._operate(Image.fromarray(array()), name, magnitude)).astype(int)
    assert (np.abs(of_picture - of_tensor.movedim(0, -1).numpy()) > 2).mean() < 0.1
    assert transform._operate(image().float() / 255, name, magnitude).dtype == weft.float32


@pytest.mark.parametrize("alpha", [0.1, 0.7, 1.0, 4.0])
def test_gamma_draws(alpha):
    weft.manual_seed(0)
    draws = np.exp(log_gamma(alpha, 20000))
    assert draws.mean() == pytest.approx(alpha, rel=0.06) and draws.var() == pytest.approx(alpha, rel=0.15)
    weights = np.array([dirichlet(alpha, 2)[0] for _ in range(4000)])
    assert weights.mean() == pytest.approx(0.5, abs=0.03)
    assert weights.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.1)
    assert sum(dirichlet(1e-6, 3)) == pytest.approx(1)


def test_mixup():
    images, labels = weft.rand(4, 3, 5, 5), weft.tensor([0, 1, 2, 1])
    weft.manual_seed(3)
    mixed, soft = T.MixUp(num_classes=3)(images, labels)
    weft.manual_seed(3)
    part = T.MixUp(num_classes=3).make_params([images])["lam"]
    weft.testing.assert_close(mixed, images * part + images.roll(1, 0) * (1 - part))
    eye = weft.eye(3)[labels]
    weft.testing.assert_close(soft, eye * part + eye.roll(1, 0) * (1 - part))
    again, _ = T.MixUp()(mixed, soft)  # labels that are weights already
    assert again.shape == images.shape
    out = T.MixUp(num_classes=3)({"x": images, "labels": labels, "name": "batch"})
    assert out["labels"].shape == (4, 3) and out["name"] == "batch"
    out = T.MixUp(num_classes=3, labels_getter=lambda sample: sample[2])((images, 5, labels))
    assert out[2].shape == (4, 3) and out[1] == 5
    assert T.MixUp(labels_getter=None)(images).shape == images.shape
    assert T.MixUp(labels_getter=None)((images * 255).to(weft.uint8)).dtype == weft.uint8


def test_cutmix():
    images = weft.arange(4.0).reshape(4, 1, 1, 1).expand(4, 3, 10, 10).contiguous()
    labels = weft.arange(4)
    weft.manual_seed(0)
    parts = []
    for _ in range(30):
        mixed, soft = T.CutMix(num_classes=4)(images, labels)
        kept = (mixed == images).float().mean((1, 2, 3))
        weft.testing.assert_close(soft, weft.eye(4) * kept[:, None] + weft.eye(4).roll(1, 0) * (1 - kept[:, None]))
        assert weft.equal(mixed[mixed != images], images.roll(1, 0)[mixed != images])
        parts.append(kept[0].item())
    assert min(parts) < 0.5 < max(parts) and images[0].sum() == 0


class Digits(Dataset):
    def __init__(self, transform):
        self.transform = transform

    def __len__(self):
        return 12

    def __getitem__(self, index):
        return self.transform((array(index), index))


def test_in_a_loader():
    pipeline = T.Compose([T.ToImage(), T.RandomResizedCrop(8), T.RandomHorizontalFlip(), T.ToDtype(weft.float32, True)])
    weft.manual_seed(0)
    first = list(DataLoader(Digits(pipeline), batch_size=4))
    weft.manual_seed(0)
    second = list(DataLoader(Digits(pipeline), batch_size=4))
    assert all(weft.equal(a[0], b[0]) for a, b in zip(first, second))
    mix = T.RandomChoice([T.MixUp(num_classes=12), T.CutMix(num_classes=12)])
    images, labels = mix(*first[0])
    assert images.shape == (4, 3, 8, 8) and labels.shape == (4, 12)


def test_under_the_name_v2():
    import weft.transforms.v2.functional as functional
    from weft.transforms import v2

    assert v2.Compose is T.Compose and functional.resize is T.functional.resize and v2.functional is functional
