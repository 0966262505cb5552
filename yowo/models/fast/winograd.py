"""Convolutions 3 x 3 of stride 1 with fewer multiplications, after Winograd (F(2 x 2, 3 x 3) and F(4 x 4, 3 x 3)).

Tiles of m + 2 inputs in height and width give m x m outputs. Inputs and weights are transformed by sums, so that each
of the (m + 2)^2 transformed places is a product of matrices [tiles, inputs] x [inputs, outputs]. These products are one
grouped 1 x 1 convolution, whose weights are transformed and laid out once; the tiles of all pictures of a batch lie
below each other, so that weights are read once a batch and not once a picture. Of 9 multiplications an output, 4
(m = 2) or 2.25 (m = 4) remain, but weights are 16/9 or 4 times as many.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MIN_CHANNELS = 128
"""Of inputs: with fewer, transforms take what the products save."""
MIN_TILES = 32
"""Of a batch: with fewer, reading the transformed weights takes what the products save."""
MAX_TILES = 256
"""That are transformed at once, so that they stay in the processor's cache; pictures of more are not worth it."""
MAX_WEIGHTS = 256 * 512
"""Inputs times outputs with tiles of 4, so that four times the weights is little beside those of the whole network."""
_POINTS = {2: (0, 1, -1), 4: (0, 1, -1, 2, -2)}


