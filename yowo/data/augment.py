"""Resizing, augmentation and normalisation of whole batches, on the device that trains.

The augmentation is the released YOWO-Plus pipeline's: a crop whose borders move in or out, a mirror image, and a shift
of hue, saturation and brightness; one draw for all frames of a clip.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from yowo.contracts import Target
from yowo.data.colour import adjust_colour

LARGEST = 0.999
"""Boxes are clipped to 0..0.999, so that a centre never falls on the far border's cell."""


class Crop(NamedTuple):
    """A rectangle of the source in whole pixels, possibly beyond its borders.

    `left` and `top` of its first pixel; `width` and `height` that boxes are measured against. The picture that is cut
    out is one pixel narrower and lower than that, as in the released code.
    """

    left: int
    top: int
    width: int
    height: int


def sample_crop(size: tuple[int, int], jitter: float, generator: torch.Generator) -> Crop:
    """Draw a crop: each border moves by a whole number of pixels, up to `jitter` of the side, in or out.

    Args:
        size: Width and height of the source in pixels.
        jitter: Share of the side, 0 to under 0.5.
        generator: Source of chance, on the CPU.
    """
    width, height = size
    dx, dy = int(width * jitter), int(height * jitter)

    def draw(limit: int) -> int:
        return int(torch.randint(-limit, limit + 1, (), generator=generator))

    left, right, top, bottom = draw(dx), draw(dx), draw(dy), draw(dy)
    return Crop(left, top, width - left - right, height - top - bottom)


def crop_and_resize(frames: Tensor, crop: Crop | None, size: tuple[int, int]) -> Tensor:
    """Cut out, black beyond the borders, and resize as PIL does by default (bicubic, with antialiasing).

    Args:
        frames: uint8 [K, 3, h, w]; on a CPU it is quickest as a view of [K, h, w, 3].
        crop: What to cut; None takes the whole picture.
        size: Height and width wanted, in pixels.

    Returns:
        uint8 [K, 3, H, W].
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
    """Let the boxes follow a crop and a mirror image.

    Args:
        target: Boxes [N, 4] 0..1 of the source.
        crop: What was cut out; None for nothing.
        size: Width and height of the source in pixels.
        mirrored: Whether the picture is mirrored after the crop.

    Returns:
        The target in fractions of the new picture; boxes of which less than a pixel of the source's size is left, in
        either direction, are dropped with their labels. Without crop and mirror image: the same boxes.
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


def as_planes(clips: list[Tensor]) -> Tensor:
    """Gather clips uint8 [K, 3, H, W] in float32 [B, K, 3, H, W], 0..1: a view of contiguous [B, 3, K, H, W]."""
    count, _, height, width = clips[0].shape
    batch = torch.empty((len(clips), 3, count, height, width), device=clips[0].device)
    for planes, clip in zip(batch, clips, strict=True):
        planes.copy_(clip.contiguous().transpose(0, 1))  # as bytes into planes first: twice as quick
    return batch.div_(255).transpose(1, 2)


class EvalTransform:
    """Resize and normalise."""

    def __init__(self, image_size: Sequence[int], mean: Sequence[float], std: Sequence[float]) -> None:
        """Hold the arguments.

        Args:
            image_size: Height and width of the network's input in pixels.
            mean: Of red, green and blue, 0..1.
            std: Likewise, above 0.
        """
        self.size = (int(image_size[0]), int(image_size[1]))
        self.mean = torch.tensor(mean, dtype=torch.float32)
        self.std = torch.tensor(std, dtype=torch.float32)

    def __call__(self, clips: list[Tensor], targets: list[Target]) -> tuple[Tensor, list[Target]]:
        """Transform a batch.

        Args:
            clips: B tensors uint8 [K, 3, h, w], of any sizes.
            targets: B targets.

        Returns:
            float32 [B, 3, K, H, W], (x / 255 - mean) / std, and the targets as they are.
        """
        return self.normalise(as_planes([crop_and_resize(clip, None, self.size) for clip in clips])), targets

    def normalise(self, pictures: Tensor) -> Tensor:
        """Turn float [B, K, 3, H, W], 0..1, into normalised [B, 3, K, H, W]; the argument is changed."""
        mean, std = (v.to(pictures.device).view(3, 1, 1) for v in (self.mean, self.std))
        if self.mean.any():
            pictures.sub_(mean)
        if (self.std != 1).any():
            pictures.div_(std)
        return pictures.transpose(1, 2).contiguous()

    def to_picture(self, frame: Tensor) -> NDArray[np.uint8]:
        """Turn a normalised frame [3, H, W] back into a picture to look at, uint8 [H, W, 3]."""
        pixels = frame.detach().float().cpu() * self.std.view(3, 1, 1) + self.mean.view(3, 1, 1)
        picture: NDArray[np.uint8] = pixels.mul(255).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
        return picture


class TrainTransform(EvalTransform):
    """Crop, resize, mirror, change colours, normalise. A strength of 0 (factors: 1) switches its part off."""

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
    ) -> None:
        """Hold the arguments; the defaults are the method's.

        Args:
            image_size: Height and width of the network's input in pixels.
            mean: Of red, green and blue, 0..1.
            std: Likewise, above 0.
            jitter: Share of the side that a crop's border moves by at most, 0 to under 0.5.
            flip: Probability of a mirror image, 0..1.
            hue: Largest shift, as a share of the colour circle.
            saturation: Largest factor up or down, at least 1.
            exposure: Likewise of the brightness.
        """
        super().__init__(image_size, mean, std)
        self.jitter, self.flip = jitter, flip
        self.hue, self.saturation, self.exposure = hue, saturation, exposure

    def __call__(self, clips: list[Tensor], targets: list[Target]) -> tuple[Tensor, list[Target]]:
        """Transform a batch with draws from torch's own generator; arguments and result as in evaluation."""
        generator = torch.default_generator
        resized, moved = [], []
        for clip, target in zip(clips, targets, strict=True):
            size = (clip.shape[-1], clip.shape[-2])
            crop = sample_crop(size, self.jitter, generator) if self.jitter else None
            mirrored = bool(torch.rand((), generator=generator) < self.flip) if self.flip else False
            frames = crop_and_resize(clip, crop, self.size)
            resized.append(frames.flip(-1) if mirrored else frames)
            moved.append(move_boxes(target, crop, size, mirrored))
        if self.hue or self.saturation != 1 or self.exposure != 1:
            shifts = (2 * torch.rand(len(clips), generator=generator) - 1) * self.hue
            factors = [self._factors(len(clips), limit, generator) for limit in (self.saturation, self.exposure)]
            return self.normalise(adjust_colour(resized, shifts, *factors)), moved
        return self.normalise(as_planes(resized)), moved

    @staticmethod
    def _factors(count: int, limit: float, generator: torch.Generator) -> Tensor:
        """Draw `count` factors from 1 to `limit`, each turned over with equal chance."""
        factors = 1 + torch.rand(count, generator=generator) * (limit - 1)
        turned = torch.rand(count, generator=generator) < 0.5
        return torch.where(turned, 1 / factors, factors)
