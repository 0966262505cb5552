"""The LightningDataModule: splits, loaders, and the transforms that run on the training device."""

from collections.abc import Callable, Sequence

import lightning as L
from torch import Tensor
from torch.utils.data import DataLoader

from yowo.contracts import ClipBatch, Sample, Target
from yowo.data.augment import EvalTransform
from yowo.data.dataset import ClipDataset, collate
from yowo.data.key_frames import ActionData, KeyFrames, Split
from yowo.errors import DatasetError

Transform = Callable[[list[Tensor], list[Target]], tuple[Tensor, list[Target]]]


class ClipDataModule(L.LightningDataModule):
    """Streams clips of any `ActionData`: uint8 from the workers, resized and augmented in batches on the device."""

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
    ) -> None:
        """Hold the arguments; nothing is read yet.

        Args:
            data: The data set.
            train_transform: Applied to training batches after their transfer.
            eval_transform: Applied to all others.
            clip_len: K.
            dilation: Steps in frames between the frames of a clip, in evaluation.
            train_dilation: The same in training; of several one is drawn for each clip.
            repeat_key_frame: The control without motion, see `ClipDataset`.
            cache: Keep decoded videos in memory; for small data sets, best with `num_workers` 0.
            batch_size: Clips of a batch, on each device.
            num_workers: Decoding processes, on each device.
        """
        super().__init__()
        self.data = data
        self.train_transform, self.eval_transform = train_transform, eval_transform
        self.clip_len, self.dilation, self.train_dilation = clip_len, dilation, train_dilation
        self.repeat_key_frame, self.cache = repeat_key_frame, cache
        self.batch_size, self.num_workers = batch_size, num_workers
        self._datasets: dict[Split, ClipDataset] = {}

    def prepare_data(self) -> None:
        """Generate or check the data, in one process."""
        self.data.prepare()

    def dataset(self, split: Split) -> ClipDataset:
        """Return the samples of a split, reading its annotation at the first call.

        Raises:
            DatasetError: The split is empty or its files are missing.
        """
        if split not in self._datasets:
            key_frames: KeyFrames = self.data.key_frames(split)
            if not len(key_frames):
                raise DatasetError(f"the {split} split has no annotated frame; check dataset.root and {split}_videos")
            self._datasets[split] = ClipDataset(
                key_frames,
                self.clip_len,
                self.train_dilation if split == "train" else self.dilation,
                self.repeat_key_frame,
                self.cache,
            )
        return self._datasets[split]

    def setup(self, stage: str) -> None:
        """Read the annotation of the splits that `stage` needs."""
        if stage == "fit":
            self.dataset("train")
        self.dataset("val")

    def _loader(self, split: Split) -> DataLoader[Sample]:
        dataset = self.dataset(split)
        training = split == "train"
        return DataLoader(
            dataset,
            batch_size=self.batch_size,
            shuffle=training,
            drop_last=training and len(dataset) >= self.batch_size,
            num_workers=self.num_workers,
            collate_fn=collate,
            persistent_workers=self.num_workers > 0,
        )

    def train_dataloader(self) -> DataLoader[Sample]:
        """Return shuffled training clips; the last uneven batch is left out."""
        return self._loader("train")

    def val_dataloader(self) -> DataLoader[Sample]:
        """Return every key frame of the held-out split, in order."""
        return self._loader("val")

    def test_dataloader(self) -> DataLoader[Sample]:
        """Return the same as `val_dataloader`: these data sets have one held-out split."""
        return self._loader("val")

    def on_after_batch_transfer(self, batch: ClipBatch, dataloader_idx: int) -> ClipBatch:
        """Turn the uint8 clips into one normalised float tensor, with augmentation in training."""
        if isinstance(batch.clips, Tensor):
            return batch
        training = self.trainer is not None and self.trainer.training
        transform = self.train_transform if training else self.eval_transform
        clips, targets = transform(batch.clips, batch.targets)
        return batch._replace(clips=clips, targets=targets)
