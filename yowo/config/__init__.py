"""Configurations: composed by Hydra from conf/, completed from the data, checked, stored in checkpoints, built."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "build": ["build_detector"],
        "build_training": ["build_datamodule", "build_module", "build_trainer"],
        "checkpoint": ["PARTS", "portable", "register_checkpoint", "register_parts"],
        "checks": ["check_root"],
        "compose": ["compose_config"],
        "conf_files": ["choices", "conf_dir", "groups"],
    },
)
