"""`python -m producer [simulate]` sends a simulated market, `python -m producer replay FILE` a file."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from chassis.clock import SystemClock, to_us
from chassis.kafka import PublishError
from chassis.logs import configure_logging
from chassis.shutdown import StopSignal
from producer import progress
from producer.core.faults import Faults
from producer.core.pacing import parse_speed
from producer.core.replay import Selection
from producer.replay import ReplayRequest, replay

app = typer.Typer(add_completion=False, no_args_is_help=False, pretty_exceptions_enable=False)

Kafka = Annotated[str, typer.Option(envvar="TAPELINE_KAFKA", help="bootstrap servers, host:port")]
Speed = Annotated[str, typer.Option(help="1, 0.5, 60x or max")]
Share = Annotated[float | None, typer.Option(min=0.0, max=1.0)]
Seconds = Annotated[float | None, typer.Option(min=0.0)]


@app.callback(invoke_without_command=True)
def service(context: typer.Context) -> None:
    """Send raw price events to marketdata.ticks.raw.v1; without a command: simulate."""
    if context.invoked_subcommand is None:
        simulate_command()


@app.command("simulate")
def simulate_command(
    rate: Annotated[float | None, typer.Option(help="ticks per second over all symbols")] = None,
    seed: Annotated[int | None, typer.Option(help="equal seed, start and rate give equal ticks")] = None,
    start: Annotated[str | None, typer.Option(help="market time of the first tick; without it now")] = None,
    session: Annotated[str | None, typer.Option(help="always or exchange")] = None,
    symbols: Annotated[str | None, typer.Option(help="comma-separated")] = None,
    volatility: Annotated[float | None, typer.Option(help="factor on the calibrated volatility")] = None,
    duplicate_share: Share = None,
    malformed_share: Share = None,
    late_share: Share = None,
    late_by_s: Seconds = None,
    out_of_order_share: Share = None,
    out_of_order_by_s: Seconds = None,
    seconds: Annotated[
        float | None, typer.Option(help="market seconds to send; without it until stopped")
    ] = None,
    speed: Speed = "1",
) -> None:
    """Send a simulated market, calibrated from real daily history; options go before TAPELINE_* settings."""
    given = {name: value for name, value in locals().items() if name not in ("seconds", "speed")}
    # Here, since a replay should not wait for exchange calendars, which take a second to import.
    from producer.settings import ProducerSettings
    from producer.simulate import simulate

    settings = ProducerSettings(**{name: value for name, value in given.items() if value is not None})
    configure_logging("producer", settings.log_format, settings.log_level)
    simulate(settings, SystemClock(), StopSignal().listen(), seconds=seconds, speed=parse_speed(speed))


@app.command("replay")
def replay_command(
    file: Annotated[Path, typer.Argument(help="Parquet or CSV file of trades or quotes")],
    kafka: Kafka,
    speed: Speed = "max",
    retime: Annotated[
        str | None, typer.Option(help="now: shift the times so that the first tick is now")
    ] = None,
    source: Annotated[str | None, typer.Option(help="feed name; without it the file's name")] = None,
    zone: Annotated[str | None, typer.Option(help="zone of times that have none, such as UTC")] = None,
    symbols: Annotated[str | None, typer.Option(help="comma-separated")] = None,
    start: Annotated[str | None, typer.Option("--from", help="first time, with a zone")] = None,
    end: Annotated[str | None, typer.Option("--to", help="time at which to stop, with a zone")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="at most so many rows")] = None,
    shuffle_within: Annotated[float, typer.Option(help="delay every tick by up to so many seconds")] = 0.0,
    duplicate_share: Annotated[float, typer.Option(help="share of rows sent twice")] = 0.0,
    malformed_share: Annotated[float, typer.Option(help="malformed events in addition, share of rows")] = 0.0,
    late_share: Annotated[float, typer.Option(help="share of rows that come late")] = 0.0,
    late_by: Annotated[float, typer.Option(help="how late at most, in seconds")] = 120.0,
    seed: Annotated[int, typer.Option(help="equal seeds put the same faults in")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="the summary as JSON")] = False,
) -> None:
    """Send the ticks of a file."""
    if retime not in (None, "now"):
        raise ValueError(f"--retime was {retime!r}: only now is known")
    faults = Faults(
        duplicate_share=duplicate_share,
        malformed_share=malformed_share,
        late_share=late_share,
        late_by_s=late_by,
        out_of_order_share=1 - late_share if shuffle_within else 0.0,
        out_of_order_by_s=shuffle_within,
    )
    selection = Selection(tuple(symbols.split(",")) if symbols else None, _us(start), _us(end), limit)
    request = ReplayRequest(
        file, kafka, parse_speed(speed), retime == "now", source, zone, selection, faults, seed
    )
    with progress.shown(file.name) as on_turn:
        summary = replay(request, SystemClock(), StopSignal().listen(), on_turn)
    typer.echo(json.dumps(summary.as_dict()) if as_json else summary.as_text())


@app.command("calibrate")
def calibrate_command(
    data: Annotated[Path, typer.Option(help="folder with daily/ and demo/")] = Path("data"),
    output: Annotated[Path, typer.Option(help="file to write")] = Path("calibration.json"),
) -> None:
    """Estimate the simulated market from daily history."""
    from producer.adapters.calibration import save_market
    from producer.adapters.history import read_history
    from producer.core.calibration import calibrate

    save_market(calibrate(*read_history(data)), output)
    typer.echo(f"wrote {output}")


def _us(text: str | None) -> int | None:
    """Microseconds since 1970 of a time with a zone."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time was {text!r}: give a zone, such as {text}Z")
    return to_us(moment)


def main() -> None:
    """Expected errors are one line and exit code 2; a broker that is gone is exit code 1."""
    try:
        app()
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        sys.exit(_fail(f"settings are wrong: {problems} (each is an option or TAPELINE_<NAME>)", 2))
    except (ValueError, KeyError) as error:
        sys.exit(_fail(str(error.args[0] if error.args else error), 2))
    except PublishError as error:
        sys.exit(_fail(str(error), 1))


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"error: {message}\n")
    return code


if __name__ == "__main__":
    main()
