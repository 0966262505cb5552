from yowo.errors import ConfigError, YowoError


def test_a_message_is_one_line_whatever_it_was_made_of():
    assert str(ConfigError("one\n  two\tthree")) == "one two three"
    assert issubclass(ConfigError, YowoError)


def test_an_error_from_a_data_worker_is_its_own_last_line():
    traceback = (
        "Caught ConfigError in DataLoader worker process 3.\nOriginal Traceback (most recent call last):\n"
        '  File "x.py", line 1, in f\nyowo.errors.VideoError: first\n\nThe above exception was the direct cause of\n'
        "yowo.errors.ConfigError: a.avi: what is wrong: here\n"
    )
    assert str(ConfigError(traceback)) == "a.avi: what is wrong: here (in DataLoader worker process 3)"
