"""weft.ops against plain loops: boxes, their losses, regions of maps, blocks of layers."""

import math

import numpy as np
import pytest
import weft
from model_checks import needs
from weft import ops


def boxes(rng, count, size=40.0):
    corners = rng.uniform(0, size, (count, 2, 2))
    return np.concatenate([corners.min(1), corners.max(1)], 1).astype(np.float32)


def pair(a, b):
    """IoU, generalised, distance and complete IoU of two boxes."""

    def area(x1, y1, x2, y2):
        return (x2 - x1) * (y2 - y1)

    a, b = [float(v) for v in a], [float(v) for v in b]
    common = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    union = area(*a) + area(*b) - common
    hull = min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
    iou = common / union
    between = ((a[0] + a[2] - b[0] - b[2]) ** 2 + (a[1] + a[3] - b[1] - b[3]) ** 2) / 4
    distance = iou - between / ((hull[2] - hull[0]) ** 2 + (hull[3] - hull[1]) ** 2)
    angles = [math.atan((x[2] - x[0]) / (x[3] - x[1])) for x in (a, b)]
    v = 4 / math.pi**2 * (angles[0] - angles[1]) ** 2
    return iou, iou - (area(*hull) - union) / area(*hull), distance, distance - v * v / (1 - iou + v)


KINDS = ("box_iou", "generalized_box_iou", "distance_box_iou", "complete_box_iou")


