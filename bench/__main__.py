"""`python -m bench` measures everything that exists; `--only NAME` repeats single benchmarks."""

import argparse
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from bench import (
    end_of_day,
    gateway,
    ingestor,
    latency,
    lifecycle,
    report,
    silver,
    stream,
    var_sweep,
    warehouse,
    what_if,
)
from bench.machine import StolenTime, busy_share, this_machine
from bench.rows import Row

# Runs by default: at least five, fewer where one run takes minutes.
BENCHMARKS: dict[str, tuple[Callable[[int], list[Row]], int]] = {
    "ingestor": (ingestor.measure, 5),
    "latency": (latency.measure, 5),
    "var-sweep": (var_sweep.measure, 7),
    "what-if": (what_if.measure, 15),
    "silver": (silver.measure, 5),
    "gateway": (gateway.measure, 5),
    "stream": (stream.measure, 5),
    "end-of-day": (end_of_day.measure, 1),
    "warehouse": (warehouse.measure, 3),
    "lifecycle": (lifecycle.measure, 3),
}


def main() -> None:
    arguments = _arguments()
    # As an exception, so that a stack that was started is stopped.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    machine = this_machine()
    print(machine.describe())
    results = report.load()
    for name in arguments.only or BENCHMARKS:
        work, runs = BENCHMARKS[name]
        busy = busy_share()
        print(f"\n{name}: {arguments.runs or runs} runs, {busy:.0%} busy before the start", flush=True)
        stolen = StolenTime()
        rows = tuple(work(arguments.runs or runs))
        for row in rows:
            print("  " + report.line(row), flush=True)
        results[name] = report.Result(
            benchmark=name,
            measured_on=datetime.now(UTC).date(),
            machine=machine,
            busy_share=busy,
            stolen_share=stolen.share(),
            rows=rows,
        )
        if not arguments.no_report:
            report.save(results)
    if not arguments.no_report:
        print(f"\nwrote {report.RESULTS} and {report.PAGE}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(BENCHMARKS), help="these benchmarks only")
    parser.add_argument("--runs", type=int, help="runs of each, instead of its default")
    parser.add_argument("--no-report", action="store_true", help="print, write no file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
