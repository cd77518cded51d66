"""Real trade dates moved in time, so that one stack can take in several."""

from pathlib import Path

import polars as pl


def shifted_day(ticks: Path, days: int, directory: Path) -> Path:
    """A copy of a tick file `days` later (earlier when negative); its name, and so its source, is its own."""
    path = directory / f"{ticks.stem}-{'minus' if days < 0 else 'plus'}-{abs(days)}.parquet"
    pl.read_parquet(ticks).with_columns(pl.col("ts_event").dt.offset_by(f"{days}d")).write_parquet(path)
    return path
