"""What the producer reads from its environment."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field

from chassis.settings import ServiceSettings
from producer.core.faults import Faults
from producer.core.sessions import SessionRule


class ProducerSettings(ServiceSettings):
    """Settings of the simulator; each is also an option of `python -m producer simulate`."""

    feed: Literal["sim"] = Field(default="sim", description="which feed runs: sim is the simulated market")
    rate: float = Field(default=500.0, description="ticks per second over all symbols")
    seed: int = Field(default=42, description="equal seed, start and rate give equal ticks")
    start: AwareDatetime | None = Field(
        default=None, description="market time of the first tick, with a zone; without it the time is now"
    )
    session: SessionRule = Field(
        default="always", description="exchange: shares only in their XNYS session, currencies 24x5"
    )
    volatility: float = Field(default=1.0, description="factor on the calibrated volatility")
    symbols: str = Field(default="", description="comma-separated; empty for every calibrated symbol")
    calibration: Path | None = Field(
        default=None, description="calibration file; without it the packaged one"
    )
    closing_prints: bool = Field(
        default=False, description="begin an empty platform with the closes of the session before"
    )
    duplicate_share: float = Field(default=0.0, description="share of ticks that are sent twice")
    malformed_share: float = Field(
        default=0.0, description="malformed events in addition, as a share of ticks"
    )
    late_share: float = Field(default=0.0, description="share of ticks that come late")
    late_by_s: float = Field(default=120.0, description="how late at most, in seconds")
    out_of_order_share: float = Field(default=0.0, description="share of ticks that are a little delayed")
    out_of_order_by_s: float = Field(default=0.5, description="how much at most, in seconds")

    def faults(self) -> Faults:
        return Faults(
            duplicate_share=self.duplicate_share,
            malformed_share=self.malformed_share,
            late_share=self.late_share,
            late_by_s=self.late_by_s,
            out_of_order_share=self.out_of_order_share,
            out_of_order_by_s=self.out_of_order_by_s,
        )

    def start_or(self, now: datetime) -> datetime:
        return self.start or now
