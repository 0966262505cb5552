"""Data loading: key frames of a split, the clips that end at them, augmentation, samplers, the LightningDataModule."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "augment": ["EvalTransform", "TrainTransform"],
        "clips": ["clip_indices", "clip_moments"],
        "datamodule": ["ClipDataModule"],
        "dataset": ["ClipDataset", "collate"],
        "key_frames": ["ActionData", "AnnotatedVideo", "KeyFrames"],
        "samplers": ["TrainSampler"],
    },
)
