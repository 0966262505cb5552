"""The address of a page: HOST:PORT, whether only this machine reaches it, and whether it is free."""

import errno
import socket
from ipaddress import ip_address
from typing import NamedTuple

from yowo.errors import ConfigError

LOOPBACK = "127.0.0.1"
EVERYWHERE = ("", "0.0.0.0", "::")
"""Hosts that stand for all addresses of the machine."""
LARGEST_PORT = 65535
FORM = "expected HOST:PORT, such as 127.0.0.1:8000"


class PageAddress(NamedTuple):
    """Where a page is served.

    Attributes:
        host: Name or number of an address of this machine, without brackets; "" for all of them.
        port: 0 takes a free one.
    """

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return is_loopback(self.host)

    @property
    def family(self) -> socket.AddressFamily:
        """The family of sockets that the host belongs to."""
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    @property
    def url(self) -> str:
        """The address for a browser; the name of the machine stands for all of its addresses."""
        host = socket.gethostname() if self.host in EVERYWHERE else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"

    def __str__(self) -> str:
        """Return HOST:PORT as it is typed."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Return whether a host, a name or a number without brackets, is this machine for itself.

    Examples:
        >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("0.0.0.0"), is_loopback("camera.lan")
        (True, True, False, False)
    """
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def read_address(text: str) -> PageAddress:
    """Read what was typed as serve=.

    Args:
        text: HOST:PORT, [IPV6]:PORT, :PORT for all addresses of the machine, or PORT for this machine alone.

    Raises:
        ConfigError: It is none of these.

    Examples:
        >>> read_address("0.0.0.0:8000"), read_address("8000").host, read_address("[::1]:80").host
        (PageAddress(host='0.0.0.0', port=8000), '127.0.0.1', '::1')
    """
    plain = text.strip().removeprefix("http://").removesuffix("/")
    host, colon, port = plain.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not (port.isascii() and port.isdigit() and int(port) <= LARGEST_PORT) or (":" in host and not bracketed):
        raise ConfigError(f"serve={text}: {FORM}")
    if not colon:
        return PageAddress(LOOPBACK, int(port))
    return PageAddress(host[1:-1] if bracketed else host, int(port))


def check_address(address: PageAddress) -> None:
    """Check that a page can be served at an address, before anything that takes long.

    Raises:
        ConfigError: The port is taken, or the machine has no such address.
    """
    try:
        with socket.socket(address.family, socket.SOCK_STREAM) as trial:
            if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:  # a port that a program has just left is free
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((address.host, address.port))
            trial.listen(1)
    except OSError as error:
        raise cannot_serve(address, error) from error


def cannot_serve(address: PageAddress, error: OSError) -> ConfigError:
    """Return the line about an address that cannot be taken."""
    if error.errno == errno.EADDRINUSE:
        words = (
            f"another program has this port; give another one, such as serve={address._replace(port=_next(address))}"
        )
    elif error.errno in (errno.EACCES, errno.EPERM):
        words = f"this user may not take port {address.port}; give one from 1024 on, such as 8000"
    else:
        words = f"this machine has no such address ({error.strerror or error}); give one of its own, such as 127.0.0.1"
    return ConfigError(f"serve={address}: {words}")


def _next(address: PageAddress) -> int:
    return address.port + 1 if address.port < LARGEST_PORT else 8000
