"""Masks and boxes move with the image of their sample."""

import collections
import copy
import pickle

import numpy as np
import pytest
import weft
from PIL import Image
from weft import transforms as T
from weft.transforms import functional as F
from weft.transforms import tv_tensors
from weft.transforms.tv_tensors import BoundingBoxes, BoundingBoxFormat, Mask, TVTensor, wrap

CORNERS = [[3, 4, 10, 9], [12, 2, 18, 14]]


def sample(size=(16, 20)):
    """An image, a mask with the number of the box at its pixels, and the boxes."""
    mask = weft.zeros(*size, dtype=weft.uint8)
    for number, (x0, y0, x1, y1) in enumerate(CORNERS, 1):
        mask[y0:y1, x0:x1] = number
    image = mask.expand(3, *size).clone() * 80
    return image, Mask(mask), BoundingBoxes(CORNERS, format="XYXY", canvas_size=size)


def around(mask, number):
    rows, columns = np.nonzero(mask.numpy() == number)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] if len(rows) else None


EXACT = [
    T.CenterCrop(8),
    T.CenterCrop((30, 33)),
    T.Compose([T.RandomHorizontalFlip(), T.RandomVerticalFlip()]),
    T.Pad((1, 2, 3, 4)),
    T.RandomCrop(10),
    T.RandomCrop(18, padding=3, pad_if_needed=True),
    T.RandomRotation((90, 90), expand=True),
    T.RandomRotation((180, 180)),
    T.RandomZoomOut(p=1.0),
    T.Resize((32, 40), "nearest"),
    T.RandomIoUCrop(),
    T.RandomAffine(0, translate=(0.3, 0.3)),
]
CLOSE = [
    T.RandomAffine(30, (0.1, 0.1), (0.7, 1.2), 10),
    T.RandomRotation(40),
    T.RandomRotation(40, expand=True),
    T.RandomPerspective(0.3, p=1.0),
    T.RandomResizedCrop((17, 15)),
    T.ScaleJitter((24, 24), (0.5, 2.0)),
    T.RandomShortestSize([12, 20]),
]


@pytest.mark.parametrize("transform", EXACT + CLOSE, ids=lambda t: type(t).__name__)
@pytest.mark.parametrize("of_pillow", [False, True])
def test_boxes_are_where_the_mask_is(transform, of_pillow):
    weft.manual_seed(1)
    for _ in range(8):
        image, mask, boxes = sample()
        picture = Image.fromarray(image.movedim(0, -1).numpy().copy()) if of_pillow else image
        picture, mask, boxes = transform((picture, mask, boxes))
        size = F.get_size(picture)
        assert list(boxes.canvas_size) == size == list(mask.shape) and type(mask) is Mask and mask.dtype == weft.uint8
        assert set(mask.unique().tolist()) <= {0, 1, 2}
        for number in (1, 2):
            found, box = around(mask, number), boxes[number - 1].tolist()
            if found is None or (transform in EXACT and box == [0, 0, 0, 0]):
                continue
            if transform in EXACT:
                assert found == box
            else:  # a turned box has its corners at the edges of the one around it
                assert all(b <= f + 2.1 for f, b in zip(found[:2], box)) and all(
                    b >= f - 2.1 for f, b in zip(found[2:], box[2:])
                )


def test_elastic_boxes():
    weft.manual_seed(0)
    _, mask, boxes = T.ElasticTransform(alpha=20.0)(sample())
    for number in (1, 2):
        assert np.abs(np.array(around(mask, number)) - boxes[number - 1].numpy()).max() <= 2