@pytest.mark.parametrize("i, name", list(enumerate(KINDS)))
def test_overlap_of_each_pair(i, name):
    rng = np.random.default_rng(i)
    a, b = boxes(rng, 7), boxes(rng, 5)
    wanted = [[pair(x, y)[i] for y in b] for x in a]
    result = getattr(ops, name)(weft.tensor(a), weft.tensor(b))
    np.testing.assert_allclose(result.numpy(), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("i, name", list(enumerate(KINDS))[1:])
def test_losses_of_boxes(i, name):
    rng = np.random.default_rng(i)
    a, b = boxes(rng, 6), boxes(rng, 6)
    loss = getattr(ops, name + "_loss")
    wanted = [1 - pair(x, y)[i] for x, y in zip(a, b)]
    np.testing.assert_allclose(loss(weft.tensor(a), weft.tensor(b)).numpy(), wanted, rtol=1e-4, atol=1e-5)
    assert loss(weft.tensor(a), weft.tensor(b), "sum").item() == pytest.approx(sum(wanted), rel=1e-4)
    assert loss(weft.tensor(a), weft.tensor(b), "mean").item() == pytest.approx(sum(wanted) / 6, rel=1e-4)
    assert loss(weft.zeros(0, 4), weft.zeros(0, 4), "mean").item() == 0
    x = weft.tensor(a[:3].astype(np.float64), requires_grad=True)
    if name != "complete_box_iou":  # whose alpha is a constant for the gradient, but not for differences
        assert weft.autograd.gradcheck(lambda x: loss(x, weft.tensor(b[:3].astype(np.float64))), (x,))
    for other, reduction in ((weft.zeros(3, 4), "none"), (weft.zeros(2, 4), "avg")):
        with pytest.raises(ValueError, match=name + "_loss"):
            loss(weft.zeros(2, 4), other, reduction)


@pytest.mark.parametrize("fmt", ops.boxes.FORMATS)
def test_formats(fmt):
    x = weft.tensor(boxes(np.random.default_rng(0), 6))
    there = ops.box_convert(x, "xyxy", fmt)
    np.testing.assert_allclose(ops.box_convert(there, fmt, "xyxy").numpy(), x.numpy(), atol=1e-4)
    np.testing.assert_allclose(ops.box_area(there, fmt).numpy(), ops.box_area(x).numpy(), rtol=1e-4)
    np.testing.assert_allclose(ops.box_iou(there, there, fmt).numpy(), ops.box_iou(x, x).numpy(), atol=1e-4)
    for other in ops.boxes.FORMATS:
        direct, over = ops.box_convert(there, fmt, other), ops.box_convert(x, "xyxy", other)
        np.testing.assert_allclose(direct.numpy(), over.numpy(), atol=1e-4)


def test_clip_and_small_boxes():
    x = weft.tensor([[-3.0, 5.0, 50.0, 60.0], [1.0, 1.0, 2.0, 9.0], [0.0, 0.0, 4.0, 4.0]])
    assert ops.clip_boxes_to_image(x, (20, 30))[0].tolist() == [0, 5, 30, 20]
    assert ops.remove_small_boxes(x, 4.0).tolist() == [0, 2]
    assert ops.box_area(weft.tensor([[0, 0, 120, 120]], dtype=weft.int8)).item() == 14400
    assert ops.box_area(weft.tensor([[0.0, 0.0, 300.0, 300.0]], dtype=weft.float16)).item() == 90000


def plain_nms(x, scores, threshold, groups):
    kept = []
    for i in np.argsort(-scores, kind="stable"):
        if all(groups[i] != groups[j] or pair(x[i], x[j])[0] <= threshold for j in kept):
            kept.append(int(i))
    return kept


@pytest.mark.parametrize("threshold", (0.0, 0.3, 0.7, 1.0))
def test_nms(threshold):
    rng = np.random.default_rng(3)
    x, scores = boxes(rng, 40), rng.uniform(0, 1, 40).round(1).astype(np.float32)  # with equal scores
    groups = rng.integers(0, 3, 40)
    one = ops.nms(weft.tensor(x), weft.tensor(scores), threshold)
    assert one.tolist() == plain_nms(x, scores, threshold, np.zeros(40)) and one.dtype == weft.int64
    each = ops.batched_nms(weft.tensor(x), weft.tensor(scores), weft.tensor(groups), threshold)
    assert each.tolist() == plain_nms(x, scores, threshold, groups)


def test_nms_of_nothing_and_of_empty_boxes():
    assert ops.nms(weft.zeros(0, 4), weft.zeros(0), 0.5).tolist() == []
    assert ops.nms(weft.zeros(2, 4), weft.ones(2), 0.5).tolist() == [0, 1]


ERRORS = {
    "nms: expected scores of shape": lambda: ops.nms(weft.zeros(2, 4), weft.zeros(3), 0.5),
    "nms: expected boxes of shape": lambda: ops.nms(weft.zeros(2, 5), weft.zeros(2), 0.5),
    "nms: expected boxes of a floating-point dtype": lambda: ops.nms(weft.zeros(2, 4).long(), weft.zeros(2), 0.5),
    "batched_nms: expected idxs": lambda: ops.batched_nms(weft.zeros(2, 4), weft.zeros(2), weft.zeros(1), 0.5),
    "box_iou: expected boxes2": lambda: ops.box_iou(weft.zeros(2, 4), weft.zeros(2, 3)),
    "box_convert: in_fmt must be": lambda: ops.box_convert(weft.zeros(2, 4), "xxyy", "xyxy"),
    "roi_align: output_size must": lambda: ops.roi_align(weft.zeros(1, 1, 4, 4), weft.zeros(1, 5), 0),
    "roi_align: expected boxes of shape": lambda: ops.roi_align(weft.zeros(1, 1, 4, 4), weft.zeros(1, 4), 2),
    r"roi_pool: expected boxes\[1\]": lambda: ops.roi_pool(
        weft.zeros(2, 1, 4, 4), [weft.zeros(1, 4), weft.zeros(1, 5)], 2
    ),
    "roi_pool: got boxes of 2 images": lambda: ops.roi_pool(weft.zeros(1, 1, 4, 4), [weft.zeros(1, 4)] * 2, 2),
    "stochastic_depth: p must": lambda: ops.stochastic_depth(weft.zeros(2), 1.5, "row"),
    "StochasticDepth: mode must": lambda: ops.StochasticDepth(0.5, "column"),
    "MLP: hidden_channels": lambda: ops.MLP(3, []),
    "Permute: dims": lambda: ops.Permute([0, 0]),
    "SqueezeExcitation: squeeze_channels": lambda: ops.SqueezeExcitation(4, 0),
    "FrozenBatchNorm2d: num_features": lambda: ops.FrozenBatchNorm2d(0),
    "FeaturePyramidNetwork: in_channels_list": lambda: ops.FeaturePyramidNetwork([], 4),
    "sigmoid_focal_loss: alpha": lambda: ops.sigmoid_focal_loss(weft.zeros(2), weft.zeros(2), alpha=2.0),
    "sigmoid_focal_loss: inputs and targets": lambda: ops.sigmoid_focal_loss(weft.zeros(2), weft.zeros(3)),
}


@pytest.mark.parametrize("message", ERRORS)
def test_errors(message):
    with pytest.raises(ValueError, match=message):
        ERRORS[message]()


def plain_roi_align(x, rois, height, width, scale, sampling, aligned):
    """Sample by sample, with the rule for samples at the edge of the map (He et al., 2017)."""
    h, w = x.shape[2:]

    def at(image, y, x_):
        if y < -1 or y > h or x_ < -1 or x_ > w:
            return np.zeros(x.shape[1])
        y, x_ = min(max(y, 0), h - 1), min(max(x_, 0), w - 1)
        y0, x0 = int(y), int(x_)
        y1, x1 = min(y0 + 1, h - 1), min(x0 + 1, w - 1)
        ly, lx = y - y0, x_ - x0
        top = image[:, y0, x0] * (1 - lx) + image[:, y0, x1] * lx
        return top * (1 - ly) + (image[:, y1, x0] * (1 - lx) + image[:, y1, x1] * lx) * ly

    result = np.zeros((len(rois), x.shape[1], height, width))
    for k, (n, *corners) in enumerate(rois):
        x1, y1, x2, y2 = (c * scale - (0.5 if aligned else 0) for c in corners)
        roi_h, roi_w = y2 - y1, x2 - x1
        if not aligned:
            roi_h, roi_w = max(roi_h, 1), max(roi_w, 1)
        gh = sampling if sampling > 0 else math.ceil(roi_h / height)
        gw = sampling if sampling > 0 else math.ceil(roi_w / width)
        for i in range(height):
            for j in range(width):
                total = np.zeros(x.shape[1])
                for a in range(gh):
                    for b in range(gw):
                        y = y1 + (i + (a + 0.5) / gh) * roi_h / height
                        total += at(x[int(n)], y, x1 + (j + (b + 0.5) / gw) * roi_w / width)
                result[k, :, i, j] = total / max(gh * gw, 1)
    return result


def plain_roi_pool(x, rois, height, width, scale):
    h, w = x.shape[2:]

    def nearest(v):
        return math.floor(abs(v) + 0.5) * (1 if v >= 0 else -1)

    result = np.zeros((len(rois), x.shape[1], height, width))
    for k, (n, *corners) in enumerate(rois):
        x1, y1, x2, y2 = (nearest(c * scale) for c in corners)
        bin_h, bin_w = max(y2 - y1 + 1, 1) / height, max(x2 - x1 + 1, 1) / width
        for i in range(height):
            for j in range(width):
                top, bottom = (min(max(v + y1, 0), h) for v in (math.floor(i * bin_h), math.ceil((i + 1) * bin_h)))
                left, right = (min(max(v + x1, 0), w) for v in (math.floor(j * bin_w), math.ceil((j + 1) * bin_w)))
                if top < bottom and left < right:
                    result[k, :, i, j] = x[int(n), :, top:bottom, left:right].max((1, 2))
    return result


def rois(rng, images, count):
    found = np.concatenate([rng.integers(0, images, (count, 1)), boxes(rng, count, 30) - 6], 1)
    found[-1, 3:] = found[-1, 1:3] - 3  # without extent
    return found


@pytest.mark.parametrize("sampling, aligned", [(2, True), (2, False), (3, True), (-1, False), (-1, True), (0, True)])
def test_roi_align(sampling, aligned):
    rng = np.random.default_rng(sampling + 10)
    x, regions = rng.normal(size=(2, 3, 9, 7)), rois(rng, 2, 6)
    wanted = plain_roi_align(x, regions, 3, 2, 0.5, sampling, aligned)
    result = ops.roi_align(weft.tensor(x), weft.tensor(regions), (3, 2), 0.5, sampling, aligned)
    np.testing.assert_allclose(result.numpy(), wanted, atol=1e-9)
    lists = [weft.tensor(regions[regions[:, 0] == i, 1:]) for i in (0, 1)]
    order = np.argsort(regions[:, 0], kind="stable")
    layer = ops.RoIAlign((3, 2), 0.5, sampling, aligned)
    np.testing.assert_allclose(layer(weft.tensor(x), lists).numpy(), wanted[order], atol=1e-9)


def test_roi_pool():
    rng = np.random.default_rng(5)
    x, regions = rng.normal(size=(2, 3, 9, 7)), rois(rng, 2, 6)
    wanted = plain_roi_pool(x, regions, 3, 2, 0.5)
    np.testing.assert_allclose(ops.roi_pool(weft.tensor(x), weft.tensor(regions), (3, 2), 0.5).numpy(), wanted)
    assert (wanted == 0).any()  # an empty bin was among them
    np.testing.assert_allclose(ops.RoIPool((3, 2), 0.5)(weft.tensor(x), weft.tensor(regions)).numpy(), wanted)


def test_regions_have_gradients_and_may_be_none():
    rng = np.random.default_rng(6)
    x = weft.tensor(rng.normal(size=(1, 2, 5, 4)), requires_grad=True)
    regions = weft.tensor(rois(rng, 1, 3))
    assert weft.autograd.gradcheck(lambda x: ops.roi_align(x, regions, 2, 0.5, 2), (x,))
    assert weft.autograd.gradcheck(lambda x: ops.roi_pool(x, regions, 2, 0.5), (x,))
    for function in (ops.roi_align, ops.roi_pool):
        assert function(x, weft.zeros(0, 5), 2).shape == (0, 2, 2, 2)
        assert function(x, [weft.zeros(0, 4)], 2).shape == (0, 2, 2, 2)


def test_roi_align_compiled():
    x, regions = weft.randn(1, 2, 8, 8), weft.tensor([[0.0, 1.0, 1.0, 6.0, 7.0]])
    compiled = weft.jit(lambda x, r: ops.roi_align(x, r, 2, 1.0, 2))
    np.testing.assert_allclose(compiled(x, regions).numpy(), ops.roi_align(x, regions, 2, 1.0, 2).numpy(), atol=1e-6)


def test_pyramid_regions_are_read_from_the_level_of_their_size():
    maps = {str(i): weft.full((1, 1, 64 >> i, 64 >> i), float(i)) for i in range(3)}
    layer = ops.MultiScaleRoIAlign(["0", "1", "2"], 2, 2, canonical_scale=32, canonical_level=1)
    sides = [(10.0, 0), (40.0, 1), (64.0, 2), (60.0, 1)]
    regions = weft.tensor([[0.0, 0.0, side, side] for side, _ in sides])
    got = layer(maps, [regions], [(64, 64)])[:, 0, 0, 0]
    assert got.tolist() == [level for _, level in sides]
    with pytest.raises(ValueError, match="expected maps"):
        layer({"x": maps["0"]}, [regions], [(64, 64)])


def test_focal_loss_is_cross_entropy_without_focus():
    rng = np.random.default_rng(7)
    x, t = rng.normal(size=9), (rng.uniform(size=9) > 0.5) * 1.0
    p = 1 / (1 + np.exp(-x))
    right = np.where(t == 1, p, 1 - p)
    for alpha, gamma in ((-1, 0), (0.25, 2), (0.7, 1.5)):
        weight = np.where(t == 1, alpha, 1 - alpha) if alpha >= 0 else 1
        wanted = -weight * (1 - right) ** gamma * np.log(right)
        got = ops.sigmoid_focal_loss(weft.tensor(x), weft.tensor(t), alpha, gamma)
        np.testing.assert_allclose(got.numpy(), wanted, rtol=1e-6)
    leaf = weft.tensor(x, requires_grad=True)
    assert weft.autograd.gradcheck(lambda x: ops.sigmoid_focal_loss(x, weft.tensor(t)), (leaf,))


def test_stochastic_depth():
    weft.manual_seed(0)
    x = weft.ones(2000, 3)
    rows = ops.stochastic_depth(x, 0.25, "row")
    assert sorted(set(rows.flatten().tolist())) == pytest.approx([0, 4 / 3]) and (rows[:, 0] == rows[:, 2]).all()
    assert rows.mean().item() == pytest.approx(1, abs=0.06)
    batch = [ops.stochastic_depth(x, 0.5, "batch") for _ in range(20)]
    assert {len(set(b.flatten().tolist())) for b in batch} == {1} and len({b[0, 0].item() for b in batch}) == 2
    assert (ops.StochasticDepth(0.5, "row").eval()(x) == x).all()
    assert not ops.stochastic_depth(x, 1.0, "batch").any()


def test_blocks():
    names = [type(layer).__name__ for layer in ops.Conv2dNormActivation(3, 8)]
    assert names == ["Conv2d", "BatchNorm2d", "ReLU"]
    plain = ops.Conv2dNormActivation(3, 8, 5, dilation=2, norm_layer=None, activation_layer=None)
    assert len(plain) == 1 and plain[0].padding == (4, 4) and plain[0].bias is not None
    names = [type(layer).__name__ for layer in ops.MLP(3, [4, 5], norm_layer=weft.nn.LayerNorm)]
    assert names == ["Linear", "LayerNorm", "ReLU", "Dropout", "Linear", "Dropout"]


def test_frozen_batch_norm_takes_the_state_of_a_batch_norm():
    norm = weft.nn.BatchNorm2d(3)
    norm(weft.randn(4, 3, 5, 5) * 3 + 1)
    frozen = ops.FrozenBatchNorm2d(3)
    frozen.load_state_dict(norm.state_dict())
    x = weft.randn(2, 3, 4, 4)
    np.testing.assert_allclose(frozen(x).numpy(), norm.eval()(x).detach().numpy(), atol=1e-5)
    assert not list(frozen.parameters())


@needs("interpolate")
def test_feature_pyramid():
    pyramid = ops.FeaturePyramidNetwork([4, 8], 6, ops.LastLevelP6P7(6, 6))
    maps = {"a": weft.randn(1, 4, 8, 8), "b": weft.randn(1, 8, 4, 4)}
    got = pyramid(maps)
    assert {name: tuple(x.shape[1:]) for name, x in got.items()} == {
        "a": (6, 8, 8),
        "b": (6, 4, 4),
        "p6": (6, 2, 2),
        "p7": (6, 1, 1),
    }
    coarse = pyramid.inner_blocks[1](maps["b"])
    enlarged = coarse.repeat_interleave(2, 2).repeat_interleave(2, 3)
    wanted = pyramid.layer_blocks[0](pyramid.inner_blocks[0](maps["a"]) + enlarged)
    np.testing.assert_allclose(got["a"].detach().numpy(), wanted.detach().numpy(), atol=1e-5)


@pytest.mark.parametrize("dtype", ("bfloat16", "float16", "float64"))
def test_other_dtypes(dtype):
    dtype = getattr(weft, dtype)
    x = weft.tensor([[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 9.0, 8.0], [20.0, 20.0, 30.0, 30.0]], dtype=dtype)
    wide = dtype if dtype == weft.float64 else weft.float32
    assert ops.nms(x, weft.tensor([0.5, 0.9, 0.8], dtype=dtype), 0.5).tolist() == [1, 2]
    assert ops.box_iou(x, x).dtype == ops.generalized_box_iou_loss(x, x).dtype == wide
    maps = weft.randn(1, 2, 8, 8).to(dtype)
    for function in (ops.roi_align, ops.roi_pool):
        result = function(maps, [x], 2, 0.25)
        wanted = function(maps.float(), [x.float()], 2, 0.25)
        assert result.dtype == dtype
        np.testing.assert_allclose(result.float().numpy(), wanted.numpy(), atol=3e-2)


def test_layouts_and_empty_inputs():
    maps = weft.randn(1, 8, 8, 2).permute(0, 3, 1, 2)
    x = weft.tensor([[1.0, 1.0, 7.0, 6.0]])
    for function in (ops.roi_align, ops.roi_pool):
        assert weft.equal(function(maps, [x], 2), function(maps.contiguous(), [x], 2))
    for name in KINDS:
        assert getattr(ops, name)(weft.zeros(0, 4), x).shape == (0, 1)
    assert ops.box_convert(weft.zeros(0, 4), "xyxy", "xywh").shape == (0, 4)
    assert ops.batched_nms(weft.zeros(0, 4), weft.zeros(0), weft.zeros(0).long(), 0.5).tolist() == []
