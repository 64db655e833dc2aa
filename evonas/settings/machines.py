"""What evaluations are given to run on: what a user asks for, and the executor that fits."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..files import read_size
from ..search.executors import Executor, SerialExecutor, check_may_start, cores

if TYPE_CHECKING:
    from ..search import Evaluator
    from ..search.executors import Place
    from .recipe import Recipe
    from .settings import Settings

AUTO = "auto"

ON_A_GPU = 4
"""Candidates at a time on a GPU, as far as their memory fits, where nobody says how many."""


@dataclass(frozen=True)
class Machines:
    """Where evaluations run; it changes how fast a search is, and not what it finds.

    Attributes:
        workers: Worker processes; ``auto`` for one on each share of the cores, or one for the GPU; 0 for
            none; None for none unless something else needs one.
        devices: With a worker each; empty for the one that the search settles on.
        per_device: Candidates at a time on each of them; ``auto`` for what suits the device.
        device_memory: Bytes that these may take together; None for what the device has.
        timeout: Seconds after which a candidate has failed; None for no limit.
        ray: A Ray cluster's address, or ``local``; empty for none.
    """

    workers: int | str | None = None
    devices: tuple[str, ...] = ()
    per_device: int | str = 1
    device_memory: int | None = None
    timeout: float | None = None
    ray: str = ""

    @property
    def apart(self) -> bool:
        """Whether evaluations run in other processes than the search."""
        asked = self.workers not in (None, 0)
        return bool(asked or self.devices or self.timeout is not None or self.ray)

    @property
    def driver_device(self) -> str | None:
        """Where the search itself keeps images; None where it trains."""
        return "cpu" if self.apart else None

    def over(self, recipe: Recipe) -> Recipe:
        """A recipe for the devices that were asked for."""
        if not self.devices:
            return recipe
        return {**recipe, "search": {**recipe["search"], "device": self.devices[0]}}

    def places(self, settings: Settings, packs: bool) -> list[Place]:
        """What runs where.

        Args:
            settings: Say how many threads a candidate has.
            packs: Whether several candidates of a device can be in one process.
        """
        from ..search.executors import Place

        share = max(1, cores() // settings.threads)
        if self.devices:
            each = self._each(self.devices[0], share)
            if packs and each > 1:
                return [Place(device, each, self.device_memory) for device in self.devices]
            return [Place(device) for _ in range(each) for device in self.devices]
        device = None if settings.device == "cpu" else settings.device
        if self.workers == AUTO:
            return [Place(device)] * (share if device is None else 1)
        return [Place(device)] * (self.workers if isinstance(self.workers, int) and self.workers else 1)

    def _each(self, device: str, share: int) -> int:
        """Candidates at a time on a device."""
        if isinstance(self.per_device, int):
            return self.per_device
        return share if device == "cpu" else ON_A_GPU

    def executor(self, settings: Settings, evaluator: Evaluator, files: Sequence[str] = ()) -> Executor:
        """Starts what evaluations run on.

        Args:
            settings: The search's.
            evaluator: Gives fitness; on the CPU, if it is to be sent to devices.
            files: Python files with genomes and morphisms of the user's own.

        Raises:
            UserError: The evaluator cannot be sent to another process, or there is no such cluster.
        """
        if not self.apart:
            return SerialExecutor(evaluator)
        if self.ray:
            from ..search.executors import RayExecutor

            executor: Executor = RayExecutor(
                evaluator,
                self.ray,
                settings.device,
                settings.threads,
                self.timeout,
                files,
                workers=self.workers if isinstance(self.workers, int) else None,
                per_device=self.per_device if isinstance(self.per_device, int) else ON_A_GPU,
            )
        else:
            from ..search.executors import ProcessExecutor

            places = self.places(settings, evaluator.packs)
            executor = ProcessExecutor(evaluator, places, self.timeout, files)
        if not settings.asynchronous:
            _warn_of_idle_workers(executor.slots, settings.look_ahead)
        return executor


HERE: Machines = Machines()
"""Evaluations run in this process."""


def _warn_of_idle_workers(workers: int, look_ahead: int) -> None:
    if workers == 1 or look_ahead >= 2 * workers:
        return
    busy = (
        f"at most {look_ahead} of {workers} workers are" if look_ahead < workers else "workers will often be"
    )
    state = "busy" if look_ahead < workers else "idle"
    warnings.warn(
        f"with a look-ahead of {look_ahead}, {busy} {state}: {2 * workers} or more keeps them busy, "
        "and is another search; so is an asynchronous one",
        RuntimeWarning,
        stacklevel=3,
    )


def read_machines(
    workers: Any = None,
    devices: Any = None,
    per_device: Any = None,
    timeout: Any = None,
    ray: Any = None,
    device_memory: Any = None,
) -> Machines:
    """Checks what a user asks for.

    Args:
        workers: A number, ``auto`` or None.
        devices: Names, in a list or with commas between them, ``all`` for every GPU, or None.
        per_device: A number, ``auto`` or None.
        timeout: Seconds or None.
        ray: An address, ``local`` or None.
        device_memory: Bytes, a text such as ``8GB``, or None.

    Raises:
        UserError: Something is none of these, a device is not here, or only an import asks for processes.
    """
    number = isinstance(workers, int) and not isinstance(workers, bool) and workers >= 0
    if isinstance(workers, str) and workers.isdecimal():
        workers, number = int(workers), True
    if not (workers in (None, AUTO) or number):
        raise UserError(f"workers: expected a whole number of at least 0 or auto, got {workers!r}")
    names = read_devices(devices)
    if isinstance(per_device, str) and per_device.isdecimal():
        per_device = int(per_device)
    if per_device is not None:
        counts = isinstance(per_device, int) and not isinstance(per_device, bool) and per_device >= 1
        if not counts and per_device != AUTO:
            raise UserError(f"per_device: expected a whole number of at least 1 or auto, got {per_device!r}")
        if not names and not ray:
            raise UserError("per_device: expected only with devices or ray")
    if names and isinstance(workers, int):
        raise UserError(f"workers: expected none with devices (per_device says how many each), got {workers}")
    if timeout is not None and (
        isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0
    ):
        raise UserError(f"timeout: expected seconds above 0, got {timeout!r}")
    if ray is not None and not isinstance(ray, str):
        raise UserError(f"ray: expected an address or local, got {ray!r}")
    if ray and names:
        raise UserError("devices: expected none with ray, which gives each evaluation its device")
    if workers == 0 and (timeout is not None or ray):
        raise UserError("workers: expected at least 1 with a timeout or ray, got 0")
    memory = None if device_memory is None else read_size(device_memory, "device_memory")
    if memory is not None and per_device in (None, 1):
        raise UserError("device_memory: expected only with devices and per_device above 1")
    machines = Machines(workers, names, per_device or 1, memory, timeout, ray or "")
    if machines.apart:
        check_may_start()
    return machines


def read_devices(
    devices: Any, hint: str = "per_device gives it several workers", several_cpus: bool = False
) -> tuple[str, ...]:
    """Checks devices that a user names.

    Args:
        devices: Names, in a list or with commas between them, ``all`` for every GPU, or None for none.
        hint: What to do instead of naming one twice.
        several_cpus: Whether ``cpu`` may be named more than once.

    Raises:
        UserError: They are none of these, not here, of several kinds, or one is named twice.
    """
    if devices is None:
        return ()
    names = devices.split(",") if isinstance(devices, str) else devices
    if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) for name in names):
        raise UserError(f"devices: expected names such as cuda:0,cuda:1, got {devices!r}")
    from ..training import all_devices, choose_device

    names = [name.strip() for name in names]
    found = all_devices() if names == ["all"] else [choose_device(name) for name in names]
    for name in found:
        if found.count(name) > 1 and not (several_cpus and name == "cpu"):
            raise UserError(f"devices: {name} is named twice; {hint}")
    if len({name.partition(":")[0] for name in found}) > 1:
        raise UserError(f"devices: expected one kind, for results differ between them, got {','.join(found)}")
    return tuple(found)
