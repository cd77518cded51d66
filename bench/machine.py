"""The machine and the versions a number belongs to."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
import psutil

PACKAGES = (
    "confluent-kafka",
    "msgspec",
    "numpy",
    "polars",
    "pyspark",
    "fastapi",
    "granian",
    "faust-streaming",
)
WATCHED_S = 3.0


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where something was measured."""

    processor: str
    cores: int
    memory_gb: int
    system: str
    python: str
    packages: dict[str, str]

    def describe(self) -> str:
        versions = ", ".join(f"{name} {number}" for name, number in self.packages.items())
        return (
            f"{self.processor}, {self.cores} cores, {self.memory_gb} GB, {self.system}; "
            f"Python {self.python}, {versions}"
        )


def this_machine() -> Machine:
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=round(psutil.virtual_memory().total / 2**30),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        packages={name: number for name in PACKAGES if (number := _version(name))},
    )


def busy_share() -> float:
    """Share of the processors that is in use now, over some seconds: what would disturb a measurement."""
    return psutil.cpu_percent(interval=WATCHED_S) / 100


class StolenTime:
    """Processor time that the host gave to other machines since this object was made, as a share of all."""

    def __init__(self) -> None:
        self._begin = psutil.cpu_times()

    def share(self) -> float:
        """0 where the system does not tell."""
        now = psutil.cpu_times()
        spent = sum(now) - sum(self._begin)
        stolen = getattr(now, "steal", 0.0) - getattr(self._begin, "steal", 0.0)
        return stolen / spent if spent > 0 else 0.0


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