def tile_size(conv: nn.Conv2d | nn.Conv3d, shape: Sequence[int]) -> int | None:
    """Choose how a convolution is computed on inputs of a shape.

    The limits are from times on a processor with AVX2, of the shapes of YOLOv2 at 224 x 224 pixels and 1 to 8 pictures.
    On other kinds of processors, where nothing was measured, the answer is the direct convolution.

    Args:
        conv: The convolution.
        shape: Of its input, [B, inputs, H, W].

    Returns:
        Height and width of tiles of outputs, 2 or 4; None: the direct convolution is faster, or it is not 3 x 3 of
        stride 1, padded by 1.
    """
    if not isinstance(conv, nn.Conv2d) or conv.groups != 1 or conv.padding_mode != "zeros":
        return None
    kind = (conv.kernel_size, conv.stride, conv.padding, conv.dilation)
    if kind != ((3, 3), (1, 1), (1, 1), (1, 1)) or torch.backends.cpu.get_cpu_capability() != "AVX2":
        return None
    inputs, outputs = conv.in_channels, conv.out_channels
    # oneDNN has no fast kernel for groups whose channels do not fill its vectors
    if inputs < MIN_CHANNELS or inputs % 8 or outputs % 8:
        return None
    for tile in (4, 2) if inputs * outputs <= MAX_WEIGHTS else (2,):
        tiles = -(-shape[2] // tile) * -(-shape[3] // tile)
        if tiles <= MAX_TILES and shape[0] * tiles >= MIN_TILES:
            return tile
    return None


class WinogradWeights:
    """The weights of a 3 x 3 convolution of stride 1 and padding 1, ready to convolve float32 inputs on a CPU."""

    def __init__(self, weight: Tensor, bias: Tensor, tile: int, shape: Sequence[int]) -> None:
        """Transform weights and lay them out.

        Args:
            weight: float32 [outputs, inputs, 3, 3].
            bias: float32 [outputs].
            tile: Height and width of a tile of outputs, 2 or 4.
            shape: Of inputs [B, inputs, H, W] that will be frequent; others are possible.
        """
        self._tile = tile
        self._outputs, inputs = weight.shape[:2]
        side = tile + 2
        matrix = _weight_matrix(tile)
        matrix = torch.einsum("jx,iy->jiyx", matrix, matrix).reshape(side * side, 9)
        # in float64, a few outputs at a time
        places = weight.new_empty(side * side, self._outputs, inputs)
        for some, made in zip(torch.split(weight, 8), torch.split(places, 8, dim=1), strict=True):
            made.copy_((matrix @ some.permute(2, 3, 0, 1).reshape(9, -1).double()).view(made.shape))
        # the outputs of a tile hold the product of point 1, in height and width, with factor 1
        biases = bias.new_zeros(side, side, self._outputs)
        biases[1, 1] = bias
        self._bias = biases.flatten()
        self._shape: tuple[list[int], list[int], list[int], int] = ([0, 0], [1, 1], [1, 1], side * side)
        down, across = -(-shape[2] // tile), -(-shape[3] // tile)
        # always convolved in pieces of this size: oneDNN lays weights out anew, slowly, for sizes of another layout
        self._piece = (self._pictures(shape[0], down * across) * down, across)
        self._packed = self._laid_out(places.view(-1, inputs, 1, 1))
        self._misfits = 0

    def convolve(self, x: Tensor) -> Tensor:
        """Convolve.

        Args:
            x: float32 [B, inputs, H, W].

        Returns:
            float32 [B, outputs, H, W], channels last in memory; equals the direct convolution up to about 1e-5 of the
            largest output.
        """
        x = x.permute(0, 2, 3, 1).contiguous()
        pictures, height, width, _ = x.shape
        out = x.new_empty(pictures, height, width, self._outputs)
        down, across = -(-height // self._tile), -(-width // self._tile)
        count = self._pictures(pictures, down * across)
        self._fit(count * down, across)
        for some, made in zip(torch.split(x, count), torch.split(out, count), strict=True):
            self._convolve(some, made, down, across)
        return out.permute(0, 3, 1, 2)

    def _laid_out(self, places: Tensor) -> Tensor:
        """Lay out transformed weights [side^2 outputs, inputs, 1, 1] for pieces."""
        size = [1, places.shape[1] * self._shape[3], *self._piece]
        out: Tensor = torch.ops.mkldnn._reorder_convolution_weight(places, *self._shape, size)
        return out

    def _fit(self, rows: int, across: int) -> None:
        """Lay the weights out anew when the third convolution in a row has a part or a multiple of a piece."""
        tiles, size = rows * across, self._piece[0] * self._piece[1]
        self._misfits = self._misfits + 1 if 2 * tiles <= size or tiles >= 2 * size else 0
        if self._misfits == 3:
            self._piece, self._misfits = (rows, across), 0
            self._packed = self._laid_out(self._packed.to_dense())

    def _pictures(self, pictures: int, tiles: int) -> int:
        """Return how many of pictures of a number of tiles are transformed at once: in parts of one size."""
        parts = -(-pictures // max(1, MAX_TILES // tiles))
        return -(-pictures // parts)

    def _products(self, tiles: Tensor) -> Tensor:
        """Map transformed tiles [n, side^2 inputs] to [n, side^2 outputs]."""
        size = self._piece[0] * self._piece[1]
        count = len(tiles)
        tiles = F.pad(tiles, (0, 0, 0, -count % size)) if count % size else tiles
        made = []
        for piece in torch.split(tiles, size):
            flat = piece.view(1, *self._piece, -1).permute(0, 3, 1, 2)
            both = (self._packed, self._bias, *self._shape)
            out = torch.ops.mkldnn._convolution_pointwise(flat, *both, "none", [], "")
            made.append(out.permute(0, 2, 3, 1).reshape(size, -1))
        return (made[0] if len(made) == 1 else torch.cat(made))[:count]

    def _convolve(self, x: Tensor, out: Tensor, down: int, across: int) -> None:
        """Convolve [B, H, W, inputs] in `down` x `across` tiles, and write to `out` [B, H, W, outputs]."""
        tile, side = self._tile, self._tile + 2
        (pictures, height, width, inputs), outputs = x.shape, self._outputs
        x = F.pad(x, (0, 0, 1, tile * across + 1 - width, 1, tile * down + 1 - height))
        rows = x.new_empty(pictures, down, x.shape[2], side, inputs)
        _transform_inputs([x[:, i : i + tile * (down - 1) + 1 : tile] for i in range(side)], rows.unbind(3))
        tiles = x.new_empty(pictures, down, across, side, side, inputs)
        _transform_inputs([rows[:, :, j : j + tile * (across - 1) + 1 : tile] for j in range(side)], tiles.unbind(3))
        made = self._products(tiles.view(pictures * down * across, -1))
        products = made.view(pictures, down, across, side, side, outputs)
        rows = x.new_empty(pictures, down, width, side, outputs)
        _transform_outputs(products.unbind(3), [rows[:, :, j::tile] for j in range(tile)], axis=2)
        _transform_outputs(rows.unbind(3), [out[:, i::tile] for i in range(tile)], axis=1)


def _weight_matrix(tile: int) -> Tensor:
    """Return the transform of three weights, float64 [tile + 2, 3].

    A row holds the powers of a point, divided by the product of its distances to the other points; the last one is the
    point at infinity. Signs are those that `_transform_inputs` expects.
    """
    points = _POINTS[tile]
    rows = []
    for point in points:
        others = [abs(point - other) for other in points if other != point]
        scale = float(torch.tensor(others, dtype=torch.float64).prod())
        sign = -1 if tile == 4 and abs(point) == 1 else 1
        rows.append([sign * point**power / scale for power in range(3)])
    return torch.tensor([*rows, [0, 0, 1]], dtype=torch.float64)


def _transform_inputs(places: Sequence[Tensor], out: Sequence[Tensor]) -> None:
    """Transform the places of tiles along one axis: tile + 2 tensors of one shape into as many others."""
    if len(places) == 4:
        torch.sub(places[0], places[2], out=out[0])
        torch.add(places[1], places[2], out=out[1])
        torch.sub(places[2], places[1], out=out[2])
        torch.sub(places[3], places[1], out=out[3])
        return
    even, odd = torch.sub(places[4], places[2], alpha=4), torch.sub(places[3], places[1], alpha=4)
    torch.add(even, odd, out=out[1])
    torch.sub(even, odd, out=out[2])
    torch.sub(places[4], places[2], out=even)
    torch.sub(places[3], places[1], out=odd)
    torch.add(even, odd, alpha=2, out=out[3])
    torch.sub(even, odd, alpha=2, out=out[4])
    torch.add(even, places[0] - places[2], alpha=4, out=out[0])
    torch.sub(places[5] - places[3], odd, alpha=4, out=out[5])


def _transform_outputs(products: Sequence[Tensor], out: Sequence[Tensor], axis: int) -> None:
    """Transform the products of tiles along one axis: tile + 2 tensors into `tile` ones, which may be shorter there."""

    def cut(tensor: Tensor, place: int) -> Tensor:
        return tensor.narrow(axis, 0, out[place].shape[axis])

    even, odd = products[1] + products[2], products[1] - products[2]
    if len(products) == 4:
        torch.add(products[0], even, out=out[0])
        torch.add(cut(odd, 1), cut(products[3], 1), out=out[1])
        return
    even2, odd2 = products[3] + products[4], products[3] - products[4]
    torch.add(products[0], even, out=out[0]).add_(even2)
    torch.add(cut(odd, 1), cut(odd2, 1), alpha=2, out=out[1])
    torch.add(cut(even, 2), cut(even2, 2), alpha=4, out=out[2])
    torch.add(cut(odd, 3), cut(odd2, 3), alpha=8, out=out[3]).add_(cut(products[5], 3))
