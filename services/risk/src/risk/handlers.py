"""Valuations in, reports and rows out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chassis.bus import Output
from contracts import LimitEvent, RiskReport, Valuation, topics
from contracts.codec import encode
from measuring.core.definitions import LimitBooks
from risk.core.state import RiskState

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Effects:
    """What one turn leaves behind: messages to publish, in order, the reports and limit events to store.

    Limit events are stored before anything is published: whoever sees a report finds its limits judged.
    """

    reports: list[RiskReport]
    stored: list[RiskReport]
    limit_events: list[LimitEvent] = field(default_factory=list[LimitEvent])

    def outputs(self) -> list[Output]:
        return [
            *(
                Output(topics.RISK.name, encode(report), report.portfolio_id.encode())
                for report in self.reports
            ),
            *to_outputs(self.limit_events),
        ]


class RiskHandler:
    """Computes reports; decides which are stored and in which order they are published."""

    def __init__(self, state: RiskState) -> None:
        self.state = state
        self._stored_minute: dict[str, int] = {}

    def handle(self, valuations: Sequence[Valuation], recorded_at: datetime) -> Effects:
        """Reports of these valuations.

        The topic is compacted by portfolio, so the last message of a portfolio must be its live one: official
        reports go first, then the newest live one known, also of a portfolio that got only official ones now.
        A live valuation older than one already seen (a repeat after a restart) is not computed.
        """
        for valuation in valuations:
            self.state.remember(valuation)
        official = [valuation for valuation in valuations if valuation.basis == "bar"]
        live = self.state.newest_live(sorted({valuation.portfolio_id for valuation in valuations}))
        reports = [self.state.report(valuation, recorded_at) for valuation in (*official, *live)]
        events: list[LimitEvent] = []
        for valuation, report in zip(live, reports[len(official) :], strict=True):
            events += self.state.limits.evaluate(valuation, report, self.state.factors, recorded_at)
        events += self.state.limits.pass_time(recorded_at)
        return Effects(reports, [report for report in reports if self._is_stored(report)], events)

    def take_limits(self, books: LimitBooks, recorded_at: datetime) -> Effects:
        """Judge the newest values by changed definitions and raises."""
        self.state.limits.replace(books)
        return Effects([], [], self.state.limits.evaluate_again(self.state.factors, recorded_at))

    def _is_stored(self, report: RiskReport) -> bool:
        """Official reports always; of live ones the first of each minute of market time."""
        if report.basis == "bar":
            return True
        minute = int(report.as_of.timestamp()) // MINUTE_S
        if minute <= self._stored_minute.get(report.portfolio_id, -1):
            return False
        self._stored_minute[report.portfolio_id] = minute
        return True


def to_outputs(events: Sequence[LimitEvent]) -> list[Output]:
    """Limit events as messages."""
    topic = topics.LIMIT_EVENTS
    return [Output(topic.name, encode(event), topic.key_of(event)) for event in events]
