import pytest
import torch
import torch.nn.functional as F

from yowo.models.pooling import MaxPool2d, MaxPool3d


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("size", [(1, 1, 1), (2, 3, 4), (5, 8, 7), (3, 2, 1)])
def test_every_number_is_that_of_pytorch(size, channels_last):
    clips = torch.randn(2, 3, *size)
    frames = clips[:, :, 0]
    if channels_last:
        clips = clips.contiguous(memory_format=torch.channels_last_3d)
        frames = frames.contiguous(memory_format=torch.channels_last)
    before = clips.clone()
    assert torch.equal(MaxPool3d(3, 2, 1)(clips), F.max_pool3d(clips, 3, 2, 1))
    assert torch.equal(MaxPool2d(3, 2, 1)(frames), F.max_pool2d(frames, 3, 2, 1))
    if min(size[1:]) > 1:
        assert torch.equal(MaxPool2d(2, 2)(frames), F.max_pool2d(frames, 2, 2))
    assert torch.equal(clips, before)


def test_not_a_number_stays_one():
    x = torch.randn(1, 1, 4, 4, 4)
    x[0, 0, 1, 1, 1] = torch.nan
    torch.testing.assert_close(MaxPool3d(3, 2, 1)(x), F.max_pool3d(x, 3, 2, 1), equal_nan=True, rtol=0, atol=0)


def test_gradients_are_those_of_pytorch_where_numbers_are_equal():
    ours, theirs = torch.zeros(1, 1, 4, 4, 4, requires_grad=True), torch.zeros(1, 1, 4, 4, 4, requires_grad=True)
    MaxPool3d(3, 2, 1)(ours).sum().backward()
    F.max_pool3d(theirs, 3, 2, 1).sum().backward()
    assert torch.equal(ours.grad, theirs.grad)
