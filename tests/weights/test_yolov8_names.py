import pytest
import torch
import torch.nn.functional as F

from tests.foreign_weights import alive
from yowo.models.backbones2d.yolov8 import SIZES, YOLOv8
from yowo.weights.yolov8_names import from_yolov8


def released(size, prefix="model."):
    """Names and shapes of YOLOv8's state dict from its published list of layers, with two of the predictions."""
    (w1, w2, w3, w4, w5), (d0, d1, d2) = SIZES[size]
    shapes = {}

    def conv(name, inputs, outputs, kernel):
        shapes[f"{name}.conv.weight"] = (outputs, inputs, kernel, kernel)
        for entry in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.bn.{entry}"] = (outputs,)
        shapes[f"{name}.bn.num_batches_tracked"] = ()

    def c2f(name, inputs, outputs, depth):
        half = outputs // 2
        conv(f"{name}.cv1", inputs, outputs, 1)
        conv(f"{name}.cv2", (2 + depth) * half, outputs, 1)
        for block in range(depth):
            conv(f"{name}.m.{block}.cv1", half, half, 3)
            conv(f"{name}.m.{block}.cv2", half, half, 3)

    for number, (inputs, outputs) in enumerate(((3, w1), (w1, w2))):
        conv(f"{prefix}{number}", inputs, outputs, 3)
    for number, width, depth in ((2, w2, d0), (4, w3, d1), (6, w4, d2), (8, w5, d0)):
        c2f(f"{prefix}{number}", width, width, depth)
    for number, inputs, outputs in ((3, w2, w3), (5, w3, w4), (7, w4, w5), (16, w3, w3), (19, w4, w4)):
        conv(f"{prefix}{number}", inputs, outputs, 3)
    conv(f"{prefix}9.cv1", w5, w5 // 2, 1)
    conv(f"{prefix}9.cv2", 2 * w5, w5, 1)
    for number, inputs, outputs in ((12, w5 + w4, w4), (15, w4 + w3, w3), (18, w3 + w4, w4), (21, w4 + w5, w5)):
        c2f(f"{prefix}{number}", inputs, outputs, d0)
    conv(f"{prefix}22.cv2.0.0", w3, 64, 3)
    shapes[f"{prefix}22.dfl.conv.weight"] = (1, 16, 1, 1)
    return shapes


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("prefix", ["model.", "model.model."])
def test_every_entry_has_its_place(size, prefix):
    with torch.device("meta"):
        theirs = {name: torch.empty(shape) for name, shape in released(size, prefix).items()}
        ours = YOLOv8(size).state_dict()
    found = {name: tensor.shape for name, tensor in from_yolov8(theirs).items()}
    rest = {name for name in found if name.startswith("model.22.")}
    assert {n: s for n, s in found.items() if n not in rest} == {n: t.shape for n, t in ours.items()}
    assert len(rest) == 7


def test_a_block_in_two_halves_computes_what_the_whole_one_does():
    random = torch.Generator().manual_seed(0)
    theirs = {n: torch.rand(s, generator=random) + 0.5 if s else torch.tensor(3) for n, s in released("n").items()}
    network = alive(YOLOv8("n"))
    network.load_state_dict({n: t for n, t in from_yolov8(theirs).items() if not n.startswith("model.")})

    def unit(x, name, padding):
        at = f"model.15.{name}"
        norm = (theirs[f"{at}.bn.{entry}"] for entry in ("running_mean", "running_var", "weight", "bias"))
        return F.silu(F.batch_norm(F.conv2d(x, theirs[f"{at}.conv.weight"], padding=padding), *norm, eps=1e-3))

    x = torch.randn(1, 192, 5, 6, generator=random)
    parts = list(unit(x, "cv1", 0).chunk(2, dim=1))
    parts.append(unit(unit(parts[1], "m.0.cv1", 1), "m.0.cv2", 1))
    with torch.no_grad():
        whole, halved = unit(torch.cat(parts, dim=1), "cv2", 0), network.fpn.h2(x)
    assert torch.allclose(halved, whole, rtol=1e-4)
    assert network.fpn.h2.conv2.norm.num_batches_tracked == 3
