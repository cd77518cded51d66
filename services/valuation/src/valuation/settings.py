"""What valuation reads from its environment."""

from pydantic import Field

from chassis.settings import ServiceSettings
from quant import CostMethod


class ValuationSettings(ServiceSettings):
    """Environment of the valuation service; every field is `TAPELINE_<NAME>`."""

    pivot_currency: str = Field(default="USD", description="currency that cross rates go through")
    stale_after_s: float = Field(
        default=900, gt=0, description="age in market time beyond which a price or rate is flagged stale"
    )
    cost_method: CostMethod = Field(
        default="average",
        description="which units a sale takes: average (a share of all) or fifo (oldest first)",
    )
    value_interval_ms: float = Field(
        default=10, ge=0, description="least time between two live values of one portfolio"
    )
    checkpoint_s: float = Field(
        default=1,
        gt=0,
        description="time between two writes of prices, live values and offsets to PostgreSQL",
    )
    bars_quiet_ms: float = Field(
        default=500, ge=0, description="official values are made when no final bar came for so long"
    )
    bars_wait_max_s: float = Field(
        default=10,
        gt=0,
        description="official values are made after so long even when final bars keep coming",
    )
    bar_history_days: float = Field(
        default=7,
        gt=0,
        description="market days of final bars kept in memory; older ones are loaded when needed",
    )
