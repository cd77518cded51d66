"""Reads tick files."""

from pathlib import Path

import polars as pl

from producer.core.replay import FileError


def read_rows(path: Path) -> pl.DataFrame:
    """The file's columns; CSV stays text, so that no digit is lost. FileError says what is wrong."""
    if not path.is_file():
        raise FileError(f"{path}: there is no such file")
    readers = {".parquet": pl.read_parquet, ".csv": lambda file: pl.read_csv(file, infer_schema=False)}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise FileError(f"{path}: give a .parquet or a .csv file")
    try:
        return reader(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise FileError(f"{path}: cannot be read as {path.suffix[1:]}: {error}") from error