@pytest.mark.parametrize("format", ["XYWH", "CXCYWH"])
def test_formats(format):
    _, _, boxes = sample()
    boxes = boxes.to(weft.float32)
    other = F.convert_bounding_box_format(boxes, new_format=format)
    assert other.format is BoundingBoxFormat(format) and type(other) is BoundingBoxes
    for transform in (T.RandomHorizontalFlip(1.0), T.Resize((33, 7)), T.RandomRotation((30, 30)), T.CenterCrop(9)):
        expected = F.convert_bounding_box_format(transform(boxes), new_format=format)
        weft.testing.assert_close(tv_tensors.plain(transform(other)), tv_tensors.plain(expected))
    again = T.ConvertBoundingBoxFormat("xyxy")(other)
    assert again.tolist() == boxes.tolist() and other.clone().format is other.format


@pytest.mark.parametrize(
    "transform",
    [T.ColorJitter(0.5), T.GaussianBlur(3), T.RandomErasing(1.0), T.RandomInvert(1.0), T.RGB()],
    ids=lambda t: type(t).__name__,
)
def test_changes_of_values_leave_masks_and_boxes(transform):
    image, mask, boxes = sample()
    _, same_mask, same_boxes = transform((image, mask, boxes))
    assert same_mask is mask and same_boxes is boxes


def test_marked_images():
    image, mask, boxes = sample()
    marked = tv_tensors.Image(image)
    label, out = T.RandomHorizontalFlip(1.0)((weft.zeros(3, 2, 2), marked))  # not the first tensor, but what says so
    assert type(out) is tv_tensors.Image and weft.equal(out, image.flip(-1)) and label.shape == (3, 2, 2)
    types = {tv_tensors.Image: weft.float32, Mask: weft.int64, "others": None}
    a, b, c = T.ToDtype(types, scale=True)((marked, mask, boxes))
    assert (a.dtype, b.dtype, c.dtype) == (weft.float32, weft.int64, weft.int64) and a.max() < 1
    assert [type(x) for x in T.ToPureTensor()((a, b, c))] == [weft.Tensor] * 3
    video = tv_tensors.Video(weft.zeros(5, 3, 8, 8))
    assert T.RandomCrop(4)(video).shape == (5, 3, 4, 4) and type(T.RandomCrop(4)(video)) is tv_tensors.Video
    assert tv_tensors.Image(Image.new("RGB", (4, 3))).shape == (3, 3, 4)
    assert type(weft.ones(3) + tv_tensors.Mask([[1.0] * 3])) is weft.Tensor


@pytest.mark.parametrize("value", sample()[1:], ids=["mask", "boxes"])
def test_copies(value):
    for twin in (copy.deepcopy(value), pickle.loads(pickle.dumps(value)), value.clone()):
        assert type(twin) is type(value) and weft.equal(tv_tensors.plain(twin), tv_tensors.plain(value))
        assert getattr(twin, "canvas_size", None) == getattr(value, "canvas_size", None)
        assert twin.data_ptr() != value.data_ptr()


def test_sanitize():
    image, mask, _ = sample()
    corners = [[3, 4, 10, 9], [5, 5, 5, 9], [0, 0, 3, 30], [1, 1, 2, 2]]
    boxes = BoundingBoxes(corners, format="XYXY", canvas_size=(16, 20))
    target = {"boxes": boxes, "labels": weft.arange(4), "masks": Mask(weft.zeros(4, 16, 20)), "id": 7}
    _, kept = T.SanitizeBoundingBoxes()(image, target)
    assert kept["boxes"].tolist() == [corners[0], corners[3]] and kept["labels"].tolist() == [0, 3]
    assert kept["masks"].shape == (2, 16, 20) and kept["id"] == 7 and kept["boxes"].canvas_size == (16, 20)
    assert T.SanitizeBoundingBoxes(min_size=3)(target)["boxes"].tolist() == [corners[0]]
    assert T.SanitizeBoundingBoxes(min_area=2, labels_getter=None)((image, boxes))[1].tolist() == [corners[0]]
    both = T.SanitizeBoundingBoxes(labels_getter=lambda s: (s[1], s[2]))((boxes, weft.arange(4), weft.arange(4) * 2))
    assert both[1].tolist() == [0, 3] and both[2].tolist() == [0, 6]
    with pytest.raises(ValueError, match="4 labels"):
        T.SanitizeBoundingBoxes()({"boxes": boxes, "labels": weft.arange(3)})


