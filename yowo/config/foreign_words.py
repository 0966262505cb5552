"""Words of other tools for what has another name here; messages about unknown keys point to ours."""

from typing import NamedTuple


class Ours(NamedTuple):
    """Where something is set here.

    Attributes:
        key: The key, or the override with `{}` in the place of the value.
        example: A value, for who gave none.
        words: What is said instead of the override, with `{}` in the place of the value; None says the override.
    """

    key: str
    example: str
    words: str | None = None


_EPOCHS = Ours("trainer.max_epochs", "10")
_LR = Ours("optimizer.lr", "1e-3")
_BATCH = Ours("dataset.batch_size", "8")
_SIZE = Ours("dataset.image_size", "224")
_WORKERS = Ours("dataset.num_workers", "4")
_DEVICES = Ours("trainer.devices", "2")
_ACCELERATOR = Ours("trainer.accelerator", "gpu")
_PRECISION = Ours("trainer.precision", "16-mixed")
_NMS = Ours("postprocess.nms_threshold", "0.5")
_FOLDER = Ours("hydra.run.dir", "runs/mine")
_WEIGHTS = Ours("weights", "FILE")
_CHECKPOINT = Ours("checkpoint", "FILE")
_DATA = Ours(
    "dataset",
    "custom",
    "dataset=NAME dataset.root={}, where NAME is ucf24, ava, jhmdb21, or custom for a folder of yowo data import",
)
_HELD_OUT = Ours("dataset.root", "DIR", "dataset.root=DIR; a video without boxes is for yowo detect")
_SCORE = Ours("dataset.score_threshold", "0.05")

EVERYWHERE: dict[str, Ours] = {
    **dict.fromkeys(("batch", "batch_size", "bs", "batchsize", "train_batch_size", "val_batch_size"), _BATCH),
    **dict.fromkeys(("imgsz", "img_size", "img", "image_size", "input_size", "imgsize", "resolution"), _SIZE),
    **dict.fromkeys(("workers", "num_workers", "nw"), _WORKERS),
    **dict.fromkeys(("devices", "gpus", "gpu", "num_gpus", "n_gpus", "ngpus", "nproc_per_node"), _DEVICES),
    **dict.fromkeys(("device", "accelerator"), _ACCELERATOR),
    **dict.fromkeys(("precision", "amp", "half", "fp16", "bf16"), _PRECISION),
    **dict.fromkeys(("iou", "iou_thres", "iou_threshold", "nms", "nms_thres", "nms_thresh", "nms_threshold"), _NMS),
    **dict.fromkeys(("conf", "conf_thres", "conf_thresh", "confidence", "threshold", "score_thr"), _SCORE),
    **dict.fromkeys(("project", "name", "save_dir", "exp_name", "output_dir", "log_dir", "work_dir"), _FOLDER),
    **dict.fromkeys(("data", "data_dir", "data_root", "root", "datasets"), _DATA),
    **dict.fromkeys(("pretrained", "weight", "load_from", "init_weights", "pretrain"), _WEIGHTS),
    **dict.fromkeys(("ckpt", "ckpt_path", "checkpoint_path", "resume_from", "resume_from_checkpoint"), _CHECKPOINT),
    **dict.fromkeys(("clip", "clip_length", "clip_len", "num_frames", "len_clip"), Ours("dataset.clip_len", "16")),
    **dict.fromkeys(("cfg_file", "config", "config_file"), Ours("--config-name", "NAME", "--config-name={}")),
}
"""Words that mean the same in every command."""
OF_TRAIN: dict[str, Ours] = {
    **dict.fromkeys(("lr", "lr0", "learning_rate", "base_lr", "max_lr", "initial_lr"), _LR),
    **dict.fromkeys(("epochs", "max_epochs", "max_epoch", "num_epochs", "epoch", "n_epochs"), _EPOCHS),
    **dict.fromkeys(("max_steps", "iterations", "max_iter", "steps"), Ours("+trainer.max_steps", "1000")),
    **dict.fromkeys(("ckpt", "ckpt_path", "checkpoint", "checkpoint_path", "resume_from"), Ours("resume", "FILE")),
    **dict.fromkeys(("backbone", "encoder"), Ours("backbone3d", "resnext101")),
    **dict.fromkeys(("optim", "opt"), Ours("optimizer", "adamw")),
    **dict.fromkeys(("accumulate", "accumulation"), Ours("trainer.accumulate_grad_batches", "4")),
    **dict.fromkeys(("random_seed", "manual_seed"), Ours("seed", "0")),
    **dict.fromkeys(("warmup", "warmup_epochs", "warmup_steps"), Ours("schedule.warmup_batches", "500")),
    **dict.fromkeys(("wandb", "loggers"), Ours("logger", "wandb")),
}
OF_EVAL: dict[str, Ours] = {
    "split": Ours("dataset.val_videos", "all"),
    **dict.fromkeys(("output", "save"), _FOLDER),
    **dict.fromkeys(("source", "video"), _HELD_OUT),
}
OF_DETECT: dict[str, Ours] = {
    **dict.fromkeys(("conf", "conf_thres", "conf_thresh", "confidence", "threshold"), Ours("score_threshold", "0.3")),
    **dict.fromkeys(("devices", "gpus", "gpu", "accelerator"), Ours("device", "cuda")),
    **dict.fromkeys(("batch", "bs", "batchsize"), Ours("batch_size", "8")),
    **dict.fromkeys(("video", "input", "path", "data", "images", "root"), Ours("source", "VIDEO")),
    **dict.fromkeys(("out", "save", "save_path", "output_path", "save_vid"), Ours("output", "FILE")),
    **dict.fromkeys(("ckpt", "ckpt_path", "checkpoint_path", "resume", "pretrained"), _CHECKPOINT),
}
BY_COMMAND = {"train": OF_TRAIN, "demo": OF_TRAIN, "eval": OF_EVAL, "detect": OF_DETECT}
DEVICE_WORDS = {"cpu", "mps", "tpu", "gpu", "auto", "cuda"}
TRUE = {"true", "1", "yes"}


def our_word(command: str, word: str, value: str | None = None) -> str | None:
    """Return what sets here what another tool calls by a word.

    Args:
        command: A command that takes overrides.
        word: The word, without dashes.
        value: What was given to it.

    Returns:
        The override, such as "optimizer.lr=0.1"; None if the word is not known.

    Examples:
        >>> our_word("train", "epochs", "30"), our_word("detect", "conf"), our_word("train", "device", "0,1")
        ('trainer.max_epochs=30', 'score_threshold=0.3', 'trainer.devices=[0,1]')
    """
    simple = word.lower().replace("-", "_")
    ours = BY_COMMAND.get(command, {}).get(simple) or EVERYWHERE.get(simple)
    if ours is None:
        return None
    given = value or ours.example
    if ours is _ACCELERATOR or ours is _DEVICES:
        return _devices(given)
    if ours is _PRECISION and given.lower() in TRUE:
        given = "bf16-mixed" if simple == "bf16" else ours.example
    return f"{ours.key}={given}" if ours.words is None else ours.words.format(given)


def _devices(given: str) -> str:
    """Return how the Trainer is given devices: "cpu", "0,1", "cuda:1" or a number of them."""
    name, _, index = given.lower().partition(":")
    if name in DEVICE_WORDS:
        accelerator = f"trainer.accelerator={'gpu' if name == 'cuda' else name}"
        return f"{accelerator} trainer.devices=[{index}]" if index else accelerator
    return f"trainer.devices=[{given.strip('[]')}]" if "," in given else f"trainer.devices={given}"
