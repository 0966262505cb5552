"""Training with Lightning: the LightningModule, callbacks, loggers."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "callbacks": ["ClassAP", "TimeBudget", "Warmup"],
        "loggers": ["wandb_logger"],
        "module": ["ActionDetection"],
        "progress": ["ProgressLines", "TerminalBar"],
        "pictures": ["KeyFramePictures"],
    },
)
