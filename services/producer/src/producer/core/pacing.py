"""When an event is due: feed time against elapsed time."""

import math
from dataclasses import dataclass

MAX_SPEED = math.inf
FOREVER_US = 2**62


@dataclass(frozen=True)
class Pace:
    """Feed time runs `speed` times as fast as ours, from `start_us` on."""

    start_us: int
    speed: float = 1.0

    def feed_time_us(self, elapsed_s: float) -> int:
        """Feed time after `elapsed_s` of our time; at maximal speed everything is due."""
        if self.speed == MAX_SPEED:
            return FOREVER_US
        return self.start_us + math.floor(elapsed_s * self.speed * 1e6)

    def wait_s(self, due_us: int, elapsed_s: float) -> float:
        """Our seconds until an event is due; 0 when it is due already."""
        return max(0.0, (due_us - self.feed_time_us(elapsed_s)) / 1e6 / self.speed)


def parse_speed(text: str) -> float:
    """`1`, `1x`, `0.5`, `60x` or `max`; ValueError names the text."""
    if text == "max":
        return MAX_SPEED
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = math.nan
    if not (0 < speed < MAX_SPEED):
        raise ValueError(f"speed was {text!r}: give a number above zero such as 1, 0.5 or 60x, or max")
    return speed
