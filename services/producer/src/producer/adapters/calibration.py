"""Where the simulator's calibration is kept."""

from importlib.resources import files
from pathlib import Path

import msgspec

from producer.core.market import Market

PACKAGED = "calibration.json"


def load_market(path: Path | None = None) -> Market:
    """The calibration in `path`, or the packaged one; ValueError when it is not a calibration."""
    raw = path.read_bytes() if path else (files("producer") / PACKAGED).read_bytes()
    try:
        return msgspec.json.decode(raw, type=Market)
    except msgspec.DecodeError as error:
        raise ValueError(
            f"{path or PACKAGED} is not a calibration ({error}); make one with `python -m producer calibrate`"
        ) from error


def save_market(market: Market, path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(market), indent=1) + b"\n")
