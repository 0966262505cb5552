import numpy as np

from yowo.contracts import Tube
from yowo.inference.clear_tubes import clearest


def still(label, start, length, score, x=0.0):
    return Tube(label, start, np.tile(np.array([[x, 0, x + 10, 10]], np.float32), (length, 1)), score)


def test_an_actor_has_one_tube_and_weak_tubes_are_left_out():
    best, rival, other, weak = (
        still(0, 4, 20, 0.9),
        still(1, 4, 20, 0.8),
        still(1, 0, 20, 0.7, 50),
        still(2, 0, 9, 0.1, 90),
    )
    assert clearest([best, rival, other, weak]) == [other, best]
    assert clearest([]) == []
