"""What the risk service reads from its environment, besides the common settings."""

from pydantic import Field

from chassis.settings import ServiceSettings
from measuring.settings import MeasuringSettings


class RiskSettings(ServiceSettings, MeasuringSettings):
    """Every field is read from `TAPELINE_<NAME>`."""

    risk_interval_ms: int = Field(
        default=100, ge=0, description="least time between two reports of one portfolio"
    )
    history_poll_s: float = Field(
        default=5.0, gt=0, description="how often daily history is looked at for changes"
    )
    limits_poll_s: float = Field(
        default=1.0, gt=0, description="how often limits and actions on them are looked at for changes"
    )
    instance_id: str = Field(
        default="", description="name in the consumer group, kept over restarts; host name if empty"
    )
