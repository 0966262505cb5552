"""Training with Lightning: the LightningModule, callbacks, loggers."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "checkpointing.best_checkpoint": ["BestCheckpoint"],
        "logs.best_metric": ["BestMetric"],
        "callbacks": ["TimeBudget", "Warmup"],
        "checkpointing.checkpoint_files": ["WholeCheckpointIO", "usable_checkpoint"],
        "checkpointing.checkpoints": ["LastCheckpoint"],
        "logs.class_review": ["ClassAP", "ErrorReview"],
        "logs.loggers": ["wandb_logger"],
        "module": ["ActionDetection"],
        "progress": ["ProgressLines", "TerminalBar"],
        "logs.pictures": ["KeyFramePictures"],
        "logs.step_axis": ["LearningRates", "StepAxis"],
        "logs.step_figures": ["StepFigures"],
        "logs.tube_clip": ["TubeClip"],
    },
)
