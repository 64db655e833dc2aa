"""A connection to a Ray cluster: reaching it, what fits on it, and whether it is still there."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import UserError
from ...files import set_meanwhile

LOCAL = "local"

CONNECT_SECONDS = 5.0
"""How long the head of a cluster may take to say a word."""

LOST_SECONDS = 15.0
"""How long a head may be silent, as while it is started again; Ray itself ends the process after 60."""

QUIET = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else a FutureWarning about tasks without a GPU
    "RAY_USAGE_STATS_ENABLED": "0",  # a search reports to nobody
}

SOCKET_NAME = "/ray/session_2026-01-01_00-00-00_000000_0000000/sockets/plasma_store"
LONGEST_SOCKET = 103
"""Bytes that the path of a Unix socket may have on every system."""

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""What begins a connection of gRPC's (RFC 9113, 3.4): the preface, and a frame of settings, type 4."""

TURN = 0.1
"""Seconds at most until a signal is heard."""


@dataclass(frozen=True)
class Demand:
    """What one worker asks of a node.

    Attributes:
        cpus: Cores.
        gpus: GPUs, or a share of one.
    """

    cpus: float
    gpus: float = 0.0

    @classmethod
    def of(cls, device: str, threads: int, per_device: int) -> Demand:
        """What evaluations on a device ask; Ray counts shares in 1/10,000."""
        if device.startswith("cuda"):
            return cls(1, math.floor(10_000 / per_device) / 10_000)
        return cls(threads)

    def options(self) -> dict[str, float]:
        """The same in Ray's words."""
        return {"num_cpus": self.cpus, "num_gpus": self.gpus}

    def fit(self, resources: Mapping[str, float]) -> int:
        """How many such workers have room on a node with these resources."""
        cpus = int(resources.get("CPU", 0.0) / self.cpus + 1e-9)
        if not self.gpus:
            return cpus
        per_gpu = int(1 / self.gpus + 1e-9)
        return min(cpus, int(resources.get("GPU", 0.0)) * per_gpu)

    def alone(self, resources: Mapping[str, float]) -> Demand:
        """All that such a worker could use of a node."""
        return Demand(self.cpus, 1.0) if self.gpus else Demand(max(self.cpus, resources.get("CPU", 0.0)))

    def __str__(self) -> str:
        cores = f"{self.cpus:g} free core{'s' if self.cpus != 1 else ''}"
        return f"{cores} and a GPU" if self.gpus else cores


class Cluster:
    """Ray, as the user's script has set it up, on a cluster, or started on this machine.

    Args:
        address: Of the cluster's head (``host:port`` or ``auto``), or ``local`` for an instance of its own.
            Where the script has called `ray.init`, that is used whatever the address, and left running.
        cores: Of a local instance.

    Raises:
        UserError: Ray is not installed, or nothing there is a Ray cluster.
    """

    def __init__(self, address: str, cores: int) -> None:
        try:
            import ray
        except ImportError:
            raise UserError("ray: it is not installed: pip install 'evonas[ray]'") from None
        self.ray: Any = ray
        self.lost = False
        self.started = not ray.is_initialized()
        if self.started:
            self._start(address, cores)
            _speak(False)
        context = ray.get_runtime_context()
        self._head: str = context.gcs_address
        self._node: str = context.get_node_id()
        self._raylet = ""
        self._seen = time.monotonic()

    def _start(self, address: str, cores: int) -> None:
        choices: dict[str, Any] = {"address": address}
        if address == LOCAL:
            choices |= {"num_cpus": cores, "include_dashboard": False, **_folder()}
        elif address != "auto":
            _knock(address)
        try:
            with set_meanwhile(QUIET), _handlers():
                self.ray.init(log_to_driver=False, logging_level="error", **choices)
        except SystemExit:  # what Ray makes of the signal that its own compiled part ends the process with
            raise UserError(f"ray {address!r}: the cluster does not answer") from None
        except (ConnectionError, ValueError, OSError, RuntimeError) as error:
            self.ray.shutdown()
            reason = str(error).strip().partition("\n")[0]
            raise UserError(
                f"ray {address!r}: cannot be used from this machine: {reason} "
                "(expected the cluster's host:port, on a machine that belongs to it, auto or local)"
            ) from None

    def nodes(self) -> dict[str, dict[str, float]]:
        """What the living nodes have, by their ids."""
        nodes = {node["NodeID"]: node for node in self.ray.nodes() if node["Alive"]}
        if self._node in nodes:
            node = nodes[self._node]
            self._raylet = f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}"
        return {name: node["Resources"] for name, node in nodes.items()}

    def answers(self) -> bool:
        """Whether the cluster's head and Ray's own process on this machine are there.

        Raises:
            UserError: They have not been for some time; Ray would soon end this process.
        """
        try:
            for address in (self._head, self._raylet):
                if address:
                    _connect(address, 1.0).close()
        except OSError as error:
            here = address == self._raylet and isinstance(error, ConnectionRefusedError)
            if not here and time.monotonic() - self._seen < LOST_SECONDS:
                return False
            self.lost = True
            what = "the cluster's head" if address == self._head else "Ray's own process on this machine"
            raise UserError(
                f"ray: {what} ({address}) is gone; what was finished is kept, and a run folder can be resumed"
            ) from None
        self._seen = time.monotonic()
        return True

    def wait(self, references: list[Any], number: int, seconds: float) -> list[Any]:
        """Waits until so many of them are there, or for so long; which are there.

        It does so in short turns: Ray hears signals once a second only while it waits, and two of them, as of
        somebody who wants to leave at once, would be one.
        """
        end = time.monotonic() + seconds
        while True:
            left = max(0.0, end - time.monotonic())
            ended: list[Any] = self.ray.wait(references, num_returns=number, timeout=min(TURN, left))[0]
            if len(ended) >= number or left <= TURN:
                return ended

    def close(self) -> None:
        """Leaves the cluster, and stops it where it was started here."""
        if self.started:
            self.ray.shutdown()
            _speak(True)


def _speak(aloud: bool) -> None:
    """Whether Ray prints on standard output what happens to nodes; it has no option for that."""
    from ray._private import worker

    worker._worker_logs_enabled = aloud


def _connect(address: str, seconds: float) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), seconds)


def _knock(address: str) -> None:
    """Finds out quickly whether a cluster answers; Ray itself tries for two minutes.

    Raises:
        UserError: The address is none, or nothing there speaks as Ray does.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16 or "/" in host:
        raise UserError(f"ray: expected a cluster's host:port, auto or local, got {address!r}")
    try:
        with _connect(address, CONNECT_SECONDS) as connection:
            if os.environ.get("RAY_USE_TLS", "0") != "0":
                return
            connection.settimeout(CONNECT_SECONDS)
            connection.sendall(_PREFACE)
            answer = connection.recv(9)
    except OSError as error:
        raise UserError(f"ray {address!r}: no cluster answers: {error.strerror or error}") from None
    if answer[3:4] != b"\x04":
        raise UserError(f"ray {address!r}: no cluster answers: what listens there is something else")


def _folder() -> dict[str, str]:
    """Where a local instance keeps its sockets, if Ray's own choice has too long a name for them."""
    folder = os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or "/tmp"
    return {"_temp_dir": "/tmp/ray"} if len(os.fsencode(folder + SOCKET_NAME)) > LONGEST_SOCKET else {}


@contextlib.contextmanager
def _handlers() -> Iterator[None]:
    """Puts the handler of SIGTERM back, which Ray replaces by its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
