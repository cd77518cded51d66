"""Why a number changed: sequential full recomputation, one component after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from quant.result import Missing, Result

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class ExplainStep(Generic[S]):
    """A component of the state: `take(state, after)` is the state with this component as it is afterwards."""

    name: str
    take: Callable[[S, S], S]


@dataclass(frozen=True, slots=True)
class ChangePart:
    """What one component changed, given the components before it."""

    name: str
    amount: float


@dataclass(frozen=True, slots=True)
class ExplainedChange:
    """before + the parts + remainder = after. The parts stand in the order of computation."""

    before: float
    after: float
    parts: tuple[ChangePart, ...]
    remainder: float

    @property
    def change(self) -> float:
        """after - before."""
        return self.after - self.before


def explain_change(
    before: S,
    after: S,
    steps: Sequence[ExplainStep[S]],
    measure: Callable[[S], Result[float]],
) -> Result[ExplainedChange]:
    """Take a state from before to after, component by component, and measure it in full after each.

    Inputs: both states; the steps in their declared order; the measure.
    Output: the change of the measure per step. The parts telescope, so nothing is shared out by a formula;
    the remainder is what no step takes over, and rounding.
    Edge cases: no steps put the whole change in the remainder. Another order gives other parts, which is why
    it is declared.
    Errors: the Missing of the first state that has no measure, with the step's name.
    Source: docs/reference/measures/explain.md.
    """
    first = measure(before)
    if isinstance(first, Missing):
        return Missing(first.reason, f"before: {first.message}")
    state, level = before, first
    parts: list[ChangePart] = []
    for step in steps:
        state = step.take(state, after)
        found = measure(state)
        if isinstance(found, Missing):
            return Missing(found.reason, f"after {step.name}: {found.message}")
        parts.append(ChangePart(step.name, found - level))
        level = found
    last = measure(after)
    if isinstance(last, Missing):
        return Missing(last.reason, f"after: {last.message}")
    remainder = last - first - sum(part.amount for part in parts)
    return ExplainedChange(first, last, tuple(parts), remainder)
