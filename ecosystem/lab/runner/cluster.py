"""Jobs on a dask cluster: the extra ``cluster`` (dask.distributed), one machine or many.

A cluster on this machine listens on 127.0.0.1 only. Who can reach a scheduler can run code as you, so a scheduler on
another machine is taken only over TLS (``tls://``, keys as dask's own settings say) or when asked for in so many words.
"""

from __future__ import annotations

import contextlib
import ipaddress
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from ecosystem.kernel.errors import InputError
from ecosystem.lab.processes import processors
from ecosystem.lab.runner.job import Job, Outcome, Work, attempt

LOCAL = "local"
_CONNECT_SECONDS = 10
_TICK = 0.5
_SHAPE = "local, tcp://127.0.0.1:PORT or tls://HOST:PORT"


def check_address(address: str) -> None:
    """Raise InputError for an address that is none, or that is neither on this machine nor protected."""
    if address == LOCAL:
        return
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.scheme not in ("tcp", "tls"):
        raise InputError(f"{address!r} is no address of a scheduler", where="--scheduler", allowed=_SHAPE)
    if parts.scheme == "tls":
        return
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return
    if host != "localhost":
        raise InputError(
            f"{address} is on another machine and unprotected: whoever reaches it can run code as you",
            where="--scheduler", allowed=_SHAPE,
            do="Set up TLS in dask and write tls://, or open an SSH tunnel and name its end on 127.0.0.1",
        )  # fmt: skip


def _bundle(work: Work, jobs: list[Job]) -> list[Outcome]:
    return [attempt(work, job) for job in jobs]


class Cluster:
    """A dask cluster that does jobs.

    Args:
        work: what a worker does with a job.
        address: of a scheduler, or ``local``.
        workers: processes of a local cluster.
    """

    def __init__(self, work: Work, address: str, workers: int | None = None) -> None:
        check_address(address)
        try:
            import distributed
        except ImportError:
            raise InputError("--scheduler needs dask.distributed, which is not installed", where="--scheduler",
                             do="pip install 'innovation-ecosystem-simulator[cluster]', or use --workers or --shard"
                             ) from None  # fmt: skip
        self.work = work
        self._dask = distributed
        self._cluster: Any = None
        if address == LOCAL:
            self._cluster = distributed.LocalCluster(
                n_workers=workers or processors(), threads_per_worker=1, host="127.0.0.1", dashboard_address=None,
                worker_dashboard_address=None, silence_logs="CRITICAL",
            )  # fmt: skip
        try:
            self._client = distributed.Client(self._cluster or address, timeout=_CONNECT_SECONDS)
        except (OSError, TimeoutError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(f"The scheduler does not answer: {reason}", where=f"--scheduler {address}",
                             do="Check that it runs: dask scheduler --host 127.0.0.1") from None  # fmt: skip

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def outcomes(
        self, bundles: Iterable[Iterable[Job]], stopping: Callable[[], bool] = lambda: False
    ) -> Iterator[Outcome]:
        """Do all jobs; give each outcome as it comes.

        A bundle is one task, so that its burn-in is shared; at most two tasks a worker are under way. Where a worker dies,
        the runs of its task are tried again one by one; a run that is alone and kills its workers is failed.
        """
        source = (list(bundle) for bundle in bundles)
        again: deque[list[Job]] = deque()
        under_way: dict[Any, list[Job]] = {}
        while True:
            while not stopping() and len(under_way) < self._window():
                jobs = again.popleft() if again else next(source, None)
                if jobs is None:
                    break
                future = self._client.submit(_bundle, self.work, jobs, pure=False, retries=0)
                under_way[future] = jobs
            if not under_way:
                return
            for future in self._finished(list(under_way)):
                jobs = under_way.pop(future)
                yield from self._settled(future, jobs, again)

    def _window(self) -> int:
        return max(1, 2 * sum(self._client.nthreads().values()))

    def _finished(self, futures: list[Any]) -> list[Any]:
        with contextlib.suppress(TimeoutError):
            self._dask.wait(futures, timeout=_TICK, return_when="FIRST_COMPLETED")
        return [future for future in futures if future.done()]

    def _settled(self, future: Any, jobs: list[Job], again: deque[list[Job]]) -> Iterator[Outcome]:
        try:
            yield from future.result()
        except Exception as error:
            died = isinstance(error, self._dask.scheduler.KilledWorker)
            if died and len(jobs) > 1:
                again.extend([job] for job in jobs)
                return
            words = "The run's worker died again and again" if died else " ".join(str(error).split())[:1000]
            kind = "ProcessDied" if died else type(error).__name__
            for job in jobs:
                yield Outcome(job.id, "failed", error_type=kind, error=words)
