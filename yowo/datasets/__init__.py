"""The data sets: UCF101-24, AVA v2.2, JHMDB-21, the generated motion set, and a user's own project."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "ava": ["AVA"],
        "base": ["VideoDataset"],
        "class_lists": ["class_list", "class_names", "evaluated_classes"],
        "custom": ["Custom"],
        "jhmdb21": ["JHMDB21"],
        "motion": ["Motion"],
        "ucf24": ["UCF24"],
    },
)
