import torch

from yowo.boxes.class_logits import class_probabilities


def test_exclusive_classes_share_one_and_the_rest_stand_alone():
    logits = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    p = class_probabilities(logits, 4)
    assert torch.allclose(p[:, :4].sum(dim=1), torch.ones(5))
    assert torch.allclose(p[:, 4:], logits[:, 4:].sigmoid())


def test_all_or_no_classes_may_be_exclusive():
    logits = torch.randn(2, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(class_probabilities(logits, 3), logits.softmax(dim=1))
    assert torch.equal(class_probabilities(logits, 0), logits.sigmoid())
