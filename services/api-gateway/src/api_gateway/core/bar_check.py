"""Whether final bars say what the provisional ones of their windows said, as far as both came by here."""

from dataclasses import dataclass, field
from datetime import datetime

from contracts import Bar
from contracts.bars import different_fields

KEPT_WINDOWS = 96


@dataclass(slots=True)
class Tally:
    """Bars of one window, or of all: first final bars by their comparison, and later corrections."""

    equal: int = 0
    different: int = 0
    corrected: int = 0

    def count(self, held: Bar | None, final: Bar) -> None:
        """Take in a final bar that comes in the place of `held`."""
        if held is not None and held.status == "provisional":
            if different_fields(held, final):
                self.different += 1
            else:
                self.equal += 1
        if final.revision > 1 and (held is None or held.revision < final.revision):
            self.corrected += 1


@dataclass(slots=True)
class BarCheck:
    """The tally of everything read since the start, and those of the newest windows."""

    total: Tally = field(default_factory=Tally)
    windows: dict[datetime, Tally] = field(default_factory=dict[datetime, Tally])

    def take(self, held: Bar | None, bar: Bar) -> None:
        """`bar` replaces `held` in its window; only final bars are counted."""
        if bar.status != "final":
            return
        self.total.count(held, bar)
        self.windows.setdefault(bar.window_start, Tally()).count(held, bar)
        if len(self.windows) > KEPT_WINDOWS:
            del self.windows[min(self.windows)]
