from yowo.models.sliding_past import PastTensors
from yowo.models.sliding_plan import Past


def test_tensors_come_back_by_their_lag_and_are_the_same_objects():
    past = PastTensors([Past("a", 1), Past("a", 3), Past("b", 2)], ["a", "b"])
    start = [object(), object()]
    past.fill(start)
    assert past.tensors() == [start[0], start[0], start[1]]
    pushed = [[object(), object()] for _ in range(5)]
    for values in pushed:
        past.push(values)
    assert past.tensors() == [pushed[-1][0], pushed[-3][0], pushed[-2][1]]
