import pytest

from tests.video.fuzz import DAMAGES, GOOD, TARGETS, run


@pytest.mark.long
def test_damaged_files_give_the_right_frames_or_an_error_and_never_hang():
    """Some of each damage and container; `python -m tests.video.fuzz` tries hundreds."""
    outcomes = run(count=len(DAMAGES) * len(TARGETS), seed=1)
    assert {outcome.damage for outcome in outcomes} == {damage.__name__ for damage in DAMAGES}
    assert [outcome for outcome in outcomes if outcome.kind not in GOOD] == []
    kinds = [outcome.kind for outcome in outcomes]
    assert kinds.count("same") > 20 and kinds.count("error") > 2
