import signal
from types import SimpleNamespace

from yowo.commands.ray_start import start_ray


def test_ray_is_started_once_and_does_not_get_the_signals():
    mine, begun = signal.getsignal(signal.SIGTERM), []

    def init(**options):
        begun.append(options)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    ray = SimpleNamespace(is_initialized=lambda: bool(begun), init=init)
    for _ in range(2):
        start_ray(ray, address="auto")
    assert begun == [{"log_to_driver": False, "address": "auto"}] and signal.getsignal(signal.SIGTERM) is mine
