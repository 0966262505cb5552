"""Two network families that the package does not know, each as small as possible: for tests of the contract."""

import torch
from torch import nn

from yowo.boxes.anchors import decode_boxes, grid_anchors, grid_points, make_levels

STRIDES = (16, 32)
PRIOR = -4.6
"""First bias of class and confidence logits: a probability of 0.01."""


class TwoLevels(nn.Module):
    """A 3D convolution over the clip, pooled to two levels, and one convolution that predicts on each."""

    recipe = None
    criterion = None
    strides = STRIDES

    def __init__(self, num_classes, exclusive_classes, outputs, width=8):
        super().__init__()
        self.num_classes, self.exclusive_classes = num_classes, exclusive_classes
        self.stem = nn.Conv3d(3, width, 3, stride=(1, 4, 4), padding=1)
        self.down = nn.ModuleList([nn.Conv2d(width, width, 4, stride=4), nn.Conv2d(width, width, 2, stride=2)])
        self.heads = nn.ModuleList([nn.Conv2d(width, count, 1) for count in outputs])

    def maps(self, clips):
        """The prediction [B, outputs, h, w] of each level."""
        x = self.stem(clips).relu().mean(dim=2)
        found = []
        for down, head in zip(self.down, self.heads, strict=True):
            x = down(x).relu()
            found.append(head(x))
        return found


class PointFamily(TwoLevels):
    """One prediction per cell: distances to the four sides in strides, then classes; no anchors, no confidence."""

    def __init__(self, num_classes, exclusive_classes):
        super().__init__(num_classes, exclusive_classes, [4 + num_classes] * 2)

    def forward(self, clips, feature_3d=None):
        size = tuple(clips.shape[-2:])
        levels = make_levels(size, STRIDES, [1, 1])
        points, strides = grid_points(levels, clips.device)
        flat = torch.cat([m.flatten(2).transpose(1, 2) for m in self.maps(clips)], dim=1)
        away = flat[..., :4].float().exp() * strides[:, None]
        boxes = torch.cat([points - away[..., :2], points + away[..., 2:]], dim=-1)
        return {
            "cls": flat[..., 4:],
            "boxes": boxes,
            "points": points,
            "strides": strides,
            "levels": levels,
            "image_size": size,
        }


class AnchorFamily(TwoLevels):
    """Anchors on two levels, the smaller ones on the finer level, with YOWO's deltas and a confidence."""

    def __init__(self, num_classes, exclusive_classes, anchors):
        sizes = torch.tensor(anchors, dtype=torch.float32)
        sizes = sizes[sizes.prod(dim=1).argsort()]
        half = len(sizes) // 2
        counts = [half, len(sizes) - half]
        super().__init__(num_classes, exclusive_classes, [count * (5 + num_classes) for count in counts])
        self.counts = counts
        self.register_buffer("anchors", sizes, persistent=False)
        for head, count in zip(self.heads, counts, strict=True):
            nn.init.constant_(head.bias.detach().view(count, -1)[:, 4], PRIOR)

    def forward(self, clips, feature_3d=None):
        size = tuple(clips.shape[-2:])
        levels = make_levels(size, STRIDES, self.counts)
        points, strides = grid_points(levels, clips.device)
        anchors = grid_anchors(self.anchors.split(self.counts), levels)
        parts = [
            m.unflatten(1, (count, -1)).permute(0, 3, 4, 1, 2).flatten(1, 3)
            for m, count in zip(self.maps(clips), self.counts, strict=True)
        ]
        deltas, conf, cls = torch.cat(parts, dim=1).split([4, 1, self.num_classes], dim=2)
        deltas = deltas.float()
        return {
            "cls": cls,
            "conf": conf,
            "boxes": decode_boxes(deltas, anchors, strides),
            "deltas": deltas,
            "anchors": anchors,
            "points": points,
            "strides": strides,
            "levels": levels,
            "image_size": size,
        }
