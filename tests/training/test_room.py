"""Candidates are let in while their memory fits."""

import threading

from evonas.training.room import LIBRARIES, RECENT, Room

GIB = 2**30


class Visitor(threading.Thread):
    """A candidate that stays until it is told to leave."""

    def __init__(self, room, estimate, measured=None):
        super().__init__(daemon=True)
        self.room, self.estimate, self.measured = room, estimate, measured
        self.inside, self.leave = threading.Event(), threading.Event()
        self.start()

    def run(self):
        with self.room.taken(self.estimate) as lease:
            lease.measured = self.measured
            self.lease = lease
            self.inside.set()
            self.leave.wait(30)

    def end(self):
        self.leave.set()
        self.join(30)


def test_they_wait_until_they_fit_and_in_the_order_of_coming():
    room = Room(10 * GIB)
    first, second = Visitor(room, 4 * GIB), Visitor(room, 4 * GIB)
    assert first.inside.wait(30)
    assert second.inside.wait(30)
    large = Visitor(room, 6 * GIB)
    while not room._queue:
        pass
    small = Visitor(room, 1 * GIB)  # would fit, but the large one came before
    assert not large.inside.wait(0.2)
    assert not small.inside.is_set()
    first.end()
    assert not large.inside.wait(0.2)
    second.end()
    assert large.inside.wait(30)
    assert small.inside.wait(30)
    large.end()
    small.end()


def test_one_that_fits_nowhere_comes_in_when_nobody_else_is_there():
    room = Room(GIB)
    small = Visitor(room, GIB // 2)
    assert small.inside.wait(30)
    large = Visitor(room, 5 * GIB)
    assert not large.inside.wait(0.2)
    small.end()
    assert large.inside.wait(30)
    assert large.lease.alone
    large.end()


def test_what_was_measured_corrects_what_is_set_aside():
    room = Room(10 * GIB)
    assert room.corrected(GIB) == GIB + LIBRARIES
    Visitor(room, GIB, measured=2 * GIB).end()
    assert room.corrected(GIB) == 2 * GIB + LIBRARIES
    for _ in range(RECENT):
        Visitor(room, GIB, measured=GIB // 2).end()
    assert room.corrected(GIB) == GIB // 2 + LIBRARIES


def test_without_a_limit_nobody_waits_and_all_are_told_of():
    told = []
    room = Room(None, lambda: told.append(threading.current_thread()))
    visitors = [Visitor(room, 1 << 60) for _ in range(4)]
    assert all(visitor.inside.wait(30) for visitor in visitors)
    assert {id(thread) for thread in told} == {id(visitor) for visitor in visitors}
    assert not visitors[0].lease.alone
    for visitor in visitors:
        visitor.end()
