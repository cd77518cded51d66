"""What the risk service reads from its environment, besides the common settings."""

from pydantic import Field

from chassis.settings import ServiceSettings


class RiskSettings(ServiceSettings):
    """Every field is read from `TAPELINE_<NAME>`."""

    conflate_ms: int = Field(default=100, ge=0, description="least time between two reports of one portfolio")
    history_poll_s: float = Field(
        default=5.0, gt=0, description="how often daily history is looked at for changes"
    )
    limits_poll_s: float = Field(
        default=1.0, gt=0, description="how often limits and actions on them are looked at for changes"
    )
    instance_id: str = Field(
        default="", description="name in the consumer group, kept over restarts; host name if empty"
    )
    benchmark: str = Field(default="SPY", description="symbol whose history beta is measured against")
    pivot_currency: str = Field(default="USD", description="currency through which FX rates are crossed")
