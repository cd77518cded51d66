"""Writes a report in every format: `render.py DSN NAME DATE KNOWN_AT DIRECTORY`.

Run as a process of its own, with a time zone and a seed of hashes that are not those of the test.
"""

import datetime as dt
import sys
from pathlib import Path

from reports.catalog import FORMATS, make_report
from store.database import READER, Database


def main(dsn: str, name: str, date: str, known_at: str, target: str) -> None:
    day, moment = dt.date.fromisoformat(date), dt.datetime.fromisoformat(known_at)
    with Database(dsn, max_size=1, role=READER) as database:
        report = database.run(make_report(database.pool, name, day, known_at=moment))
    for form in FORMATS:
        (Path(target) / form).write_bytes(report.rendered(form))


if __name__ == "__main__":
    main(*sys.argv[1:])
