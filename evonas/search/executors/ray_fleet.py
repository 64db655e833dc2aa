"""The workers of one search on a Ray cluster: as many as have room, and sometimes one that is alone."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from .parcel import JobSent
from .ray_cluster import Cluster, Demand
from .ray_weights import RayWeights
from .ray_worker import RayWorker, Site
from .usage import Meter, SlotUse

PULSE = 2.0
"""Seconds between two looks at the cluster."""

PATIENCE = 60.0
"""Seconds for which room for one candidate alone is waited for, where others than this search have it."""

FAREWELL = 5.0
"""Seconds for which workers may tidy up at the end."""


@dataclass
class Task:
    """A job on its way.

    Attributes:
        number: The candidate's.
        sent: As it crosses, without weights.
        weights: Those that it starts with.
        deaths: Workers and nodes that died over it.
        short: How often it was out of memory.
        alone: Whether it is to have a whole node's cores or a whole GPU.
        since: When it was handed over.
        waited: Seconds until it began.
        begun: Whether it did, be it in vain.
    """

    number: int
    sent: JobSent
    weights: RayWeights
    since: float
    waited: float = 0.0
    deaths: int = 0
    short: int = 0
    alone: bool = False
    begun: bool = False


@dataclass(eq=False)
class Slot:
    """A worker on the cluster: wanted, ready or at work.

    Attributes:
        actor: Ray's handle.
        awaited: Ray's reference to what it is doing; None while it waits for work.
        alone: Whether it asks for all that a candidate can have.
        site: Where it is; None until it is ready.
        task: What it works on.
        since: When it was wanted.
        meter: How busy its seat is, in which others may have been before.
    """

    actor: Any
    awaited: Any
    alone: bool
    meter: Meter
    site: Site | None = None
    task: Task | None = None
    since: float = 0.0


class Fleet:
    """Starts workers and lets them go.

    Args:
        cluster: Where.
        demand: What each asks for.
        most: At most so many, which may wait for nodes to come; None for as many as have room.
        arguments: Of `RayWorker`.
    """

    def __init__(
        self, cluster: Cluster, demand: Demand, most: int | None, arguments: tuple[Any, ...]
    ) -> None:
        self.slots: list[Slot] = []
        self._seats: list[Meter] = []  # a worker that dies leaves its seat to another
        self._nodes: dict[str, dict[str, float]] = {}
        self._cluster = cluster
        self._demand = demand
        self._most = most
        self._arguments = arguments
        self.look()

    @property
    def room(self) -> int:
        """How many workers there may be."""
        if self._most is not None:
            return self._most
        return sum(self._demand.fit(resources) for resources in self._nodes.values())

    def look(self) -> None:
        """Sees which nodes there are now.

        Raises:
            UserError: The cluster is gone.
        """
        if self._cluster.answers():  # else Ray would ask it for a minute
            self._nodes = self._cluster.nodes()
        self._looked = time.monotonic()

    def lives(self, node: str) -> bool:
        """Whether a node was there at the last look."""
        return node in self._nodes

    def wait(self) -> list[Slot]:
        """Waits for workers that have something to say, for a moment."""
        awaited = {slot.awaited: slot for slot in self.slots if slot.awaited is not None}
        ended: list[Any] = []
        if awaited:
            ended = self._cluster.wait(list(awaited), 1, PULSE)
        else:
            time.sleep(0.1)  # no node has room just now
        if time.monotonic() - self._looked > PULSE:
            self.look()
        return [awaited[reference] for reference in ended]

    def idle(self) -> list[Slot]:
        """Those that are ready and have nothing to do, the lone one not among them."""
        return [slot for slot in self.slots if slot.awaited is None and not slot.alone]

    def grow(self, waiting: int) -> None:
        """Starts workers for so many jobs that wait, if there is room and none is to be alone."""
        if self.lone() is None:
            starting = sum(slot.site is None for slot in self.slots)
            for _ in range(min(self.room - len(self.slots), waiting - starting)):
                self._start(self._demand)

    def drop(self, slot: Slot) -> None:
        """Lets a worker go that does nothing, has not begun or has died."""
        self.slots.remove(slot)
        if slot.site is None:
            self._cluster.ray.kill(slot.actor)
        else:
            slot.actor.close.remote()  # with the last handle, the actor goes afterwards

    def close(self) -> None:
        """Lets all go, which tidy up if they can."""
        if not self._cluster.lost:
            ready = [slot.actor.close.remote() for slot in self.slots if slot.site is not None]
            if ready:
                self._cluster.wait(ready, len(ready), FAREWELL)
            for slot in self.slots:
                self._cluster.ray.kill(slot.actor)
        self.slots.clear()

    def _start(self, demand: Demand, alone: bool = False) -> None:
        options = {**demand.options(), "max_concurrency": 2}  # it is told to close while it works
        actor = self._cluster.ray.remote(**options)(RayWorker).remote(*self._arguments)
        self.slots.append(Slot(actor, actor.begin.remote(), alone, self._seat(), since=time.monotonic()))

    def _seat(self) -> Meter:
        """One that is free."""
        taken = {id(slot.meter) for slot in self.slots}
        free = next((seat for seat in self._seats if id(seat) not in taken), None)
        if free is None:
            free = Meter()
            self._seats.append(free)
        return free

    def uses(self) -> tuple[SlotUse, ...]:
        """How busy the seats were."""
        return tuple(seat.use(f"Ray worker {number}") for number, seat in enumerate(self._seats, start=1))

    # -- one alone ---------------------------------------------------------------------------------

    def lone(self) -> Slot | None:
        """The worker that is alone, where there is one."""
        return next((slot for slot in self.slots if slot.alone), None)

    def start_alone(self) -> bool:
        """Starts a worker with a whole node's cores or a whole GPU; False where each has that already."""
        node = self._roomiest()
        if self._demand.fit(self._nodes.get(node, {})) <= 1:
            return False
        for slot in [slot for slot in self.slots if slot.site is None]:
            self.drop(slot)  # which would take the room
        self._start(self._demand.alone(self._nodes[node]), alone=True)
        return True

    def make_room(self, lone: Slot) -> bool:
        """Lets idle workers go where the lone one is to be; False if others than this search stay there."""
        node = self._roomiest()
        for slot in [slot for slot in self.slots if slot.site is not None and slot.site.node == node]:
            if slot.task is None:
                self.drop(slot)
            else:
                lone.since = time.monotonic()  # it is waited for
        return time.monotonic() - lone.since < PATIENCE

    def _roomiest(self) -> str:
        return max(self._nodes, key=lambda node: self._demand.fit(self._nodes[node]), default="")
