"""Charts as SVG: bars over dates, bars by name. Small enough to be drawn here, the same bytes every time."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from reports.core import figures

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 84, 12, 12, 24
ROW, LABEL = 24, 150
FONT = "font-family='Helvetica, Arial, Libertinus Serif, sans-serif' font-size='11'"
GAIN, LOSS, LINE, GRID, TEXT = "#2f6f4f", "#b3382c", "#1f3a5f", "#d5d9de", "#333333"


@dataclass(frozen=True, slots=True)
class NamedBar:
    """One bar with its value as text, and the interval around its end where one is known."""

    label: str
    value: float
    text: str
    lower: float | None = None
    upper: float | None = None


def over_dates(dates: Sequence[dt.date], bars: Sequence[float], line: Sequence[float], label: str) -> str:
    """One bar for each date, up or down from zero, and a line over the same scale."""
    low, high = _range([*bars, *line])
    step = (WIDTH - LEFT - RIGHT) / max(len(dates), 1)

    def y(value: float) -> float:
        return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)

    apart = {value for value in (low, high) if abs(y(value) - y(0.0)) > 14}  # else the labels would overlap
    parts = [_level(value, y(value)) for value in sorted({0.0, *apart})]
    for place, value in enumerate(bars):
        top, bottom = min(y(value), y(0.0)), max(y(value), y(0.0))
        x, wide = LEFT + step * (place + 0.15), step * 0.7
        parts.append(_box(x, top, wide, bottom - top, GAIN if value >= 0 else LOSS))
    points = " ".join(f"{LEFT + step * (p + 0.5):.1f},{y(v):.1f}" for p, v in enumerate(line))
    parts.append(f"<polyline points='{points}' fill='none' stroke='{LINE}' stroke-width='2'/>")
    for place in sorted({0, len(dates) // 2, len(dates) - 1} if dates else set()):
        parts.append(_text(LEFT + step * (place + 0.5), HEIGHT - 8, f"{dates[place]:%d %b}", "middle"))
    return _svg(HEIGHT, label, parts)


def by_name(bars: Sequence[NamedBar], label: str) -> str:
    """Bars side by side below each other from a common zero, with their intervals as whiskers."""
    found = [v for bar in bars for v in (bar.value, bar.lower, bar.upper) if v is not None]
    low, high = _range(found)
    right = WIDTH - 110

    def x(value: float) -> float:
        return LABEL + (value - low) / (high - low) * (right - LABEL)

    height = ROW * len(bars) + 8
    zero = f"<line x1='{x(0):.1f}' x2='{x(0):.1f}' y1='4' y2='{height - 4}' stroke='{TEXT}'/>"
    parts: list[str] = []
    for place, bar in enumerate(bars):
        middle = 4 + ROW * (place + 0.5)
        start, end = sorted((x(0.0), x(bar.value)))
        parts.append(_text(LABEL - 8, middle + 4, bar.label[:24], "end"))
        parts.append(_box(start, middle - 7, end - start, 14, LINE if bar.value >= 0 else LOSS))
        parts.extend(_whisker(bar, x, middle))
        parts.append(_text(WIDTH - 4, middle + 4, bar.text, "end"))
    return _svg(height, label, [*parts, zero])


def _whisker(bar: NamedBar, x: Callable[[float], float], middle: float) -> list[str]:
    if bar.lower is None or bar.upper is None:
        return []
    ends = [x(bar.lower), x(bar.upper)]
    across = f"<line x1='{ends[0]:.1f}' x2='{ends[1]:.1f}' y1='{middle:.1f}' y2='{middle:.1f}'"
    caps = (f"<line x1='{e:.1f}' x2='{e:.1f}' y1='{middle - 4:.1f}' y2='{middle + 4:.1f}'" for e in ends)
    return [f"{one} stroke='#e08e2b' stroke-width='2'/>" for one in (across, *caps)]


def _range(values: Sequence[float]) -> tuple[float, float]:
    """From the lowest to the highest, zero included, never empty."""
    low, high = min([0.0, *values]), max([0.0, *values])
    return (low, high) if high > low else (0.0, 1.0)


def _level(value: float, y: float) -> str:
    grid = f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{y:.1f}' y2='{y:.1f}' stroke='{GRID}'/>"
    return grid + _text(LEFT - 6, y + 4, figures.number(value), "end")


def _box(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}' fill='{colour}'/>"


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='{TEXT}'>{escape(text)}</text>"


def _svg(height: float, label: str, parts: Sequence[str]) -> str:
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' {FONT} role='img'"
    return f"{head} aria-label='{escape(label, quote=True)}'>{''.join(parts)}</svg>"
