import io

from yowo.inference.outputs.window import HEADER, Newest


def test_only_the_newest_picture_is_shown_and_once():
    newest = Newest()
    assert newest.take() is None and not newest.ended
    newest.read_from(io.BytesIO(HEADER.pack(3) + b"one" + HEADER.pack(3) + b"two"))
    assert newest.ended and newest.take() == b"two" and newest.take() is None


def test_a_picture_that_is_cut_off_is_not_shown():
    newest = Newest()
    newest.read_from(io.BytesIO(HEADER.pack(3) + b"one" + HEADER.pack(30) + b"tw"))
    assert newest.ended and newest.take() == b"one"
