from yowo.errors import ConfigError, YowoError


def test_a_message_is_one_line_whatever_it_was_made_of():
    assert str(ConfigError("one\n  two\tthree")) == "one two three"
    assert issubclass(ConfigError, YowoError)
