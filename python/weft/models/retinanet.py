"""RetinaNet (Lin et al., 2017): a detector that classifies anchors on a feature pyramid. torchvision's names."""

from __future__ import annotations

import math
from collections import OrderedDict

import weft
from weft import nn
from weft.models._arguments import check_positive
from weft.models.resnet import Bottleneck, ResNet
from weft.nn import functional as F
from weft.ops import (
    Conv2dNormActivation,
    FeaturePyramidNetwork,
    FrozenBatchNorm2d,
    LastLevelP6P7,
    batched_nms,
    box_iou,
    clip_boxes_to_image,
    sigmoid_focal_loss,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor

_LARGEST_STEP = math.log(1000 / 16)


def anchors_of(map_sizes: Sequence[tuple[int, int]], image_size: tuple[int, int], smallest: int = 32) -> Tensor:
    """Boxes around each pixel of each map: three sizes by three shapes, (A, 4), map by map, row by row.

    Args:
        map_sizes: (height, width) of each map, fine to coarse.
        image_size: (height, width) of the image.
        smallest: side of the smallest square on the first map; it doubles from map to map.

    >>> import weft
    >>> weft.models.retinanet.anchors_of([(2, 2), (1, 1)], (16, 16)).shape
    weft.Size([45, 4])
    """
    result = []
    for level, (rows, columns) in enumerate(map_sizes):
        side = smallest << level
        sides = weft.tensor([float(int(side * 2 ** (i / 3))) for i in range(3)])
        ratio = weft.tensor([0.5, 1.0, 2.0]).sqrt()
        heights, widths = (ratio[:, None] * sides).flatten(), (sides / ratio[:, None]).flatten()
        cell = (weft.stack([-widths, -heights, widths, heights], 1) / 2).round()
        x = weft.arange(columns) * (image_size[1] // columns)
        y = weft.arange(rows) * (image_size[0] // rows)
        y, x = (at.flatten() for at in weft.meshgrid(y, x, indexing="ij"))
        result.append((weft.stack([x, y, x, y], 1)[:, None, :] + cell[None]).reshape(-1, 4))
    return weft.cat(result)


def encode_boxes(boxes: Tensor, anchors: Tensor) -> Tensor:
    """Boxes as seen from anchors: shift of the centre in sizes of the anchor, logarithm of the ratio of the sizes.

    >>> import weft
    >>> box = weft.tensor([[0.0, 0.0, 2.0, 2.0]])
    >>> weft.models.retinanet.encode_boxes(box, box)
    tensor([[0., 0., 0., 0.]])
    """
    size, anchor_size = boxes[:, 2:] - boxes[:, :2], anchors[:, 2:] - anchors[:, :2]
    shift = (boxes[:, :2] + 0.5 * size - anchors[:, :2] - 0.5 * anchor_size) / anchor_size
    return weft.cat([shift, weft.log(size / anchor_size)], 1)


def decode_boxes(codes: Tensor, anchors: Tensor) -> Tensor:
    """What :func:`encode_boxes` encodes; a box is at most 62.5 times as large as its anchor.

    >>> import weft
    >>> weft.models.retinanet.decode_boxes(weft.zeros(1, 4), weft.tensor([[0.0, 0.0, 2.0, 2.0]]))
    tensor([[0., 0., 2., 2.]])
    """
    anchor_size = anchors[:, 2:] - anchors[:, :2]
    centre = anchors[:, :2] + 0.5 * anchor_size + codes[:, :2] * anchor_size
    half = 0.5 * codes[:, 2:].clamp(max=_LARGEST_STEP).exp() * anchor_size
    return weft.cat([centre - half, centre + half], 1)


def match_anchors(iou: Tensor, high: float = 0.5, low: float = 0.4) -> Tensor:
    """For each anchor the box that it is to find, -1 for background, -2 where neither is said.

    Above high it is the box of the greatest overlap, below low none; the anchors that overlap a box most find the box
    they overlap most in any case.

    Args:
        iou: (boxes, anchors), at least one box.
        high: overlap from which an anchor has a box.
        low: overlap below which it has none.

    >>> import weft
    >>> weft.models.retinanet.match_anchors(weft.tensor([[0.6, 0.45, 0.1], [0.1, 0.2, 0.3]]))
    tensor([ 0, -2,  1])
    """
    values, best = iou.max(0)
    result = best.masked_fill(values < high, -2).masked_fill(values < low, -1)
    is_greatest = (iou == iou.max(1, keepdim=True).values).any(0)
    return weft.where(is_greatest, best, result)


class _Body(ResNet):
    """A ResNet without its head that gives the maps of its last three stages."""

    def __init__(self, layers, norm_layer):
        super().__init__(Bottleneck, layers, norm_layer=norm_layer)
        del self.avgpool, self.fc

    def forward(self, x):
        x = self.layer1(self.maxpool(self.relu(self.bn1(self.conv1(x)))))
        maps = OrderedDict()
        for i, layer in enumerate((self.layer2, self.layer3, self.layer4)):
            maps[str(i)] = x = layer(x)
        return maps


class _Backbone(nn.Module):
    def __init__(self, layers, norm_layer):
        super().__init__()
        self.body = _Body(layers, norm_layer)
        self.fpn = FeaturePyramidNetwork([512, 1024, 2048], 256, LastLevelP6P7(256, 256))

    def forward(self, x):
        return list(self.fpn(self.body(x)).values())


class _Head(nn.Module):
    """Four convolutions and a last one, which gives ``size`` numbers for each anchor."""

    def __init__(self, name, size, anchors, start):
        super().__init__()
        self.name, self.size = name, size
        self.conv = nn.Sequential(*[Conv2dNormActivation(256, 256, norm_layer=None) for _ in range(4)])
        last = nn.Conv2d(256, anchors * size, 3, padding=1)
        self.add_module(name, last)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)
        nn.init.constant_(last.bias, start)

    def forward(self, maps):
        last = getattr(self, self.name)
        results = [last(self.conv(x)).permute(0, 2, 3, 1).reshape(len(x), -1, self.size) for x in maps]
        return weft.cat(results, 1)


class RetinaNet(nn.Module):
    """RetinaNet on a ResNet of bottlenecks: for each anchor a score of each class and a box.

    Images are normalised by the mean and deviation of ImageNet and filled up with zeros to one size, a multiple of 32;
    they are not resized.

    Args:
        layers: how many blocks each stage of the ResNet has.
        num_classes: number of classes, the background of torchvision's numbering among them.
        norm_layer: makes the normalisations of the ResNet. Default FrozenBatchNorm2d.
        score_thresh: what scores less is no detection.
        nms_thresh: greatest overlap of detections of one class.
        detections_per_img: at most so many.
        topk_candidates: so many of the best of each map are looked at.

    Shape:
        Input: images, a list of (3, H_i, W_i) from 0 to 1; and while training, targets: a list of dicts of boxes
        (L_i, 4) and labels (L_i,). Output: while training a dict of the losses "classification" and "bbox_regression";
        else a list of dicts of boxes (D_i, 4), scores (D_i,) and labels (D_i,), by falling score.

    Raises:
        ValueError: an argument is out of range, or images or targets are not of this form.

    Example:
        >>> import weft
        >>> with weft.device("meta"):
        ...     sum(p.numel() for p in weft.models.RetinaNet((1, 1, 1, 1), num_classes=2).parameters())
        16710390
    """

    backbone: Any
    detections_per_img: Any
    head: nn.ModuleDict
    nms_thresh: Any
    score_thresh: Any
    topk_candidates: Any

    image_mean: Tensor
    image_std: Tensor

    def __init__(
        self,
        layers: Sequence[int] = (3, 4, 6, 3),
        num_classes: int = 91,
        norm_layer: type[nn.Module] = FrozenBatchNorm2d,
        score_thresh: float = 0.05,
        nms_thresh: float = 0.5,
        detections_per_img: int = 300,
        topk_candidates: int = 1000,
    ) -> None:
        super().__init__()
        counts = {"detections_per_img": detections_per_img, "topk_candidates": topk_candidates}
        check_positive("RetinaNet", num_classes=num_classes, **counts)
        self.backbone = _Backbone(layers, norm_layer)
        self.head = nn.ModuleDict(
            {
                "classification_head": _Head("cls_logits", num_classes, 9, -math.log((1 - 0.01) / 0.01)),
                "regression_head": _Head("bbox_reg", 4, 9, 0.0),
            }
        )
        self.num_classes = num_classes
        self.score_thresh, self.nms_thresh = score_thresh, nms_thresh
        self.detections_per_img, self.topk_candidates = detections_per_img, topk_candidates
        mean, std = weft.tensor([0.485, 0.456, 0.406]), weft.tensor([0.229, 0.224, 0.225])
        self.register_buffer("image_mean", mean.reshape(3, 1, 1), persistent=False)
        self.register_buffer("image_std", std.reshape(3, 1, 1), persistent=False)

    def _batch(self, images):
        for i, image in enumerate(images):
            if image.ndim != 3 or image.shape[0] != 3 or not image.is_floating_point():
                got = f"{image.dtype} {tuple(image.shape)}"
                raise ValueError(f"RetinaNet: expected images[{i}] as floating point (3, H, W), got {got}")
        if not images:
            raise ValueError("RetinaNet: expected at least one image, got none")
        height, width = (-(-max(image.shape[d] for image in images) // 32) * 32 for d in (1, 2))
        normal = [(image - self.image_mean) / self.image_std for image in images]
        return weft.stack([F.pad(x, (0, width - x.shape[2], 0, height - x.shape[1])) for x in normal])

    def _check_targets(self, images, targets):
        if targets is None or len(targets) != len(images):
            got = "None" if targets is None else len(targets)
            raise ValueError(f"RetinaNet: training needs a target for each of {len(images)} images, got {got}")
        for i, target in enumerate(targets):
            boxes, labels = target["boxes"], target["labels"]
            if boxes.ndim != 2 or boxes.shape[1] != 4 or labels.shape != boxes.shape[:1]:
                got = f"{tuple(boxes.shape)} and {tuple(labels.shape)}"
                raise ValueError(f"RetinaNet: expected targets[{i}] as boxes (L, 4) and labels (L,), got {got}")
            if bool((boxes[:, 2:] <= boxes[:, :2]).any()):
                raise ValueError(f"RetinaNet: targets[{i}] has boxes without extent; they are x1, y1, x2, y2")

    def forward(
        self, images: Sequence[Tensor], targets: Sequence[dict[str, Tensor]] | None = None
    ) -> dict[str, Tensor] | list[dict[str, Tensor]]:
        if self.training:
            self._check_targets(images, targets)
        batch = self._batch(images)
        maps = self.backbone(batch)
        logits = self.head["classification_head"](maps)
        codes = self.head["regression_head"](maps)
        sizes = [tuple(x.shape[-2:]) for x in maps]
        anchors = anchors_of(sizes, tuple(batch.shape[-2:])).to(batch.device)
        if self.training:
            return self._losses(logits, codes, anchors, targets)
        counts = [9 * height * width for height, width in sizes]
        image_sizes = [tuple(image.shape[-2:]) for image in images]
        return [self._detect(*each, anchors, counts) for each in zip(logits, codes, image_sizes)]

    def _losses(self, logits, codes, anchors, targets):
        scores, boxes = [], []
        for own_logits, own_codes, target in zip(logits, codes, targets):
            wanted = weft.zeros_like(own_logits)
            if len(target["boxes"]):
                matches = match_anchors(box_iou(target["boxes"], anchors))
            else:
                matches = weft.full((len(anchors),), -1, device=anchors.device)
            found = weft.where(matches >= 0)[0]
            own = matches[found]
            wanted[found, target["labels"][own]] = 1.0
            focal = sigmoid_focal_loss(own_logits, wanted)[matches != -2].sum()
            codes_wanted = encode_boxes(target["boxes"][own], anchors[found])
            scores.append(focal / max(1, len(found)))
            boxes.append(F.l1_loss(own_codes[found], codes_wanted, reduction="sum") / max(1, len(found)))
        return {"classification": sum(scores) / len(scores), "bbox_regression": sum(boxes) / len(boxes)}

    @weft.no_grad()
    def _detect(self, logits, codes, image_size, anchors, counts):
        boxes, scores, labels = [], [], []
        for own_logits, own_codes, own_anchors in zip(*(x.split(counts) for x in (logits, codes, anchors))):
            flat = own_logits.sigmoid().flatten()
            kept = weft.where(flat > self.score_thresh)[0]
            best = flat[kept].topk(min(self.topk_candidates, len(kept)))
            chosen = kept[best.indices]
            at = chosen // self.num_classes
            scores.append(best.values)
            labels.append(chosen % self.num_classes)
            boxes.append(clip_boxes_to_image(decode_boxes(own_codes[at], own_anchors[at]), image_size))
        boxes, scores, labels = weft.cat(boxes), weft.cat(scores), weft.cat(labels)
        kept = batched_nms(boxes, scores, labels, self.nms_thresh)[: self.detections_per_img]
        return {"boxes": boxes[kept], "scores": scores[kept], "labels": labels[kept]}


def retinanet_resnet50_fpn(num_classes: int = 91) -> RetinaNet:
    """:class:`RetinaNet` on a ResNet with 50 layers.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.retinanet_resnet50_fpn().parameters())
    34014999
    """
    return RetinaNet(num_classes=num_classes)