def test_iou_crop():
    weft.manual_seed(0)
    seen = set()
    for _ in range(60):
        image, mask, boxes = sample()
        params = T.RandomIoUCrop(sampler_options=[0.5]).make_params([image, boxes])
        part = weft.tensor(
            [[params["left"], params["top"], params["left"] + params["width"], params["top"] + params["height"]]]
        )
        assert weft.ops.box_iou(tv_tensors.plain(boxes).float(), part.float()).max() >= 0.5
        seen.add(tuple(params["is_within_crop_area"].tolist()))
        _, _, cut = T.RandomIoUCrop()(image, mask, boxes)
        assert (tv_tensors.plain(cut).amax(0) <= weft.tensor([*cut.canvas_size[::-1], *cut.canvas_size[::-1]])).all()
    assert len(seen) > 1


def test_errors():
    _, mask, boxes = sample()
    for call, kind, text in [
        (lambda: BoundingBoxes([[1, 2, 3]], format="XYXY", canvas_size=(4, 4)), ValueError, r"expected \(N, 4\)"),
        (lambda: BoundingBoxes([1, 2, 3, 4], format="XYXY", canvas_size=4), ValueError, "canvas_size"),
        (lambda: BoundingBoxes([1, 2, 3, 4], format="corners", canvas_size=(4, 4)), ValueError, "XYXY, XYWH, CXCYWH"),
        (lambda: wrap(weft.zeros(1), like=3), TypeError, "expected like"),
        (lambda: F.convert_bounding_box_format(weft.zeros(1, 4), new_format="XYXY"), TypeError, "old_format"),
        (lambda: F.convert_bounding_box_format(boxes, "XYXY", "XYWH"), TypeError, "old_format for a plain tensor"),
        (lambda: F.clamp_bounding_boxes(weft.zeros(1, 4)), TypeError, "canvas_size for a plain tensor"),
        (lambda: T.RandomIoUCrop()(weft.zeros(3, 4, 4)), ValueError, "BoundingBoxes, got none"),
        (lambda: T.SanitizeBoundingBoxes()(mask), ValueError, "BoundingBoxes, got none"),
        (lambda: T.RandomIoUCrop(sampler_options=[]), ValueError, "at least one"),
    ]:
        with pytest.raises(kind, match=text):
            call()


def test_no_boxes():
    none = BoundingBoxes(weft.zeros(0, 4), format="XYXY", canvas_size=(16, 20))
    for transform in (T.RandomHorizontalFlip(1.0), T.Resize(8), T.RandomRotation(30), T.SanitizeBoundingBoxes()):
        assert transform((sample()[0], none))[1].shape == (0, 4)
    assert BoundingBoxes([1, 2, 3, 4], format="XYXY", canvas_size=(9, 9)).shape == (1, 4)
    assert isinstance(none, TVTensor)


def test_boxes_that_stick_out_are_kept_by_flips_and_resize(w):
    T = w.transforms
    boxes = T.tv_tensors.BoundingBoxes([[8, 10, 4, 4], [-2, 1, 3, 3]], format="XYWH", canvas_size=(11, 9))
    for flip in (T.functional.hflip, T.functional.vflip):
        assert flip(flip(boxes)).tolist() == boxes.tolist()
    assert T.functional.hflip(boxes).tolist() == [[-3, 10, 4, 4], [8, 1, 3, 3]]
    assert T.functional.resize(boxes, [22, 18]).tolist() == [[16, 20, 8, 8], [-4, 2, 6, 6]]
    assert T.functional.crop(boxes, 0, 0, 11, 9).tolist() == [[8, 10, 1, 1], [0, 1, 1, 3]]


