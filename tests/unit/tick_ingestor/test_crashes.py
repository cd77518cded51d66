"""kill -9 at any point: nothing is lost, nothing is counted twice, decisions stay what they were.

A model of the bus: a raw log with two partitions, a ticks log whose partitions each took a prefix of what was
sent, a log of dead letters, and committed offsets with their metadata. A crash may come between any two
steps; then a new ingestor is built from the logs as `adapters.recovery` does it.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chassis.bus import Output, Record
from chassis.clock import FixedClock
from contracts import Instrument, RejectedTick, Tick, topics
from contracts.codec import decoder, rejected_from_headers
from tick_ingestor.core.counts import PartitionCounts
from tick_ingestor.core.dedupe import RecentIds
from tick_ingestor.core.instruments import InstrumentTable
from tick_ingestor.core.normalise import Normaliser
from tick_ingestor.handlers import Decisions, Ingestor

SYMBOLS = ("AAA", "BBB", "CCC")
RAW_PARTITIONS = (0, 1)
MAX_AHEAD_US = 1_000_000
EVENT_US = 1_700_000_000_000_000


def event(symbol: str, seq: int, second: int) -> bytes:
    return (
        f'{{"symbol":"{symbol}","ts_event":"2023-11-14T22:13:{20 + second}Z","price":1.5,"currency":"USD",'
        f'"exchange":"XNAS","volume":1,"source":"s","seq":{seq}}}'
    ).encode()


def instrument(symbol: str) -> Instrument:
    text = (
        f'{{"symbol":"{symbol}","name":"n","asset_class":"equity","currency":"USD","exchange":"XNAS",'
        '"recorded_at":"2025-01-01T00:00:00Z"}'
    )
    return decoder(Instrument).decode(text.encode())


class CrashingIngestor(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.raw: dict[int, list[Record]] = {partition: [] for partition in RAW_PARTITIONS}
        self.ticks: dict[str, list[Output]] = {symbol: [] for symbol in SYMBOLS}  # one partition per symbol
        self.letters: list[Output] = []
        self.committed = dict.fromkeys(RAW_PARTITIONS, (0, ""))
        self.clock = FixedClock(EVENT_US)
        self.instruments = InstrumentTable()
        self.instruments.apply(instrument("AAA"))
        self.start()

    def start(self) -> None:
        """What adapters.recovery does, on the model's logs."""
        rules = Normaliser(self.instruments, 65_536, MAX_AHEAD_US)
        self.ingestor = Ingestor(rules, RecentIds(10_000), self.clock)
        self.position: dict[int, int] = {}
        for partition, (offset, metadata) in self.committed.items():
            self.ingestor.take_over(partition, offset, metadata)
            self.position[partition] = offset
        for output in (one for log in self.ticks.values() for one in log):
            self.ingestor.restore_tick(as_record(output))
        for output in self.letters:
            self.ingestor.restore_letter(as_record(output))
        self.unsent: dict[str, list[Output]] = {symbol: [] for symbol in SYMBOLS}

    @rule(
        partition=st.sampled_from(RAW_PARTITIONS),
        symbol=st.sampled_from((*SYMBOLS, "not json")),
        seq=st.integers(0, 4),
        second=st.integers(0, 4),
    )
    def send_raw(self, partition: int, symbol: str, seq: int, second: int) -> None:
        log = self.raw[partition]
        value = b"{" if symbol == "not json" else event(symbol, seq, second)
        log.append(Record(topics.TICKS_RAW.name, partition, len(log), None, value, None, len(log)))

    @rule(symbol=st.sampled_from(SYMBOLS))
    def load_instrument(self, symbol: str) -> None:
        self.instruments.apply(instrument(symbol))

    @rule()
    def time_passes(self) -> None:
        self.clock.advance_s(1)

    @rule(
        count=st.integers(1, 5),
        letters_arrive=st.booleans(),
        arriving=st.fixed_dictionaries({symbol: st.integers(0, 5) for symbol in SYMBOLS}),
        commit=st.booleans(),
    )
    def handle(self, count: int, letters_arrive: bool, arriving: dict[str, int], commit: bool) -> None:
        """One batch of the loop; it may be cut off after any of its steps, and then the process is gone."""
        batch = [
            one
            for partition in RAW_PARTITIONS
            for one in self.raw[partition][self.position[partition] :][:count]
        ]
        decisions: Decisions = self.ingestor.handle(batch)
        if decisions.dead_letters:
            if not letters_arrive:
                return self.start()
            self.letters += decisions.dead_letters
        for output in decisions.ticks:
            self.unsent[(output.key or b"").decode()].append(output)
        for record in batch:
            self.position[record.partition] = record.offset + 1
        metadata = {partition: self.ingestor.metadata("", partition) for partition in RAW_PARTITIONS}
        self.deliver(dict.fromkeys(SYMBOLS, 10**9) if commit else arriving)
        if commit:
            self.committed = {
                partition: (self.position[partition], metadata[partition]) for partition in RAW_PARTITIONS
            }
        return None

    def deliver(self, arriving: dict[str, int]) -> None:
        for symbol, count in arriving.items():
            self.ticks[symbol] += self.unsent[symbol][:count]
            del self.unsent[symbol][:count]

    @rule()
    def kill(self) -> None:
        self.start()

    @invariant()
    def everything_is_accounted_for(self) -> None:
        counts = [self.ingestor.counts[partition] for partition in RAW_PARTITIONS]
        assert [one.received for one in counts] == [self.position[one] for one in RAW_PARTITIONS]

    @invariant()
    def no_tick_is_published_twice(self) -> None:
        ids = [published(one).tick_id for log in self.ticks.values() for one in log]
        assert len(ids) == len(set(ids))

    @invariant()
    def raw_offsets_rise_per_raw_and_tick_partition(self) -> None:
        """What Bronze relies on when it drops replays by a high-water mark."""
        for log in self.ticks.values():
            for partition in RAW_PARTITIONS:
                offsets = [one.raw_offset for one in map(published, log) if one.raw_partition == partition]
                assert offsets == sorted(set(offsets))

    @invariant()
    def no_event_has_two_dead_letters(self) -> None:
        places = [(one.partition, one.offset) for one in map(rejected, self.letters)]
        assert len(places) == len(set(places))

    def teardown(self) -> None:
        """In the end all is delivered: topics and counts tell the same story."""
        for _ in range(2):
            self.start()
            self.handle(10_000, letters_arrive=True, arriving={}, commit=True)
            self.no_tick_is_published_twice()
            self.raw_offsets_rise_per_raw_and_tick_partition()
            self.no_event_has_two_dead_letters()
            self.check_totals()

    def check_totals(self) -> None:
        ticks = [published(one) for log in self.ticks.values() for one in log]
        letters = [rejected(one) for one in self.letters]
        for partition in RAW_PARTITIONS:
            stored = PartitionCounts.from_text(self.committed[partition][1])
            assert stored.received == len(self.raw[partition])
            assert stored.accepted == sum(one.raw_partition == partition for one in ticks)
            assert stored.rejected.total() == sum(one.partition == partition for one in letters)


def as_record(output: Output) -> Record:
    return Record(output.topic, 0, 0, output.key, output.value, output.headers, 0)


def published(output: Output) -> Tick:
    return decoder(Tick).decode(output.value or b"")


def rejected(output: Output) -> RejectedTick:
    return rejected_from_headers(output.headers or [])


TestCrashingIngestor = CrashingIngestor.TestCase
TestCrashingIngestor.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
