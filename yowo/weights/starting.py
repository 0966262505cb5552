"""The initial weights of a network, from the node `weights` of a configuration."""

from dataclasses import dataclass

from torch import nn

from yowo.weights.loading import LoadReport, load_backbone, load_weights
from yowo.weights.registry import BACKBONE2D, BACKBONE3D, DETECTOR


@dataclass(frozen=True)
class StartingWeights:
    """The node `weights` of a configuration.

    Attributes:
        file: File of a whole detector or one backbone.
        backbone2d: File of the 2D backbone; loaded after `file`, so it replaces that file's 2D backbone.
        backbone3d: File of the 3D backbone; loaded after `file`, so it replaces that file's 3D backbone.
        strict: Raise an error if the entries of a file and its part do not all match.
        reset_head: Initialise what predicts classes anew instead of loading it.
    """

    file: str | None = None
    backbone2d: str | None = None
    backbone3d: str | None = None
    strict: bool = True
    reset_head: bool = False

    def files(self) -> dict[str, str]:
        """Return the given files by configuration key."""
        named = {"weights": self.file, "weights.backbone2d": self.backbone2d, "weights.backbone3d": self.backbone3d}
        return {key: value for key, value in named.items() if value is not None}

    def load(self, detector: nn.Module) -> dict[str, LoadReport]:
        """Load every given file into a detector.

        Args:
            detector: The network.

        Returns:
            A report for each file.

        Raises:
            WeightsError: A file cannot be read or does not match the network.
        """
        reports = {}
        if self.file is not None:
            reports[self.file] = load_weights(detector, self.file, self.strict, self.reset_head)
        for part, file in ((BACKBONE2D, self.backbone2d), (BACKBONE3D, self.backbone3d)):
            if file is not None:
                reports[file] = load_backbone(detector, part, file, self.strict)
        return reports


def is_whole(reports: list[LoadReport]) -> bool:
    """Return whether a file was loaded into the whole detector and no entry kept its random values."""
    return any(report.part == DETECTOR and not report.missing and not report.reset for report in reports)
