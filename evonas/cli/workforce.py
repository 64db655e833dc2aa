"""The options that say where candidates are evaluated, read for the library."""

from __future__ import annotations

from typing import Any

from .figures import read_duration


def read_options(
    workers: str | None,
    devices: str | None,
    per_device: str | None,
    device_memory: str | None,
    timeout: str | None,
    ray: str | None,
) -> dict[str, Any]:
    """The options as arguments of `evonas.evolve`; with none of them, every core works.

    Raises:
        UserError: The timeout is no time.
    """
    if workers is None and devices is None and ray is None:
        workers = "auto"
    seconds = None if timeout is None else read_duration(timeout, "timeout")
    return {
        "workers": workers,
        "devices": devices,
        "per_device": per_device,
        "device_memory": device_memory,
        "timeout": seconds,
        "ray": ray,
    }
