"""The LightningDataModule: splits, loaders, and the transforms that run on the training device."""

import logging
from collections.abc import Callable, Sequence
from typing import Literal

import lightning as L
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from yowo.contracts import ClipBatch, Sample, SharedBatch, Target
from yowo.data.augment import EvalTransform
from yowo.data.breadcrumbs import Reading
from yowo.data.clip_loader import ClipLoader
from yowo.data.dataset import ClipDataset, collate
from yowo.data.key_frames import ActionData, AnnotatedVideo, KeyFrames, Split
from yowo.data.samplers import TrainSampler
from yowo.data.sliding import SharedWindows, SlidingBatches, as_it_is
from yowo.errors import DatasetError

log = logging.getLogger(__name__)
Stage = Literal["train", "val", "test"]
"""The splits, and "test": the held-out split as a test reads it."""
Transform = Callable[[list[Tensor], list[Target]], tuple[Tensor, list[Target]]]


class ClipDataModule(L.LightningDataModule):
    """Loads clips of any `ActionData`: workers decode to uint8; batches are resized and augmented on the device.

    Attributes:
        hung: What to say of a sample that took longer than `loader_timeout`; None as long as there is none.
    """

    def __init__(
        self,
        data: ActionData,
        train_transform: Transform,
        eval_transform: EvalTransform,
        clip_len: int,
        dilation: int = 1,
        train_dilation: int | Sequence[int] = 1,
        repeat_key_frame: bool = False,
        cache: bool = False,
        batch_size: int = 8,
        num_workers: int = 0,
        test_frames: str = "annotated",
        key_frame_stride: int = 1,
        balanced: float = 0.0,
        seed: int = 0,
        test_clip_len: int | None = None,
        overfit_clips: int | None = None,
        whole_videos: bool = False,
        drop_last: bool = True,
    ) -> None:
        """Store the arguments; nothing is read yet.

        Args:
            data: The data set.
            train_transform: Applied to training batches on the device.
            eval_transform: Applied to validation and test batches on the device.
            clip_len: K, the number of frames of a clip.
            dilation: Distance in frames between neighbouring frames of a clip, in evaluation.
            train_dilation: The same in training; from a list, one is drawn for each clip.
            repeat_key_frame: Make clips of copies of the key frame, as a control without motion; see `ClipDataset`.
            cache: Keep decoded videos in memory; for small data sets, best with `num_workers` 0.
            batch_size: Clips per batch and device.
            num_workers: Decoding processes per device.
            test_frames: The frames of a test: "annotated" key frames, as in validation, or "all" frames of the held-out
                videos, which video-mAP needs.
            key_frame_stride: An epoch visits every n-th key frame; the next epoch visits others.
            balanced: 0 to 1, how strongly rare classes are oversampled in training; see `yowo.data.samplers`.
            seed: Seed of the order, dilations and augmentation in training.
            test_clip_len: K in a test; None takes `clip_len`. 1 if the 3D feature comes from other clips (LFB).
            overfit_clips: Train and validate on this many training clips, spread over the split; None: on the splits.
            whole_videos: Read a test video by video, each from its beginning in one worker, for networks that carry a
                state from frame to frame.
            drop_last: Leave out an epoch's last training batch if it is smaller than the others.
        """
        super().__init__()
        self.data, self.drop_last = data, drop_last
        self.train_transform, self.eval_transform = train_transform, eval_transform
        self.clip_len, self.dilation, self.train_dilation = clip_len, dilation, train_dilation
        self.repeat_key_frame, self.cache = repeat_key_frame, cache
        self.batch_size, self.num_workers = batch_size, num_workers
        self.test_frames = test_frames
        self.key_frame_stride, self.balanced, self.seed = key_frame_stride, float(balanced), seed
        self.test_clip_len = clip_len if test_clip_len is None else test_clip_len
        self.overfit_clips, self.whole_videos = overfit_clips, whole_videos
        self._datasets: dict[Stage, ClipDataset] = {}
        self.hung: str | None = None
        self._windows = SharedWindows(lambda groups: self.eval_transform.frames(groups))

    def prepare_data(self) -> None:
        """Generate or check the data, in one process."""
        self.data.prepare()

    def dataset(self, stage: Stage) -> ClipDataset:
        """Return the samples of a stage; the first call reads their annotation.

        Args:
            stage: "train", "val" or "test".

        Returns:
            The samples.

        Raises:
            DatasetError: The split is empty or its files are missing.
        """
        every = stage == "test" and self.test_frames == "all"
        if stage == "test" and not every and self.test_clip_len == self.clip_len and self.overfit_clips is None:
            stage = "val"  # the same samples
        if stage not in self._datasets:
            split = self._split(stage)
            key_frames = KeyFrames.every_frame(self.data.videos(split)) if every else self.data.key_frames(split)
            if not len(key_frames):
                raise DatasetError(f"the {split} split has no annotated frame; check dataset.root and {split}_videos")
            if self.overfit_clips is not None and stage != "test":
                key_frames = key_frames.spread(self.overfit_clips)
            if not key_frames.num_boxes:
                means = "only the background is learned" if stage == "train" else "its frame-mAP is nan"
                log.warning("the %s split has no box on any frame: %s", split, means)
            self._datasets[stage] = ClipDataset(
                key_frames,
                self.test_clip_len if stage == "test" else self.clip_len,
                self.train_dilation if stage == "train" else self.dilation,
                self.repeat_key_frame,
                self.cache,
                self.seed,
            )
        return self._datasets[stage]

    def videos(self, stage: Stage = "test") -> list[AnnotatedVideo]:
        """Return the videos of a stage with their annotation: the held-out ones, but in training."""
        return self.data.videos(self._split(stage))

    def _split(self, stage: Stage) -> Split:
        return "train" if stage == "train" or (stage == "val" and self.overfit_clips is not None) else "val"

    def setup(self, stage: str) -> None:
        """Read the annotation of the splits that `stage` needs."""
        if stage == "fit":
            self.dataset("train")
        self.dataset("test" if stage == "test" else "val")

    def _loader(self, stage: Stage) -> DataLoader[Sample]:
        dataset = self.dataset(stage)
        if stage == "test" and self.slides:
            batches = SlidingBatches(dataset, self.batch_size, self.num_workers, *self._place(), self.whole_videos)
            return ClipLoader(batches, batch_size=None, num_workers=self.num_workers, collate_fn=as_it_is)  # type: ignore[arg-type]
        sampler = self._sampler(dataset) if stage == "train" else None
        return ClipLoader(
            dataset,
            batch_size=self.batch_size,
            sampler=sampler,
            drop_last=self.drop_last and sampler is not None and len(sampler) >= self.batch_size,
            num_workers=self.num_workers,
            collate_fn=collate,
            persistent_workers=self.num_workers > 0,
        )

    def _sampler(self, dataset: ClipDataset) -> TrainSampler:
        """Make the training sampler for this process of the run."""
        return TrainSampler(dataset.key_frames, self.seed, self.key_frame_stride, self.balanced, *self._place())

    def _place(self) -> tuple[int, int]:
        """Return the number of processes of the run, and the number of this one."""
        return (1, 0) if self.trainer is None else (self.trainer.world_size, self.trainer.global_rank)

    @property
    def slides(self) -> bool:
        """Whether a test reads each frame once for all clips that it is in, see `yowo.data.sliding`."""
        return self.whole_videos or (self.test_clip_len > 1 and not self.cache)

    def train_dataloader(self) -> DataLoader[Sample]:
        """Return shuffled training clips; the last, incomplete batch is dropped."""
        return self._loader("train")

    def val_dataloader(self) -> DataLoader[Sample]:
        """Return every key frame of the held-out split, in order."""
        return self._loader("val")

    def test_dataloader(self) -> DataLoader[Sample]:
        """Return the held-out split, which is also the test split; with `test_frames` "all", every frame of it."""
        return self._loader("test")

    def teardown(self, stage: str) -> None:
        """Free the frames that a test kept for its next clips."""
        self._windows.forget()

    def longest_reading(self) -> tuple[Reading, str] | None:
        """Return the sample that has been read for the longest time at this moment, and its video's name and file."""
        found = [(reading, dataset) for dataset in self._datasets.values() for reading in dataset.reading()]
        if not found:
            return None
        reading, dataset = max(found, key=lambda pair: pair[0].seconds)
        return reading, f"{dataset.name(reading.position)}: {dataset.key_frames[reading.position].path}"

    def on_exception(self, exception: BaseException) -> None:
        """Name the samples that killed data workers were reading, or the one on which reading hung (`hung`).

        Raises:
            DatasetError: A sample took too long, or a worker was killed: its decoder crashed, or memory ran out.
        """
        if self.hung is not None:
            raise DatasetError(self.hung) from exception
        for dataset in self._datasets.values():
            if samples := dataset.killed_on(exception):
                raise DatasetError(
                    f"a data worker was killed while reading {samples}; if that file is intact, memory ran out: lower "
                    "dataset.num_workers"
                ) from exception

    def on_after_batch_transfer(self, batch: ClipBatch | SharedBatch, dataloader_idx: int) -> ClipBatch:
        """Turn the uint8 clips into one normalised float tensor, with augmentation in training.

        The random values of augmentation depend only on the seed, the epoch and the samples of the batch: they differ
        between the processes of a run, and are the same again after a run was resumed.

        Args:
            batch: Clips as B tensors uint8 [K, 3, h, w], or as the frames that they share.
            dataloader_idx: Not used.

        Returns:
            The batch with clips float32 [B, 3, K, H, W].
        """
        if isinstance(batch, SharedBatch):
            return ClipBatch(batch.positions, batch.sizes, self._windows.clips(batch.shared), batch.targets)
        if isinstance(batch.clips, Tensor):
            return batch
        if self.trainer is None or not self.trainer.training:
            clips, targets = self.eval_transform(batch.clips, batch.targets)
            return batch._replace(clips=clips, targets=targets)
        mixed = np.random.SeedSequence((self.seed, self.trainer.current_epoch, *batch.positions))
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(int(mixed.generate_state(1, np.uint32)[0]))
            clips, targets = self.train_transform(batch.clips, batch.targets)
        return batch._replace(clips=clips, targets=targets)
