"""The weights that a network starts from, as the configuration's node `weights` names them."""

from dataclasses import dataclass

from torch import nn

from yowo.weights.kinds import BACKBONE2D, BACKBONE3D, DETECTOR
from yowo.weights.loading import LoadReport, load_backbone, load_weights


@dataclass(frozen=True)
class StartingWeights:
    """The node `weights` of a configuration.

    Attributes:
        file: A whole detector, or one backbone.
        backbone2d: The 2D backbone's file; loaded after `file`, so it has the last word.
        backbone3d: The 3D backbone's file, likewise.
        strict: Whether it is an error when a file does not fit its part entry by entry.
        reset_head: Whether the last convolution starts anew.
    """

    file: str | None = None
    backbone2d: str | None = None
    backbone3d: str | None = None
    strict: bool = True
    reset_head: bool = False

    def files(self) -> dict[str, str]:
        """Return the files by the words that a user types for them."""
        named = {"weights": self.file, "weights.backbone2d": self.backbone2d, "weights.backbone3d": self.backbone3d}
        return {key: value for key, value in named.items() if value is not None}

    def load(self, detector: nn.Module) -> dict[str, LoadReport]:
        """Load every file.

        Args:
            detector: The network.

        Returns:
            A report a file.

        Raises:
            WeightsError: A file cannot be used or does not fit.
        """
        reports = {}
        if self.file is not None:
            reports[self.file] = load_weights(detector, self.file, self.strict, self.reset_head)
        for part, file in ((BACKBONE2D, self.backbone2d), (BACKBONE3D, self.backbone3d)):
            if file is not None:
                reports[file] = load_backbone(detector, part, file, self.strict)
        return reports


def is_whole(reports: list[LoadReport]) -> bool:
    """Tell whether some file filled the whole detector, and nothing of it kept its random values."""
    return any(report.part == DETECTOR and not report.missing and not report.reset for report in reports)
