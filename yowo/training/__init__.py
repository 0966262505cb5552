"""Training with Lightning: the LightningModule, callbacks, loggers."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "best_checkpoint": ["BestCheckpoint"],
        "callbacks": ["ClassAP", "TimeBudget", "Warmup"],
        "checkpoint_files": ["WholeCheckpointIO", "usable_checkpoint"],
        "checkpoints": ["LastCheckpoint"],
        "loggers": ["wandb_logger"],
        "module": ["ActionDetection"],
        "progress": ["ProgressLines", "TerminalBar"],
        "pictures": ["KeyFramePictures"],
    },
)
