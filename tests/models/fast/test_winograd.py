import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.models.test_sliding import detector
from yowo.models.backbones3d.shufflenetv2 import ShuffleNetV2
from yowo.models.fast import winograd
from yowo.models.fast.fast_copy import fast_copy
from yowo.models.fast.fused_conv import FusedConv, can_pack
from yowo.models.fast.winograd import WinogradWeights, tile_size

needs_packing = pytest.mark.skipif(not can_pack(), reason="this PyTorch takes no packed weights")


@pytest.fixture
def avx2(monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")


@torch.inference_mode()
@needs_packing
@pytest.mark.parametrize("tile", [2, 4])
@pytest.mark.parametrize(
    ("pictures", "channels", "height", "width"),
    [(1, 8, 1, 1), (2, 8, 1, 6), (1, 16, 2, 3), (3, 64, 7, 7), (2, 32, 14, 13), (2, 8, 9, 4), (11, 8, 23, 17)],
)
def test_it_equals_the_direct_convolution(tile, pictures, channels, height, width):
    torch.manual_seed(0)
    weight, bias = torch.randn(24, channels, 3, 3), torch.randn(24)
    made = WinogradWeights(weight, bias, tile, (pictures, channels, height, width))
    for count in (pictures, 1):  # also another batch than the one that weights were laid out for
        for size in ((height, width), (height + 1, width + 2)):
            x = torch.randn(count, channels, *size)
            expected = F.conv2d(x.double(), weight.double(), bias.double(), padding=1)
            found = made.convolve(x)
            assert found.shape == expected.shape and found.is_contiguous(memory_format=torch.channels_last)
            assert float((found - expected).abs().max()) < 1e-5 * float(expected.abs().max())


@torch.inference_mode()
@needs_packing
def test_weights_are_laid_out_for_the_size_that_stays():
    made = WinogradWeights(torch.randn(8, 8, 3, 3), torch.zeros(8), 2, (8, 8, 6, 6))
    x = torch.randn(8, 8, 6, 6)
    expected = made.convolve(x)
    for count, rows in ((1, 24), (8, 24), (1, 24), (1, 24), (1, 3), (1, 3), (8, 3), (8, 3), (8, 24)):
        torch.testing.assert_close(made.convolve(x[:count]), expected[:count])
        assert made._piece == (rows, 3)


@torch.inference_mode()
@needs_packing
@pytest.mark.parametrize("added", [True, False])
@pytest.mark.parametrize("act", [None, nn.ReLU(), nn.LeakyReLU(0.1)])
def test_a_fused_convolution_uses_it(act, added, avx2):
    torch.manual_seed(0)
    conv, norm = nn.Conv2d(128, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16).eval()
    nn.init.normal_(norm.running_mean)
    nn.init.normal_(norm.bias)
    fused, x = FusedConv(conv, norm, act), torch.randn(2, 128, 9, 11)
    other = torch.randn(2, 16, 9, 11) if added else None
    expected = norm(conv(x)) if other is None else norm(conv(x)) + other
    torch.testing.assert_close(fused(x, other), act(expected) if act else expected, rtol=1e-5, atol=1e-5)
    assert isinstance(fused._packed, WinogradWeights) and fused.conv.weight.numel() == 0


@torch.inference_mode()
@needs_packing
@pytest.mark.parametrize(("tile", "weights"), [(2, 0), (4, 10**6)])
def test_a_detector_with_it_detects_the_same(tile, weights, monkeypatch, avx2):
    for name, value in {"MIN_TILES": 1, "MIN_CHANNELS": 8, "MAX_WEIGHTS": weights}.items():
        monkeypatch.setattr(winograd, name, value)
    torch.manual_seed(0)
    net = detector(ShuffleNetV2("0.25x", (2, 1, 1)))
    made, clips = fast_copy(net), torch.randn(2, 3, 4, 96, 64)
    expected, found = net(clips), made(clips)
    for key in ("conf", "cls", "boxes"):
        torch.testing.assert_close(found[key], expected[key], rtol=1e-4, atol=1e-4)
    packed = [module._packed for module in made.modules() if isinstance(module, FusedConv)]
    tiles = [one._tile for one in packed if isinstance(one, WinogradWeights)]
    assert len(tiles) > 3 and set(tiles) == {tile}


def conv2d(inputs=256, outputs=512, kernel=3, **options):
    return nn.Conv2d(inputs, outputs, kernel, **{"padding": 1, "device": "meta"} | options)


@pytest.mark.parametrize(
    ("conv", "shape", "tile"),
    [
        (conv2d(), (1, 256, 14, 14), 2),
        (conv2d(), (8, 256, 14, 14), 4),
        (conv2d(128, 256), (1, 128, 28, 28), 4),
        (conv2d(1024, 1024), (8, 1024, 7, 7), 2),
        (conv2d(1024, 1024), (1, 1024, 7, 7), None),
        (conv2d(64, 128), (1, 64, 56, 56), None),
        (conv2d(), (1, 256, 100, 100), None),
        (conv2d(outputs=425), (8, 256, 14, 14), None),
        (conv2d(stride=2), (8, 256, 14, 14), None),
        (conv2d(dilation=2, padding=2), (8, 256, 14, 14), None),
        (conv2d(groups=2), (8, 256, 14, 14), None),
        (conv2d(padding="same"), (8, 256, 14, 14), None),
        (conv2d(padding_mode="reflect"), (8, 256, 14, 14), None),
        (conv2d(kernel=1, padding=0), (8, 256, 14, 14), None),
        (nn.Conv3d(256, 512, 3, padding=1, device="meta"), (8, 256, 1, 14, 14), None),
    ],
)
def test_tiles_follow_the_shape(conv, shape, tile, avx2):
    assert tile_size(conv, shape) == tile


def test_processors_without_measurements_keep_the_direct_convolution(monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert tile_size(conv2d(), (8, 256, 14, 14)) is None
