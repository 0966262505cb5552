import numpy as np
import pytest
import torch

from tests.make_data import pictures
from tests.reference.augment_reference import crop_resize_flip, move_box
from yowo.data.augment import Crop, EvalTransform, TrainTransform, crop_and_resize, move_boxes, sample_crop
from yowo.errors import ConfigError

PLAIN = {"mean": [0.0] * 3, "std": [1.0] * 3}
OFF = {"jitter": 0.0, "flip": 0.0, "hue": 0.0, "saturation": 1.0, "exposure": 1.0}


def clip(width=80, height=60, seed=0, frames=4):
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (frames, height // 4, width // 4, 3))
    return torch.from_numpy(np.kron(small, np.ones((1, 4, 4, 1))).astype(np.uint8)).permute(0, 3, 1, 2).contiguous()


def target(boxes=(), labels=()):
    return {
        "boxes": torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        "labels": torch.tensor(labels, dtype=torch.int64),
    }


CROPS = [
    None,
    Crop(0, 0, 80, 60),
    Crop(10, 5, 60, 50),
    Crop(-12, -7, 90, 70),
    Crop(-5, 8, 95, 45),
    Crop(15, -9, 76, 80),
]


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize("size", [(32, 64), (96, 96)])
def test_geometry_equals_pil_picture_by_picture(crop, size):
    frames = clip()
    got = crop_and_resize(frames, crop, size)
    for frame, ours in zip(frames, got, strict=True):
        theirs = crop_resize_flip(frame.permute(1, 2, 0).numpy(), crop, size, False)
        difference = np.abs(ours.permute(1, 2, 0).numpy().astype(int) - theirs.astype(int))
        # PIL rounds and clips between its two passes, which shows where bicubic overshoots at hard edges
        assert difference.mean() < 0.5 and np.quantile(difference, 0.98) <= 2


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize("mirrored", [False, True])
def test_boxes_move_as_the_method_says(crop, mirrored):
    boxes = torch.rand(40, 4, generator=torch.Generator().manual_seed(1)).sort(dim=1).values[:, [0, 1, 2, 3]]
    labels = torch.arange(40)
    moved = move_boxes({"boxes": boxes, "labels": labels}, crop, (80, 60), mirrored)
    expected = {i: move_box(b, crop, (80, 60), mirrored) for i, b in enumerate(boxes.tolist())}
    kept = {i: b for i, b in expected.items() if b is not None}
    assert moved["labels"].tolist() == list(kept)
    assert torch.allclose(moved["boxes"], torch.tensor(list(kept.values())), atol=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_boxes_follow_the_pixels(seed):
    frames = torch.zeros(2, 3, 120, 160, dtype=torch.uint8)
    frames[..., 40:80, 60:110] = 255
    torch.manual_seed(seed)
    transform = TrainTransform((96, 128), **PLAIN, **{**OFF, "jitter": 0.2, "flip": 0.5})
    clips, targets = transform([frames], [target([[60 / 160, 40 / 120, 110 / 160, 80 / 120]], [3])])
    lit = (clips[0, 0, -1] > 0.5).nonzero()
    (y1, x1), (y2, x2) = lit.min(dim=0).values.tolist(), (lit.max(dim=0).values + 1).tolist()
    box = targets[0]["boxes"][0] * torch.tensor([128, 96, 128, 96])
    assert box.tolist() == pytest.approx([x1, y1, x2, y2], abs=1.6)


def test_all_frames_of_a_clip_get_the_same_draw_and_clips_get_their_own():
    torch.manual_seed(0)
    frame = clip(frames=1).expand(5, -1, -1, -1).contiguous()
    out, _ = TrainTransform((32, 32), **PLAIN)([frame, frame], [target(), target()])
    assert torch.equal(out[:, :, :1].expand_as(out), out)
    assert not torch.allclose(out[0], out[1], atol=0.02)


def test_every_part_can_be_switched_off():
    frames, goal = clip(64, 32), target([[0.1, 0.2, 0.5, 0.9]], [2])
    out, targets = TrainTransform((32, 64), **PLAIN, **OFF)([frames], [goal])
    assert torch.equal((out[0].transpose(0, 1) * 255).round().to(torch.uint8), frames)
    assert torch.equal(targets[0]["boxes"], goal["boxes"])


def test_evaluation_resizes_and_normalises_only():
    frames = [clip(80, 60), clip(40, 100)]
    out, targets = EvalTransform((64, 32), [0.4, 0.5, 0.6], [0.2, 0.3, 0.4])(
        frames, [target(), target([[0, 0, 1, 1]], [1])]
    )
    assert out.shape == (2, 3, 4, 64, 32) and out.dtype == torch.float32
    expected = crop_and_resize(frames[1], None, (64, 32)).float() / 255
    assert torch.allclose(out[1, 2, 3], (expected[3, 2] - 0.6) / 0.4, atol=1e-6)
    assert targets[1]["labels"].tolist() == [1]


def test_a_normalised_frame_becomes_a_picture_again():
    transform = EvalTransform((60, 80), [0.45] * 3, [0.225] * 3)
    frames = clip()
    out, _ = transform([frames], [target()])
    assert np.array_equal(transform.to_picture(out[0, :, -1]), frames[-1].permute(1, 2, 0).numpy())


def test_multi_hot_labels_are_dropped_with_their_boxes():
    labels = torch.eye(3)
    boxes = torch.tensor([[0.0, 0.0, 0.1, 0.1], [0.4, 0.4, 0.6, 0.6], [0.9, 0.9, 1.0, 1.0]])
    moved = move_boxes({"boxes": boxes, "labels": labels}, Crop(20, 15, 40, 30), (80, 60), False)
    assert torch.equal(moved["labels"], labels[1:2])


def test_the_same_seed_gives_the_same_batch():
    transform = TrainTransform((32, 32), **PLAIN)
    results = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        results.append(transform([torch.from_numpy(pictures(3, 0)).permute(0, 3, 1, 2)], [target()])[0])
    assert torch.equal(results[0], results[1]) and not torch.equal(results[0], results[2])


def test_crops_move_each_border_by_at_most_the_jitter():
    generator = torch.Generator().manual_seed(0)
    crops = [sample_crop((100, 50), 0.2, generator) for _ in range(400)]
    lefts, rights = {c.left for c in crops}, {100 - c.left - c.width for c in crops}
    assert (min(lefts), max(lefts)) == (-20, 20) and (min(rights), max(rights)) == (-20, 20)
    assert {c.top for c in crops} == set(range(-10, 11))


def test_factors_go_up_and_down_alike():
    torch.manual_seed(0)
    factors = TrainTransform._factors(4000, 1.5, torch.default_generator)
    assert factors.min() >= 1 / 1.5 - 1e-6 and factors.max() <= 1.5
    assert 0.46 < (factors < 1).float().mean() < 0.54


@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_classes_trade_places_in_a_mirrored_picture(flip):
    pairs = {"mirrored": {"left": "right"}, "classes": ["left", "stand", "right"]}
    transform = TrainTransform((32, 32), (0, 0, 0), (1, 1, 1), jitter=0, flip=flip, **pairs)
    clips = [torch.zeros(2, 3, 32, 32, dtype=torch.uint8)] * 2
    boxes = torch.tensor([[0.1, 0.2, 0.3, 0.9]] * 3)
    multi_hot = torch.tensor([[1.0, 1, 0], [0, 0, 1], [0, 1, 0]])
    targets = [{"boxes": boxes, "labels": torch.tensor([0, 1, 2])}, {"boxes": boxes, "labels": multi_hot}]
    _, (numbers, flags) = transform(clips, targets)
    assert numbers["labels"].tolist() == ([2, 1, 0] if flip else [0, 1, 2])
    assert torch.equal(flags["labels"], multi_hot[:, [2, 1, 0]] if flip else multi_hot)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ({"left": "rigth"}, r"augment\.mirrored: no class is called rigth; the classes are left, right"),
        ({"left": "right", "right": "left"}, r"augment\.mirrored: left is named twice; name each pair of classes once"),
    ],
)
def test_pairs_that_are_no_pairs_are_refused(pairs, message):
    with pytest.raises(ConfigError, match=message):
        TrainTransform((32, 32), (0, 0, 0), (1, 1, 1), mirrored=pairs, classes=["left", "right"])
