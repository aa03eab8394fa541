"""Find and name shapes in pictures with a small RetinaNet (Lin et al., 2017): anchors on a feature pyramid.

Usage: python examples/detection.py

The pictures are made up: one to four discs, rectangles and triangles of any colour and size on a noisy background,
which may cover each other in part. Printed is the mean average precision on pictures that were not learnt, as COCO
counts it: the mean over overlaps from 0.5 to 0.95 between a box found and the true one.
"""

import argparse
import time

import numpy as np
import weft
import weft.nn as nn
import weft.nn.functional as F
from weft.models import mean_average_precision
from weft.models.retinanet import anchors_of, decode_boxes, encode_boxes, match_anchors
from weft.ops import FeaturePyramidNetwork, batched_nms, box_iou, clip_boxes_to_image, sigmoid_focal_loss

SIZE, CLASSES = 64, 3
PER_PLACE = 9  # anchors of anchors_of() around each pixel of a map


def shape(kind, box):
    """Which pixels a disc, rectangle or triangle in this box covers."""
    x1, y1, x2, y2 = box
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    u, v = (x - x1) / (x2 - x1), (y - y1) / (y2 - y1)  # from 0 to 1 inside the box
    if kind == 0:
        return (u - 0.5) ** 2 + (v - 0.5) ** 2 < 0.25
    inside = (u > 0) & (u < 1) & (v > 0) & (v < 1)
    return inside if kind == 1 else inside & (np.abs(u - 0.5) < v / 2)


def picture(rng):
    """A picture (3, SIZE, SIZE) and its target: boxes (L, 4) as x1, y1, x2, y2, and labels (L,)."""
    image = np.broadcast_to(rng.uniform(-1, 1, (3, 1, 1)), (3, SIZE, SIZE))
    boxes, labels = np.zeros((0, 4), np.float32), []
    for _ in range(rng.integers(1, 5)):
        size = rng.uniform(10, 28, 2)
        corner = rng.uniform(0, SIZE - size)
        box = np.concatenate([corner, corner + size]).astype(np.float32)
        if len(boxes) and box_iou(weft.from_numpy(box[None]), weft.from_numpy(boxes)).max().item() > 0.15:
            continue
        boxes, labels = np.vstack([boxes, box]), [*labels, int(rng.integers(CLASSES))]
        colour = rng.uniform(-1, 1, (3, 1, 1))
        while np.abs(colour - image.mean((1, 2), keepdims=True)).max() < 0.5:  # it would hardly be seen
            colour = rng.uniform(-1, 1, (3, 1, 1))
        image = np.where(shape(labels[-1], box), colour, image)
    image = image + rng.normal(0, 0.1, image.shape)
    return weft.from_numpy(image.astype(np.float32)), {"boxes": weft.from_numpy(boxes), "labels": weft.tensor(labels)}


def make(count, rng):
    """Pictures (count, 3, SIZE, SIZE) and their targets."""
    images, targets = zip(*(picture(rng) for _ in range(count)), strict=True)
    return weft.stack(images), targets


def block(inputs, outputs, stride=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class Head(nn.Module):
    """Two convolutions and a last one, the same on every map: ``size`` numbers for each anchor."""

    def __init__(self, width, size, start):
        super().__init__()
        self.size = size
        self.inner = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.ReLU()
        )
        self.out = nn.Conv2d(width, PER_PLACE * size, 3, padding=1)
        nn.init.normal_(self.out.weight, std=0.01)
        nn.init.constant_(self.out.bias, start)

    def forward(self, maps):
        results = [self.out(self.inner(x)).permute(0, 2, 3, 1).reshape(len(x), -1, self.size) for x in maps]
        return weft.cat(results, 1)


class Detector(nn.Module):
    """Maps of strides 4, 8 and 16, made one pyramid; scores and boxes of 9 anchors at each place."""

    def __init__(self, width):
        super().__init__()
        self.enter = block(3, width, 2)
        sizes = [(width, 2 * width), (2 * width, 4 * width), (4 * width, 8 * width)]
        self.down = nn.ModuleList([nn.Sequential(block(a, b, 2), block(b, b)) for a, b in sizes])
        self.pyramid = FeaturePyramidNetwork([2 * width, 4 * width, 8 * width], 3 * width)
        # At the start every anchor is background with a probability of 99 %, so that the many do not drown the few.
        self.scores, self.boxes = Head(3 * width, CLASSES, -np.log(99).item()), Head(3 * width, 4, 0.0)
        sides = [SIZE // stride for stride in (4, 8, 16)]
        self.register_buffer("anchors", anchors_of([(side, side) for side in sides], (SIZE, SIZE), smallest=10))

    def forward(self, images):
        """Logits (N, A, CLASSES) and codes (N, A, 4) of boxes as seen from the anchors."""
        x, maps = self.enter(images), {}
        for i, layer in enumerate(self.down):
            maps[str(i)] = x = layer(x)
        maps = list(self.pyramid(maps).values())
        return self.scores(maps), self.boxes(maps)

    def loss(self, images, targets):
        logits, codes = self(images)
        total = 0.0
        for own_logits, own_codes, target in zip(logits, codes, targets, strict=True):
            matches = match_anchors(box_iou(target["boxes"], self.anchors))
            found = weft.where(matches >= 0)[0]
            own = matches[found]
            wanted = weft.zeros_like(own_logits)
            wanted[found, target["labels"][own]] = 1.0
            scores = sigmoid_focal_loss(own_logits, wanted)[matches != -2].sum()
            boxes = F.smooth_l1_loss(
                own_codes[found], encode_boxes(target["boxes"][own], self.anchors[found]), reduction="sum", beta=0.1
            )
            total = total + (scores + boxes) / len(found)
        return total / len(images)

    @weft.no_grad()
    def detect(self, images):
        """A dict of boxes, scores and labels for each image, the best first."""
        results = []
        for logits, codes in zip(*self(images), strict=True):
            scores, labels = logits.sigmoid().max(1)
            scores, kept = scores.topk(100)
            boxes = clip_boxes_to_image(decode_boxes(codes[kept], self.anchors[kept]), (SIZE, SIZE))
            labels = labels[kept]
            best = batched_nms(boxes, scores, labels, 0.5)
            results.append({"boxes": boxes[best], "scores": scores[best], "labels": labels[best]})
        return results


def precision(model, images, targets):
    model.eval()
    found = [each for part in images.split(50) for each in model.detect(part)]
    return mean_average_precision(found, targets)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--small", action="store_true", help="a narrow network, for a quick try")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    weft.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    test_images, test_targets = make(200, np.random.default_rng(args.seed + 1000))
    model = Detector(8 if args.small else 16)
    optimizer = weft.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = weft.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=args.steps)
    start = time.perf_counter()
    for step in range(1, args.steps + 1):
        model.train()
        optimizer.zero_grad()
        loss = model.loss(*make(16, rng))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        scheduler.step()
        if step % max(1, args.steps // 5) == 0:
            result, seconds = precision(model, test_images, test_targets), time.perf_counter() - start
            print(
                f"step {step}: loss {loss.item():.4f}, test mAP {result['map']:.4f}, "
                f"at overlap 0.5 {result['map_50']:.4f}, {seconds:.1f} s",
                flush=True,
            )
    print(f"at overlap 0.5: {result['map_50']:.4f}, at 0.75: {result['map_75']:.4f}")
    print(f"mean average precision: {result['map']:.4f}")


if __name__ == "__main__":
    main()
