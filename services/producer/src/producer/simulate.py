"""Runs the simulated market."""

from chassis import metrics
from chassis.bus import Output
from chassis.clock import Clock, from_us, to_us
from chassis.health import Health, serve_health
from chassis.kafka import Publisher, new_consumer, new_producer
from chassis.logs import get_logger
from chassis.offsets import end_offsets
from chassis.shutdown import StopSignal
from contracts import RawTick, topics
from contracts.codec import encode
from producer.adapters.calibration import load_market
from producer.core.closing_prints import closing_prints
from producer.core.market import Market
from producer.core.pacing import Pace
from producer.core.sessions import sessions
from producer.core.simulator import SimulationPlan, Simulator
from producer.handlers import SimulatorFeed
from producer.loop import Sent, run
from producer.settings import ProducerSettings

VERSION = "0.1.0"
CATCH_UP_S = 10.0
log = get_logger(__name__)


def simulate(
    settings: ProducerSettings,
    clock: Clock,
    stop: StopSignal,
    *,
    seconds: float | None = None,
    speed: float = 1.0,
) -> Sent:
    """Send the simulated market until stopped, or until `seconds` of it are through."""
    market = chosen_market(settings)
    start_us = to_us(settings.start_or(clock.now()))
    feed = build_feed(settings, market, start_us, seconds)
    health = Health("broker")
    metrics.BUILD_INFO.labels(service="producer", version=VERSION).set(1)
    server = serve_health(health, settings.http_host, settings.http_port)
    log.info("simulating", rate=settings.rate, seed=settings.seed, symbols=len(market.instruments))

    def on_turn(sent: Sent) -> None:
        health.beat()
        if sent.total:
            health.ready("broker")

    try:
        publisher = Publisher(new_producer(settings.kafka, "producer"))
        if settings.closing_prints and is_empty(settings.kafka):
            prints = closing_prints(market, from_us(start_us), f"close-before-{start_us}")
            publisher.wait(publisher.send_all(output_of(one) for one in prints))
        sent = run(feed, Pace(start_us, speed), publisher, clock, stop, on_turn)
    finally:
        server.shutdown()
    log.info("stopped", sent=sent.total, seconds=round(sent.seconds, 3))
    return sent


def is_empty(bootstrap: str) -> bool:
    """Whether no tick was ever sent here: what traded before must not be added to a market that did trade."""
    consumer = new_consumer(bootstrap, "producer")
    try:
        return not any(end_offsets(consumer, topics.TICKS_RAW.name).values())
    finally:
        consumer.close()


def output_of(tick: RawTick) -> Output:
    return Output(topics.TICKS_RAW.name, encode(tick), tick.symbol.encode())


def chosen_market(settings: ProducerSettings) -> Market:
    market = load_market(settings.calibration)
    symbols = [symbol.strip() for symbol in settings.symbols.split(",") if symbol.strip()]
    return market.only(symbols) if symbols else market


def build_feed(
    settings: ProducerSettings, market: Market, start_us: int, seconds: float | None = None
) -> SimulatorFeed:
    """The feed that the settings describe; with a given start nothing is left out, so it can be repeated."""
    plan = SimulationPlan(
        seed=settings.seed, start_us=start_us, rate=settings.rate, volatility=settings.volatility
    )
    return SimulatorFeed(
        Simulator(market, plan, sessions(settings.session)),
        settings.faults(),
        settings.seed,
        end_us=None if seconds is None else start_us + round(seconds * 1e6),
        catch_up_s=CATCH_UP_S if settings.start is None else None,
    )
