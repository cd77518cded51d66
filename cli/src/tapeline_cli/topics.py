"""`tapeline topics`: what is on the bus and how far each consumer is."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import typer
from rich.table import Table

from contracts import Topic, topics
from tapeline_cli.connection import Connection
from tapeline_cli.output import JsonOption, console, print_json
from tapeline_cli.progress import Offsets, Place, groups_of


@dataclass(frozen=True)
class GroupState:
    """One consumer of a topic: records kept that it has not committed; `started` after its first commit."""

    group: str
    lag: int
    started: bool


@dataclass(frozen=True)
class TopicState:
    """One topic: records kept (before compaction) and its consumers."""

    topic: str
    partitions: int
    records: int
    written: int
    groups: list[GroupState]


def register(app: typer.Typer) -> None:
    app.command("topics")(show_topics)


def show_topics(as_json: JsonOption = False) -> None:
    """List the topics with partitions, records and the lag of every consumer."""
    states = topic_states(Offsets(Connection.of_stack().kafka))
    if as_json:
        print_json({"topics": [asdict(state) for state in states]})
        return
    table = Table("topic", "partitions", "records", "consumer", "lag", box=None, pad_edge=False)
    for state in states:
        first, *others = [_cells(group) for group in state.groups] or [("", "")]
        table.add_row(state.topic, str(state.partitions), f"{state.records:,}", *first)
        for cells in others:
            table.add_row("", "", "", *cells)
    console.print(table)


def topic_states(offsets: Offsets) -> list[TopicState]:
    """The state of every topic that has code; declared ones without are left out."""
    return [_state(offsets, topic) for topic in topics.ALL if topic.lifecycle == "live"]


def _state(offsets: Offsets, topic: Topic) -> TopicState:
    beginnings, ends = offsets.beginnings([topic]), offsets.ends([topic])
    written = sum(ends.values())
    return TopicState(
        topic=topic.name,
        partitions=len(ends),
        records=written - sum(beginnings.values()),
        written=written,
        groups=[_group(offsets, group, beginnings, ends) for group in groups_of(topic)],
    )


def _group(offsets: Offsets, group: str, beginnings: dict[Place, int], ends: dict[Place, int]) -> GroupState:
    committed = offsets.committed(group, ends)
    # What retention has deleted is nobody's to take in any more.
    lag = sum(max(0, end - max(committed[place], beginnings[place])) for place, end in ends.items())
    return GroupState(group, lag, any(committed.values()))


def _cells(group: GroupState) -> tuple[str, str]:
    return group.group, f"{group.lag:,}" if group.started or not group.lag else f"{group.lag:,} (not started)"
