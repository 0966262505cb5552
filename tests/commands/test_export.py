import pytest
import torch

from tests.exported_cases import CLIP_LEN, clips, facts, small_detector
from tests.inference.exported.test_sliding import Fake
from tests.inference.exported.test_tracing import Least
from yowo.commands.export import compared, compared_sliding, complete_pair
from yowo.errors import YowoError
from yowo.inference.exported.facts import EXACT
from yowo.inference.exported.sliding import ExportedSliding
from yowo.inference.exported.tracing import trace
from yowo.inference.exported.writing import write


def test_a_file_and_its_weights_appear_together_or_not_at_all(tmp_path):
    output = tmp_path / "new" / "a.xml"
    with complete_pair(output) as unfinished:
        unfinished.write_text("1")
        unfinished.with_suffix(".bin").write_text("one")
        assert not output.exists()
    with pytest.raises(YowoError, match="wrong"), complete_pair(output) as unfinished:
        unfinished.write_text("2")
        unfinished.with_suffix(".bin").write_text("two")
        raise YowoError("wrong")
    assert (output.read_text(), output.with_suffix(".bin").read_text()) == ("1", "one")
    with complete_pair(output) as unfinished:
        unfinished.write_text("3")
        unfinished.with_suffix(".bin").write_text("three")
    assert (output.read_text(), output.with_suffix(".bin").read_text()) == ("3", "three")
    assert sorted(path.name for path in output.parent.iterdir()) == ["a.bin", "a.xml"]


def test_a_file_of_other_weights_is_found_out(tmp_path):
    net, path = Least().eval(), tmp_path / "a.pt2"
    net.strides = (32,)
    write("torch_export", trace(net, CLIP_LEN, 32), path, facts(), None)
    assert compared(net, path, clips(3)).worst < 1e-5
    with torch.no_grad():
        net.conv.weight[0, 0] += 0.5
    assert compared(net, path, clips(3)).worst > 1e-4


def test_a_network_that_slides_is_compared_frame_by_frame():
    net = small_detector()
    fake = Fake(net)
    file = ExportedSliding(fake, facts(streaming=EXACT, states=fake.states))
    assert compared_sliding(net, file, clips(2)).worst < 1e-5
    fake.sliding = type(fake)(
        small_detector(),
    ).sliding
    with torch.no_grad():
        fake.sliding.bias.add_(0.5)
    assert compared_sliding(net, file, clips(2)).worst > 1e-4
