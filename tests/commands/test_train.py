from types import SimpleNamespace

import pytest
import torch

from yowo.commands.train import _best_score


@pytest.mark.parametrize(("score", "expected"), [(torch.tensor(0.5), 0.5), (None, None)])
def test_a_sweeper_gets_the_best_score(score, expected):
    assert _best_score(SimpleNamespace(checkpoint_callback=SimpleNamespace(best_model_score=score))) == expected
