"""RetinaNet, its parts, and the average precision of detections."""

import math

import numpy as np
import pytest
import weft
from model_checks import check_step_lowers_loss, needs
from weft import models
from weft.models.retinanet import anchors_of, decode_boxes, encode_boxes, match_anchors


def test_anchors():
    anchors = anchors_of([(2, 3), (1, 2)], (16, 24))
    assert anchors.shape == (8 * 9, 4)
    first = anchors[:9].numpy()
    np.testing.assert_allclose((first[:, :2] + first[:, 2:]) / 2, 0, atol=1e-6)
    sides = [int(32 * 2 ** (i / 3)) for i in range(3)]
    wanted = [[round(s / math.sqrt(r) / 2), round(s * math.sqrt(r) / 2)] for r in (0.5, 1, 2) for s in sides]
    np.testing.assert_array_equal(first[:, 2:], wanted)
    centres = ((anchors[:, :2] + anchors[:, 2:]) / 2)[::9].tolist()
    assert centres == [[0, 0], [8, 0], [16, 0], [0, 8], [8, 8], [16, 8], [0, 0], [12, 0]]
    assert (anchors[-1, 2:] - anchors[-1, :2]).prod().item() > 2 * (anchors[8, 2:] - anchors[8, :2]).prod().item()


def test_codes_of_boxes():
    rng = np.random.default_rng(0)
    corners = weft.tensor(rng.uniform(0, 50, (2, 9, 2)))
    boxes = weft.cat([corners[0], corners[0] + 5 + corners[1]], 1)
    anchors = boxes.flip(0)
    np.testing.assert_allclose(decode_boxes(encode_boxes(boxes, anchors), anchors).numpy(), boxes.numpy(), atol=1e-9)
    large = decode_boxes(weft.full((1, 4), 100.0), weft.tensor([[0.0, 0.0, 1.0, 1.0]]))
    assert (large[0, 2] - large[0, 0]).item() == pytest.approx(62.5, rel=1e-4)


def test_matches():
    iou = weft.tensor([[0.9, 0.45, 0.2, 0.1, 0.0], [0.3, 0.3, 0.2, 0.35, 0.35]])
    assert match_anchors(iou).tolist() == [0, -2, -1, 1, 1]


def scene():
    weft.manual_seed(0)
    images = [weft.rand(3, 64, 96), weft.rand(3, 60, 50)]
    boxes = weft.tensor([[8.0, 8.0, 40.0, 44.0], [30.0, 10.0, 90.0, 60.0]])
    targets = [{"boxes": boxes, "labels": weft.tensor([1, 2])}]
    targets.append({"boxes": weft.zeros(0, 4), "labels": weft.zeros(0, dtype=weft.int64)})
    return images, targets


@needs("interpolate")
def test_retinanet():
    images, targets = scene()
    model = models.RetinaNet((1, 1, 1, 1), num_classes=3, score_thresh=0.009)
    check_step_lowers_loss(model, lambda: sum(model(images, targets).values()), lr=1e-4, steps=3)
    model.eval()
    first, second = model(images), model(images)
    for image, found, again in zip(images, first, second):
        count = len(found["boxes"])
        assert 0 < count <= 300 and found["scores"].shape == found["labels"].shape == (count,)
        assert (found["scores"][1:] <= found["scores"][:-1]).all()
        assert found["boxes"].min() >= 0 and (found["boxes"][:, 2] <= image.shape[2]).all()
        assert all(weft.equal(found[key], again[key]) for key in found)


@needs("interpolate")
def test_retinanet_checks_what_it_is_given():
    images, targets = scene()
    model = models.RetinaNet((1, 1, 1, 1), num_classes=3)
    with pytest.raises(ValueError, match="needs a target for each of 2 images, got None"):
        model(images)
    with pytest.raises(ValueError, match=r"targets\[0\] has boxes without extent"):
        model(images[:1], [{"boxes": weft.ones(1, 4), "labels": weft.tensor([1])}])
    with pytest.raises(ValueError, match=r"expected images\[1\]"):
        model([images[0], images[0][:1]], targets)


def found(boxes, scores, labels):
    return {"boxes": weft.tensor(boxes), "scores": weft.tensor(scores), "labels": weft.tensor(labels)}


def wanted(boxes, labels):
    return {"boxes": weft.tensor(boxes), "labels": weft.tensor(labels)}


A, B, FAR = [0.0, 0.0, 10.0, 10.0], [20.0, 20.0, 30.0, 30.0], [50.0, 50.0, 60.0, 60.0]


def test_average_precision_by_hand():
    targets = [wanted([A, B], [1, 1])]
    perfect = models.mean_average_precision([found([A, B], [0.9, 0.8], [1, 1])], targets)
    assert perfect == {"map": 1.0, "map_50": 1.0, "map_75": 1.0}
    # Right, wrong, right: precision 1 up to recall 1/2, then 2/3
    mixed = models.mean_average_precision([found([A, FAR, B], [0.9, 0.8, 0.7], [1, 1, 1])], targets)
    assert mixed["map_50"] == pytest.approx((51 + 50 * 2 / 3) / 101)
    # A second detection of a box is wrong; the other box is never found
    twice = models.mean_average_precision([found([A, A], [0.9, 0.8], [1, 1])], targets)
    assert twice["map_50"] == pytest.approx(51 / 101)
    # The label counts, and so does a class that nothing was found of
    other = models.mean_average_precision([found([A, B], [0.9, 0.8], [2, 2])], targets)
    assert other["map"] == 0.0
    loose = [0.0, 0.0, 10.0, 6.0]  # overlap 0.6: right at 0.5, 0.55 and 0.6
    partly = models.mean_average_precision([found([loose], [0.9], [1])], [wanted([A], [1])])
    assert (partly["map"], partly["map_50"], partly["map_75"]) == (pytest.approx(0.3), 1.0, 0.0)


def test_average_precision_over_images_and_classes():
    predictions = [found([A, FAR], [0.6, 0.9], [1, 2]), found([B], [0.7], [1])]
    targets = [wanted([A], [1]), wanted([B, A], [1, 2])]
    result = models.mean_average_precision(predictions, targets, iou_thresholds=[0.5])
    assert result["map"] == result["map_50"] == 0.5 and math.isnan(result["map_75"])
    nothing = models.mean_average_precision([], [])
    assert all(math.isnan(value) for value in nothing.values())
    with pytest.raises(ValueError, match="1 predictions and 0 targets"):
        models.mean_average_precision(predictions[:1], [])
    with pytest.raises(ValueError, match="iou_thresholds"):
        models.mean_average_precision([], [], [1.5])
