"""Several candidates at a time in one process of a device.

Kernels of separate processes take turns on a GPU; those of one process's streams run side by side. So a
device has one process with a thread for each candidate. The threads let candidates begin while their memory
fits (`evonas.training.room`). What ends the process ends all of them: the one at fault has failed, or all run
again, each by itself, where it cannot be told which one it was.
"""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import Pipe
from typing import Any

from pebble import ProcessExpired, ProcessPool

from ..evaluation import reason_of
from .endings import how_it_ended
from .hidden_main import HiddenMainContext
from .reports import read_report
from .slots import Ended, EndedTask, Slot, Task, never_began
from .verdicts import too_late
from .worker import Began, Equipment, Ready, Reported, begin_sharing, serve


class PackedSlot(Slot):
    """A device whose one process works on several candidates at a time.

    Args:
        name: The device's.
        equipment: What its process begins with.
        ended: Called from a thread of its own when a task has ended.
        timeout: Seconds from when a candidate is let in, after which it has failed; None for no limit. The
            process is ended then, and the other candidates run again.
        capacity: Candidates at a time, at most.
        memory: Bytes that they may take together; None for what the device has.
    """

    def __init__(
        self,
        name: str,
        equipment: Equipment,
        ended: EndedTask,
        timeout: float | None,
        capacity: int,
        memory: int | None,
    ) -> None:
        super().__init__(name, equipment, ended)
        self.capacity = capacity
        self._timeout = timeout
        self._memory = memory
        self._session: _Session | None = None
        self._deaths = 0

    def _begin(self, task: Task) -> None:
        while self._session is None or not self._session.begin(task):
            # Known before its process is started: whatever interrupts that, `stop` and `join` end it.
            self._session = _Session(self, self.equipment, self.capacity, self._memory, self._timeout)
            self._session.start()

    def ended(self, task: Task, ended: Ended) -> None:
        """Hands on how a task ended."""
        if ended.result is not None:
            self._deaths = 0
        self._ended(self, task, ended)

    def died_idle(self, how: str) -> Ended:
        """What becomes of all tasks of a process that died before it was ready."""
        self._deaths += 1
        return never_began(self._deaths, how)

    def stop(self) -> None:
        if self._session is not None:
            self._session.stop()

    def join(self) -> None:
        if self._session is not None:
            self._session.join()


class _Session:
    """One process of a device, from its start to its end.

    pebble starts it, notices its end and says how it ended; jobs and results cross by a pipe.
    """

    def __init__(
        self,
        slot: PackedSlot,
        equipment: Equipment,
        capacity: int,
        memory: int | None,
        timeout: float | None,
    ) -> None:
        self._slot = slot
        self._over = False
        self._stopping = False
        self._stopped = False
        self._timeout = timeout
        self._lock = threading.Lock()
        self._pool_lock = threading.Lock()
        self._running: dict[int, Task] = {}
        self._timers: dict[int, threading.Timer] = {}
        self._late: set[int] = set()
        self._fatal: tuple[int, str] | None = None
        self._process: int | None = None
        self._connection, self._theirs = Pipe()
        self._pool = ProcessPool(
            1, 0, begin_sharing, (equipment, self._theirs, capacity, memory), HiddenMainContext()
        )
        self._future: Future[None] | None = None
        self._reader = threading.Thread(target=self._read, daemon=True)

    def start(self) -> None:
        """Starts the process."""
        self._future = self._pool.schedule(serve)
        self._theirs.close()  # the process has its own by now, whose end shows here
        self._reader.start()

    def begin(self, task: Task) -> bool:
        """Hands a task over, unless the process has ended."""
        with self._lock:
            if self._over:
                return False
            self._running[task.number] = task
        with suppress(OSError):  # the process has just ended: the reader finds the task among those that ran
            self._connection.send_bytes(task.number.to_bytes(8) + task.content)
        return True

    def stop(self) -> None:
        self._stopping = True
        self._pool.stop()  # type: ignore[no-untyped-call]

    def join(self) -> None:
        self._close_pool()
        if self._reader.ident is not None:  # it was started
            self._reader.join()

    def _close_pool(self) -> None:
        with self._pool_lock:  # of two threads one does it, and the other waits
            if not self._stopped:
                self._stopped = True
                self._pool.stop()  # type: ignore[no-untyped-call]
                self._pool.join()

    # -- in the reader's thread --------------------------------------------------------------------

    def _read(self) -> None:
        trouble = ""
        try:
            self._listen()
        except Exception as error:  # nobody would hear of it in this thread, and the search would wait
            trouble = f"could not be listened to: {reason_of(error)}"
            self._close_pool()
        self._end(trouble)

    def _listen(self) -> None:
        """Hears what the process says, to its end."""
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                return
            self._hear(message)

    def _hear(self, message: Any) -> None:
        if isinstance(message, Ready):
            self._process = message.process
        elif isinstance(message, Began):
            self._watch(message.number)
        elif isinstance(message, Reported):
            try:
                report = read_report(message.content)
                ended = Ended(report.read())
            except Exception as error:  # which the search is to raise
                ended = Ended(error=error)
            else:
                if report.fatal:
                    self._fatal = message.number, report.result.reason
                    self._kill()
                    return
            self._finish(message.number, ended)

    def _finish(self, number: int, ended: Ended) -> None:
        with self._lock:
            task = self._running.pop(number, None)
            timer = self._timers.pop(number, None)
        if timer is not None:
            timer.cancel()
        if task is not None:
            self._slot.ended(task, ended)

    def _watch(self, number: int) -> None:
        """Counts a candidate's time from when it was let in."""
        if self._timeout is None:
            return
        timer = threading.Timer(self._timeout, self._too_late, (number,))
        timer.daemon = True
        with self._lock:
            self._timers[number] = timer
        timer.start()

    def _too_late(self, number: int) -> None:
        with self._lock:
            if number not in self._running:
                return
            self._late.add(number)
        self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.kill(self._process, signal.SIGKILL)

    def _end(self, trouble: str) -> None:
        """The process has ended: says what becomes of the candidates that it worked on.

        Args:
            trouble: What was wrong with what it said, if anything.
        """
        how = trouble or ("was ended" if self._stopping else self._how())
        with self._lock:
            self._over = True
            left, timers = dict(self._running), list(self._timers.values())
            self._running.clear()
        for timer in timers:
            timer.cancel()
        idle = self._slot.died_idle(how) if self._process is None and left else None
        for number, task in left.items():
            self._slot.ended(task, idle or self._verdict(number, how, company=len(left) > 1))
        self._close_pool()
        self._connection.close()

    def _how(self) -> str:
        try:
            if self._future is not None:
                self._future.result(timeout=30)
        except ProcessExpired as error:
            return how_it_ended(error.exitcode)
        except (BrokenProcessPool, CancelledError, TimeoutError) as error:
            return f"was lost ({type(error).__name__})"
        except Exception as error:  # what `serve` itself raised
            return f"gave up: {error}"
        return how_it_ended(0)

    def _verdict(self, number: int, how: str, company: bool) -> Ended:
        if number in self._late:
            return Ended(too_late(self._timeout or 0.0))
        if self._fatal is not None and self._fatal[0] == number:
            return Ended(fault=f"had to be ended: {self._fatal[1]}", alone=True)
        if self._late or self._fatal is not None:
            return Ended(again=True)
        return Ended(fault=f"{how}, with other candidates in it" if company else how, alone=True)
