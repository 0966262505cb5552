import numpy as np
import pytest
import torch

from tests.exported_cases import CLIP_LEN, clips, facts, small_detector
from tests.yowof_cases import ANCHORS, small_yowof
from yowo.data.augment import EvalTransform
from yowo.errors import ConfigError
from yowo.inference.clip_detector import ClipDetector
from yowo.inference.exported.facts import EXACT, STATE
from yowo.inference.exported.sliding import FRAMES, ExportedSliding, ExportedSlidingDetections, trace_sliding
from yowo.inference.exported.tracing import OUTPUTS
from yowo.inference.sliding_detections import SlidingDetections
from yowo.models.frame_steps import frame_steps


class Fake:
    """Runs a sliding network of torch in the place of a file."""

    name = "a program 1.0"

    def __init__(self, network, way=EXACT):
        self.sliding = frame_steps(network, CLIP_LEN, way)
        kept = self.sliding.first(torch.zeros(1, 3, 64, 96))
        self.states = {
            "past": [list(one) for one in self.sliding.past],
            "kept": list(self.sliding.kept),
            "sizes": {
                name: [one.shape[1], 64 // one.shape[2]] for name, one in zip(self.sliding.kept, kept, strict=True)
            },
            "settled_after": self.sliding.settled_after,
        }

    @torch.no_grad()
    def run(self, inputs):
        frames, *past = (torch.from_numpy(array) for array in inputs.values())
        assert list(inputs) == [FRAMES, *(f"past_{p.series}_{p.lag}" for p in self.sliding.past)]
        raw, kept = self.sliding(frames, past)
        found = {name: raw[name].numpy() for name in OUTPUTS if name in raw}
        return found | {f"kept_{name}": one.numpy() for name, one in zip(self.sliding.kept, kept, strict=True)}


@pytest.mark.parametrize("dilation", [1, 2])
def test_frames_one_by_one_give_the_detections_of_clips(dilation):
    net = small_detector()
    fake = Fake(net)
    file = ExportedSliding(fake, facts(streaming=EXACT, states=fake.states))
    rule = net.postprocess.with_options(score_threshold=0.01)
    transform = EvalTransform((64, 96), [0.4] * 3, [0.2] * 3)
    one, other = (
        ExportedSlidingDetections(file, rule, transform, dilation),
        ClipDetector(net, rule, transform, CLIP_LEN, dilation),
    )
    pictures = np.random.default_rng(0).integers(0, 255, (15, 48, 70, 3), np.uint8)
    for video in (pictures, pictures[::-1]):
        found, wanted = [], []
        for start in range(0, len(video), 4):
            part = np.ascontiguousarray(video[start : start + 4])
            flags = [place % 3 != 1 for place in range(len(part))]
            found += one.add(part, flags)
            wanted += other.add(part, flags)
        assert [here is None for here in found] == [here is None for here in wanted]
        for ours, theirs in zip(found, wanted, strict=True):
            if theirs is not None:
                assert len(theirs["boxes"]) and torch.equal(ours["labels"], theirs["labels"])
                torch.testing.assert_close(ours["scores"], theirs["scores"], rtol=0, atol=1e-4)
                torch.testing.assert_close(ours["boxes"], theirs["boxes"], rtol=0, atol=1e-4)
        one.reset()
        other.reset()


LEVELS = [{"stride": 32, "anchors": ANCHORS}]


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("way", [EXACT, STATE])
def test_a_recurrent_network_in_a_file_finds_what_it_finds_in_pytorch(way, dilation):
    net = small_yowof()
    fake = Fake(net, way)
    own = facts(streaming=way, states=fake.states, outputs=["cls", "boxes", "deltas"], levels=LEVELS)
    transform = EvalTransform((64, 96), [0.4] * 3, [0.2] * 3)
    rule = net.postprocess.with_options(score_threshold=0.0)
    one = ExportedSlidingDetections(ExportedSliding(fake, own), rule, transform, dilation)
    other = SlidingDetections(frame_steps(net, CLIP_LEN, way), rule, transform, dilation)
    pictures = np.random.default_rng(0).integers(0, 255, (9, 48, 70, 3), np.uint8)
    for ours, theirs in zip(one.add(pictures, [True] * 9), other.add(pictures, [True] * 9), strict=True):
        assert len(ours["boxes"]) == len(theirs["boxes"]) > 0  # equal scores may change places
        torch.testing.assert_close(ours["scores"], theirs["scores"], rtol=0, atol=1e-5)


def test_a_file_that_takes_frames_refuses_clips():
    fake = Fake(small_detector())
    with pytest.raises(ConfigError, match="exported with streaming=exact"):
        ExportedSliding(fake, facts(streaming=EXACT, states=fake.states))(clips())


@pytest.mark.long
def test_a_traced_step_is_the_step_and_each_tensor_of_the_past_is_an_input_of_its_own():
    net = small_detector()
    traced, states = trace_sliding(net, CLIP_LEN, "small")
    sliding = frame_steps(net, CLIP_LEN)
    draw = torch.Generator().manual_seed(3)
    frames = torch.randn(1, 3, 96, 64, generator=draw)
    sizes = {name: (1, channels, 96 // step, 64 // step) for name, (channels, step) in states["sizes"].items()}
    past = tuple(torch.randn(sizes[one.series], generator=draw) for one in sliding.past)
    assert len({one.series for one in sliding.past}) < len(past) == len(traced.inputs) - 1
    found = traced.program.module()(frames, past)
    raw, kept = sliding(frames, past)
    wanted = [*(raw[name] for name in ("cls", "conf", "boxes", "deltas")), *kept]
    for ours, theirs in zip(found, wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.long
@pytest.mark.parametrize("way", [EXACT, STATE])
def test_a_traced_step_of_a_recurrent_network_takes_its_state_and_returns_it(way):
    net = small_yowof()
    traced, states = trace_sliding(net, CLIP_LEN, "small", way)
    steps = frame_steps(net, CLIP_LEN, way)
    draw = torch.Generator().manual_seed(3)
    frames = torch.randn(1, 3, 96, 64, generator=draw)
    sizes = {name: (1, channels, 96 // step, 64 // step) for name, (channels, step) in states["sizes"].items()}
    past = tuple(torch.randn(sizes[one.series], generator=draw) for one in steps.past)
    assert traced.outputs == ["cls", "boxes", "deltas", *(f"kept_{name}" for name in steps.kept)]
    raw, kept = steps(frames, past)
    found = traced.program.module()(frames, past)
    for ours, theirs in zip(found, [raw["cls"], raw["boxes"], raw["deltas"], *kept], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    assert states["settled_after"] == (CLIP_LEN - 1 if way == STATE else 1)
