"""How often somebody may ask: a token bucket per name."""

_KEPT = 10_000


class TokenBuckets:
    """Each name has a bucket of `burst` tokens that fills by `per_s` a second; a request takes one."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s, self._burst = per_s, burst
        self._levels: dict[str, tuple[float, float]] = {}

    def wait_s(self, name: str, now_s: float) -> float:
        """Take a token; 0 when there was one, else the seconds until there is one."""
        level, then_s = self._levels.get(name, (float(self._burst), now_s))
        level = min(float(self._burst), level + max(0.0, now_s - then_s) * self._per_s)
        waits_s = 0.0 if level >= 1 else (1 - level) / self._per_s
        if name not in self._levels and len(self._levels) >= _KEPT:
            self._forget_full(now_s)
        self._levels[name] = (level if waits_s else level - 1, now_s)
        return waits_s

    def _forget_full(self, now_s: float) -> None:
        """A bucket that nobody took from for long is full, as a new one is."""
        full_after_s = self._burst / self._per_s
        self._levels = {name: kept for name, kept in self._levels.items() if now_s - kept[1] < full_after_s}
