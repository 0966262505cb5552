"""Training with Lightning: the LightningModule, callbacks, loggers."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "best_checkpoint": ["BestCheckpoint"],
        "best_metric": ["BestMetric"],
        "callbacks": ["TimeBudget", "Warmup"],
        "checkpoint_files": ["WholeCheckpointIO", "usable_checkpoint"],
        "checkpoints": ["LastCheckpoint"],
        "class_review": ["ClassAP", "ErrorReview"],
        "loggers": ["wandb_logger"],
        "module": ["ActionDetection"],
        "progress": ["ProgressLines", "TerminalBar"],
        "pictures": ["KeyFramePictures"],
        "step_axis": ["LearningRates", "StepAxis"],
        "step_figures": ["StepFigures"],
        "tube_clip": ["TubeClip"],
    },
)
