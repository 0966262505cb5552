import pytest
import torch

import yowo.inference.cuda_graphs as module
from yowo.inference.cuda_graphs import FROM_TIMES, MOST_SHAPES, GraphedNetwork, Recorded, recorded


class Pass:
    """Stands for a CUDA graph on a machine without one: replaying doubles what lies in the input."""

    def __init__(self, given):
        self.given, self.output = given, torch.zeros_like(given)

    def replay(self):
        self.output.copy_(2 * self.given)


@pytest.fixture
def recordings(monkeypatch):
    made = []

    def record(network, clips):
        made.append(clips.shape)
        graph = Pass(clips.clone())
        return Recorded(graph, graph.given, graph.output)

    monkeypatch.setattr(module, "recorded", record)
    return made


def test_a_shape_is_recorded_when_it_comes_again_and_again(recordings):
    calls = []
    network = GraphedNetwork(lambda clips: calls.append(1) or 2 * clips)
    for value in range(1, 6):
        assert network(torch.full((2,), float(value))).tolist() == [2.0 * value] * 2
    assert len(calls) == FROM_TIMES - 1 and recordings == [torch.Size([2])]
    assert network(torch.ones(3)).tolist() == [2.0] * 3 and len(recordings) == 1  # the last frames of a source


def test_only_a_few_shapes_are_kept(recordings):
    network = GraphedNetwork(lambda clips: 2 * clips)
    for size in range(1, MOST_SHAPES + 3):
        for _ in range(FROM_TIMES + 1):
            assert network(torch.ones(size)).tolist() == [2.0] * size
    assert len(recordings) == MOST_SHAPES


def test_what_cannot_be_recorded_is_computed_as_always_and_said_once(monkeypatch, caplog):
    def refuse(network, clips):
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    monkeypatch.setattr(module, "recorded", refuse)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    network = GraphedNetwork(lambda clips: 2 * clips)
    with caplog.at_level("INFO"):
        results = [network(torch.ones(1)).item() for _ in range(2 * FROM_TIMES)]
    assert results == [2.0] * 2 * FROM_TIMES
    assert caplog.messages == [
        "the network is not recorded as a CUDA graph, which costs speed only: operation not permitted when stream is "
        "capturing"
    ]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_a_recorded_pass_gives_the_same_numbers():
    layer = torch.nn.Conv3d(3, 4, 3, padding=1).cuda().eval()
    with torch.inference_mode():
        clips = [torch.rand(1, 3, 4, 8, 8, device="cuda") for _ in range(5)]
        network = GraphedNetwork(layer)
        for one in clips:
            torch.testing.assert_close(network(one), layer(one))
        first = recorded(layer, clips[0])
        first.graph.replay()
        torch.testing.assert_close(first.output, layer(clips[0]))
