import socket

import pytest

from yowo.errors import ConfigError
from yowo.inference.outputs.page_address import PageAddress, check_address, read_address


@pytest.mark.parametrize(
    ("typed", "host", "port", "loopback"),
    [
        ("127.0.0.1:8000", "127.0.0.1", 8000, True),
        ("localhost:80", "localhost", 80, True),
        ("8000", "127.0.0.1", 8000, True),
        ("[::1]:8000", "::1", 8000, True),
        ("127.8.9.1:0", "127.8.9.1", 0, True),
        ("0.0.0.0:8000", "0.0.0.0", 8000, False),
        (":8000", "", 8000, False),
        ("[::]:8000", "::", 8000, False),
        ("http://camera-pc.lan:8000/", "camera-pc.lan", 8000, False),
        ("localhost.example.org:1", "localhost.example.org", 1, False),
    ],
)
def test_an_address_is_read_and_only_loopback_ones_are_for_this_machine_alone(typed, host, port, loopback):
    address = read_address(typed)
    assert address == (host, port) and address.is_loopback is loopback


@pytest.mark.parametrize("typed", ["", "localhost", "1.2.3.4:", "::1:8000", "a:70000", "a:-1", "a:80b", "True", "a:²"])
def test_what_is_no_address_is_one_line(typed):
    with pytest.raises(ConfigError, match=r"^serve=.*: expected HOST:PORT, such as 127\.0\.0\.1:8000$"):
        read_address(typed)


def test_a_taken_port_is_one_line_that_names_another_and_a_free_one_stays_free():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"^serve=127\.0\.0\.1:{port}: another program has this port; give .*"):
            check_address(PageAddress("127.0.0.1", port))
    check_address(PageAddress("127.0.0.1", port))
    check_address(PageAddress("127.0.0.1", port))


def test_an_address_of_another_machine_is_one_line():
    with pytest.raises(ConfigError, match=r"^serve=192\.0\.2\.7:8000: this machine has no such address \(.*\); give"):
        check_address(PageAddress("192.0.2.7", 8000))


def test_a_page_for_all_addresses_is_named_by_the_machine():
    assert PageAddress("0.0.0.0", 80).url == f"http://{socket.gethostname()}:80/"
    assert PageAddress("::1", 80).url == "http://[::1]:80/" and str(PageAddress("::1", 80)) == "[::1]:80"
