import pytest
import torch
from torch.utils.data import Dataset

from yowo.data.clip_loader import ClipLoader
from yowo.data.samplers import TrainSampler


class Positions(Dataset):
    """Samples that tell which they are, and which were loaded."""

    def __init__(self):
        self.loaded = []

    def __len__(self):
        return 11

    def __getitem__(self, index):
        self.loaded.append(index)
        return list(index) if isinstance(index, tuple) else index


def loader(sampled=True, workers=0, **options):
    data = Positions()
    sampler = TrainSampler(data, 3, **options) if sampled else None
    kept = {"num_workers": workers, "persistent_workers": workers > 0}
    return ClipLoader(data, batch_size=2, sampler=sampler, drop_last=True, collate_fn=list, **kept)


@pytest.mark.parametrize("workers", [0, 1])
def test_an_epoch_goes_on_after_the_samples_that_were_trained_on(workers):
    whole = loader()
    whole.sampler.set_epoch(1)
    again = loader(workers=workers)
    batches = iter(again)  # as Lightning, before the epoch is known
    again.begin_at(1, 4)
    again.sampler.set_epoch(1)
    assert list(batches) == list(whole)[2:] and len(again) == len(whole) == 5
    if not workers:
        assert len(again.dataset.loaded) == 6, "the first four are not decoded again"
    again.sampler.set_epoch(2)
    whole.sampler.set_epoch(2)
    assert list(again) == list(whole)


def test_it_goes_on_with_another_number_of_processes():
    before = [list(loader(num_replicas=2, rank=rank)) for rank in (0, 1)]
    seen = [sample for part in before for batch in part[:2] for sample in batch]
    after = loader(num_replicas=1)
    after.begin_at(0, 8)
    rest = [sample for batch in after for sample in batch]
    assert sorted(map(tuple, seen + rest)) == sorted({tuple(sample) for sample in [*seen, *rest]})
    assert len(seen) == 8 and len(rest) == 2


def test_without_a_sampler_of_ours_batches_are_left_out_once():
    plain = loader(sampled=False)
    plain.begin_at(5, 4)
    assert list(plain) == [[4, 5], [6, 7], [8, 9]] and len(list(plain)) == 5


def test_loading_takes_no_number_from_the_generator_of_the_training():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    list(loader(workers=1))
    assert torch.equal(torch.get_rng_state(), before)