@pytest.mark.parametrize("size", [(11, 9), (7, 10), (100, 3), (1, 1)])
@pytest.mark.parametrize("angle", [0, 90, 180, 270, -90, 360])
def test_canvas_of_right_angles_is_the_images(w, size, angle):
    T = w.transforms
    boxes = T.tv_tensors.BoundingBoxes([[0, 0, 1, 1]], format="XYXY", canvas_size=size)
    image = T.functional.rotate(w.zeros(1, *size), angle, expand=True)
    assert T.functional.rotate(boxes, angle, expand=True).canvas_size == tuple(image.shape[-2:])
    turned = T.functional.rotate(w.zeros(1, *size), angle, expand=True, center=[0, 0])
    assert turned.shape == image.shape


def test_masks_and_boxes_are_not_scaled_by_to_dtype(w):
    T = w.transforms
    mask = T.functional.to_dtype(T.tv_tensors.Mask(w.tensor([[0, 7]], dtype=w.uint8)), w.float32, scale=True)
    assert mask.tolist() == [[0, 7]] and type(mask) is T.tv_tensors.Mask
    boxes = T.tv_tensors.BoundingBoxes([[1, 2, 3, 4]], format="XYXY", canvas_size=(9, 9))
    for dtype in (w.float32, w.uint8, w.int64):
        got = T.functional.to_dtype(boxes, dtype, scale=True)
        assert got.tolist() == [[1, 2, 3, 4]] and got.dtype == dtype and got.canvas_size == (9, 9)


def test_wrap_like_a_plain_tensor_is_plain(w):
    x = w.ones(2)
    assert w.transforms.tv_tensors.wrap(x, like=w.zeros(1)) is x
    with pytest.raises(TypeError, match="expected like to be a tensor, got <class 'int'>"):
        w.transforms.tv_tensors.wrap(x, like=3)


def test_samples_may_be_a_defaultdict(w):
    sample = collections.defaultdict(list, image=w.zeros(1, 4, 4), name="a")
    got = w.transforms.CenterCrop(2)(sample)
    assert type(got) is collections.defaultdict and got["image"].shape == (1, 2, 2) and got["missing"] == []


@pytest.mark.parametrize("format", ["XYXY", "XYWH", "CXCYWH"])
def test_sanitize_as_a_function(w, format):
    functional = w.transforms.functional
    corners = w.tensor([[0.0, 0, 4, 2], [-1, 0, 4, 2], [0, 0, 0.5, 9], [1, 1, 9, 11], [1, 1, 9.5, 11]])
    boxes = functional.convert_bounding_box_format(corners, "XYXY", format)
    marked = BoundingBoxes(boxes, format=format, canvas_size=(11, 9))
    for got, valid in (
        functional.sanitize_bounding_boxes(marked),
        functional.sanitize_bounding_boxes(boxes, format, (11, 9)),
    ):
        assert valid.tolist() == [True, False, False, True, False] and (got == boxes[valid]).all()
    assert type(functional.sanitize_bounding_boxes(marked)[0]) is BoundingBoxes
    assert functional.sanitize_bounding_boxes(marked, min_area=20)[1].tolist() == [False, False, False, True, False]
    assert len(functional.sanitize_bounding_boxes(marked[:0], format, (11, 9))[0]) == 0
    with pytest.raises(TypeError, match="format and canvas_size for a plain tensor"):
        functional.sanitize_bounding_boxes(boxes, format)
    with pytest.raises(ValueError, match="min_size"):
        functional.sanitize_bounding_boxes(marked, min_size=-1)


@pytest.mark.parametrize("transform", [T.AutoAugment(), T.RandAugment(), T.TrivialAugmentWide(), T.AugMix()], ids=repr)
def test_automatic_augmentation_leaves_no_mask_behind(transform):
    image, mask, boxes = sample()
    for more in (mask, boxes):
        with pytest.raises(TypeError, match=f"without masks and boxes.*got {type(more).__name__}"):
            transform({"image": image, "more": [more]})
    assert transform((image, 3))[1] == 3
