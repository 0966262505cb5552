"""Starts Ray, or joins a cluster, without giving it the handling of signals."""

import signal
from typing import Any


def start_ray(ray: Any, **options: Any) -> None:
    """Call `ray.init` unless that was done; handlers of signals stay as they were.

    Args:
        ray: The module.
        options: Arguments of `ray.init`. Without an address it joins the cluster of RAY_ADDRESS, or one that was
            started on this machine, or else starts one.
    """
    if ray.is_initialized():
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    ray.init(**{"log_to_driver": False, **options})
    for asked, handler in handlers.items():  # Ray sets its own
        signal.signal(asked, handler)
