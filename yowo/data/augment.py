"""Resizing, augmentation and normalisation of whole batches, on the training device.

The augmentation is that of the released YOWO-Plus code: a random crop whose borders move in or out, a horizontal flip,
and a change of hue, saturation and brightness. All frames of a clip get the same random values.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from yowo.contracts import Target
from yowo.data.colour import adjust_colour
from yowo.errors import ConfigError

LARGEST = 0.999
"""Boxes are clipped to 0..0.999, so that a centre is never in a cell beyond the last one."""


class Crop(NamedTuple):
    """A rectangle of the source picture in whole pixels, possibly beyond its borders.

    `left` and `top` are its first pixel, `width` and `height` the size that boxes are scaled by. As in the released
    code, the picture that is cut out is one pixel narrower and one pixel lower.
    """

    left: int
    top: int
    width: int
    height: int


def sample_crop(size: tuple[int, int], jitter: float, generator: torch.Generator) -> Crop:
    """Draw a random crop: each border moves in or out by up to `jitter` times the width or height.

    Args:
        size: Width and height of the source in pixels.
        jitter: Fraction of the side, at least 0 and below 0.5.
        generator: Random generator, on the CPU.

    Returns:
        The crop, in whole pixels of the source.
    """
    width, height = size
    dx, dy = int(width * jitter), int(height * jitter)

    def draw(limit: int) -> int:
        return int(torch.randint(-limit, limit + 1, (), generator=generator))

    left, right, top, bottom = draw(dx), draw(dx), draw(dy), draw(dy)
    return Crop(left, top, width - left - right, height - top - bottom)


def crop_and_resize(frames: Tensor, crop: Crop | None, size: tuple[int, int]) -> Tensor:
    """Crop, with black beyond the borders, and resize as PIL does by default (bicubic, with antialiasing).

    Args:
        frames: uint8 [K, 3, h, w], 0..255; on a CPU a view of [K, h, w, 3] is fastest.
        crop: The crop, in pixels of `frames`; None takes the whole picture.
        size: Height H and width W of the result in pixels.

    Returns:
        uint8 [K, 3, H, W], 0..255.
    """
    if crop is not None:
        height, width = frames.shape[-2:]
        right, bottom = crop.left + crop.width - 1, crop.top + crop.height - 1
        pads = (max(0, -crop.left), max(0, right - width), max(0, -crop.top), max(0, bottom - height))
        frames = frames[..., max(0, crop.top) : bottom, max(0, crop.left) : right]
        frames = F.pad(frames, pads) if any(pads) else frames
    if tuple(frames.shape[-2:]) == tuple(size):
        return frames
    if frames.device.type == "cpu":
        return F.interpolate(frames, size, mode="bicubic", antialias=True)
    resized = F.interpolate(frames.float(), size, mode="bicubic", antialias=True)
    return resized.round().clamp(0, 255).to(torch.uint8)


def move_boxes(target: Target, crop: Crop | None, size: tuple[int, int], mirrored: bool) -> Target:
    """Apply a crop and a horizontal flip to boxes.

    Args:
        target: Boxes float32 [N, 4], x1 y1 x2 y2 as fractions of the source, and labels [N] or [N, C].
        crop: The crop of the picture; None if it was not cropped.
        size: Width and height of the source in pixels.
        mirrored: Whether the picture is flipped after the crop.

    Returns:
        Boxes float32 [M, 4] as fractions of the new picture, and their labels. Boxes that are less than a pixel wide or
        high after the crop, measured in a picture of the source's size, are dropped.
    """
    boxes, labels = target["boxes"], target["labels"]
    if crop is not None:
        scale = boxes.new_tensor([size[0] / crop.width, size[1] / crop.height]).repeat(2)
        shift = boxes.new_tensor([crop.left / crop.width, crop.top / crop.height]).repeat(2)
        boxes = (boxes * scale - shift).clamp(0, LARGEST)
        seen = ((boxes[:, 2:] - boxes[:, :2]) * boxes.new_tensor(size) >= 1).all(dim=1)
        boxes, labels = boxes[seen], labels[seen]
    if mirrored:
        boxes = torch.stack([1 - boxes[:, 2], boxes[:, 1], 1 - boxes[:, 0], boxes[:, 3]], dim=1)
    return Target(boxes=boxes, labels=labels)


def mirror_labels(pairs: Mapping[str, str], classes: Sequence[str]) -> Tensor:
    """Return the label of each class in a mirrored picture.

    Args:
        pairs: Names of classes that trade places, each pair once.
        classes: Names of the C classes.

    Returns:
        int64 [C], a permutation that is its own inverse.

    Raises:
        ConfigError: A name is no class, or occurs twice.

    Examples:
        >>> mirror_labels({"walk_left": "walk_right"}, ["stand", "walk_left", "walk_right"]).tolist()
        [0, 2, 1]
    """
    names = [name for pair in pairs.items() for name in pair]
    for name in names:
        if name not in classes:
            raise ConfigError(f"augment.mirrored: no class is called {name}; the classes are {', '.join(classes)}")
        if names.count(name) > 1:
            raise ConfigError(f"augment.mirrored: {name} is named twice; name each pair of classes once")
    labels = torch.arange(len(classes))
    for left, right in pairs.items():
        i, j = list(classes).index(left), list(classes).index(right)
        labels[i], labels[j] = j, i
    return labels


def with_labels(target: Target, permutation: Tensor) -> Target:
    """Return a target whose classes are exchanged by a permutation that is its own inverse, int64 [C]."""
    labels, order = target["labels"], permutation.to(target["labels"].device)
    return Target(boxes=target["boxes"], labels=order[labels] if labels.ndim == 1 else labels[:, order])


def as_planes(clips: list[Tensor]) -> Tensor:
    """Stack clips into a float batch.

    Args:
        clips: B tensors uint8 [K, 3, H, W] of one size, 0..255.

    Returns:
        float32 [B, K, 3, H, W], 0..1, a view of contiguous [B, 3, K, H, W].
    """
    count, _, height, width = clips[0].shape
    batch = torch.empty((len(clips), 3, count, height, width), device=clips[0].device)
    for planes, clip in zip(batch, clips, strict=True):
        planes.copy_(clip.contiguous().transpose(0, 1))  # reordering as uint8 first is twice as fast
    return batch.div_(255).transpose(1, 2)


class EvalTransform:
    """Resize and normalise.

    Examples:
        >>> transform = EvalTransform((224, 224), mean=(0, 0, 0), std=(1, 1, 1))
        >>> clip = torch.full((16, 3, 240, 320), 255, dtype=torch.uint8)
        >>> target = Target(boxes=torch.tensor([[0.1, 0.2, 0.5, 0.9]]), labels=torch.tensor([3]))
        >>> clips, targets = transform([clip], [target])
        >>> clips.shape, clips.max()
        (torch.Size([1, 3, 16, 224, 224]), tensor(1.))
    """

    def __init__(self, image_size: Sequence[int], mean: Sequence[float], std: Sequence[float]) -> None:
        """Store the arguments.

        Args:
            image_size: Height and width of the network's input in pixels.
            mean: Mean of red, green and blue, 0..1.
            std: Standard deviation of red, green and blue in the same unit, above 0.
        """
        self.size = (int(image_size[0]), int(image_size[1]))
        self.mean = torch.tensor(mean, dtype=torch.float32)
        self.std = torch.tensor(std, dtype=torch.float32)

    def __call__(self, clips: list[Tensor], targets: list[Target]) -> tuple[Tensor, list[Target]]:
        """Transform a batch.

        Args:
            clips: B tensors uint8 [K, 3, h, w], 0..255, of any sizes.
            targets: B targets.

        Returns:
            float32 [B, 3, K, H, W], (x / 255 - mean) / std, and the unchanged targets.
        """
        return self.normalise(as_planes([crop_and_resize(clip, None, self.size) for clip in clips])), targets

    def frames(self, groups: list[Tensor]) -> Tensor:
        """Transform frames as `__call__` transforms those of clips.

        Args:
            groups: uint8 [n, 3, h, w] each, 0..255, of any sizes.

        Returns:
            float32 [3, N, H, W], normalised, N frames in all.
        """
        resized = [crop_and_resize(group, None, self.size) for group in groups]
        return self.normalise(as_planes([torch.cat(resized)]))[0]

    def normalise(self, pictures: Tensor) -> Tensor:
        """Subtract the mean, divide by the standard deviation and move the channels forward.

        Args:
            pictures: float32 [B, K, 3, H, W], 0..1; changed in place.

        Returns:
            float32 [B, 3, K, H, W], contiguous.
        """
        mean, std = (v.to(pictures.device).view(3, 1, 1) for v in (self.mean, self.std))
        if self.mean.any():
            pictures.sub_(mean)
        if (self.std != 1).any():
            pictures.div_(std)
        return pictures.transpose(1, 2).contiguous()

    def to_picture(self, frame: Tensor) -> NDArray[np.uint8]:
        """Undo the normalisation of a frame, to draw it.

        Args:
            frame: float [3, H, W], normalised.

        Returns:
            uint8 [H, W, 3], RGB, 0..255.
        """
        pixels = frame.detach().float().cpu() * self.std.view(3, 1, 1) + self.mean.view(3, 1, 1)
        picture: NDArray[np.uint8] = pixels.mul(255).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
        return picture


class TrainTransform(EvalTransform):
    """Crop, resize, flip, change colours and normalise. A strength of 0 (for factors: 1) disables that step."""

    def __init__(
        self,
        image_size: Sequence[int],
        mean: Sequence[float],
        std: Sequence[float],
        jitter: float = 0.2,
        flip: float = 0.5,
        hue: float = 0.1,
        saturation: float = 1.5,
        exposure: float = 1.5,
        mirrored: Mapping[str, str] | None = None,
        classes: Sequence[str] | None = None,
    ) -> None:
        """Store the arguments; the defaults are those of the released code.

        Args:
            image_size: Height and width of the network's input in pixels.
            mean: Mean of red, green and blue, 0..1.
            std: Standard deviation of red, green and blue in the same unit, above 0.
            jitter: Largest shift of a crop border as a fraction of the side, at least 0 and below 0.5.
            flip: Probability of a horizontal flip, 0..1.
            hue: Largest hue shift as a fraction of the colour circle.
            saturation: Largest saturation factor, at least 1; its inverse is the smallest.
            exposure: Largest brightness factor, at least 1; its inverse is the smallest.
            mirrored: Classes that trade places in a mirrored picture, such as {"walk_left": "walk_right"}; each pair
                once.
            classes: Names of the C classes; needed with `mirrored`.

        Raises:
            ConfigError: `mirrored` names no class, or one twice.
        """
        super().__init__(image_size, mean, std)
        self.jitter, self.flip = jitter, flip
        self.hue, self.saturation, self.exposure = hue, saturation, exposure
        self.mirror_label = mirror_labels(mirrored, classes or ()) if mirrored else None

    def __call__(self, clips: list[Tensor], targets: list[Target]) -> tuple[Tensor, list[Target]]:
        """Transform a batch with random values from torch's default generator.

        Args:
            clips: B tensors uint8 [K, 3, h, w], 0..255, of any sizes.
            targets: B targets.

        Returns:
            float32 [B, 3, K, H, W], normalised, and the targets after crop and flip.
        """
        generator = torch.default_generator
        resized, moved = [], []
        for clip, target in zip(clips, targets, strict=True):
            size = (clip.shape[-1], clip.shape[-2])
            crop = sample_crop(size, self.jitter, generator) if self.jitter else None
            mirrored = bool(torch.rand((), generator=generator) < self.flip) if self.flip else False
            frames = crop_and_resize(clip, crop, self.size)
            resized.append(frames.flip(-1) if mirrored else frames)
            moved.append(move_boxes(target, crop, size, mirrored))
            if mirrored and self.mirror_label is not None:
                moved[-1] = with_labels(moved[-1], self.mirror_label)
        if self.hue or self.saturation != 1 or self.exposure != 1:
            shifts = (2 * torch.rand(len(clips), generator=generator) - 1) * self.hue
            factors = [self._factors(len(clips), limit, generator) for limit in (self.saturation, self.exposure)]
            return self.normalise(adjust_colour(resized, shifts, *factors)), moved
        return self.normalise(as_planes(resized)), moved

    @staticmethod
    def _factors(count: int, limit: float, generator: torch.Generator) -> Tensor:
        """Draw float32 [count] factors from 1 to `limit`, each inverted with probability 0.5."""
        factors = 1 + torch.rand(count, generator=generator) * (limit - 1)
        turned = torch.rand(count, generator=generator) < 0.5
        return torch.where(turned, 1 / factors, factors)
