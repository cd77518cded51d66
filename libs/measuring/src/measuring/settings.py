"""What a measurement depends on besides data: the same for live values and at the close."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class MeasuringSettings(BaseSettings):
    """Every field is read from `TAPELINE_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="TAPELINE_", frozen=True, extra="ignore")

    benchmark: str = Field(default="SPY", description="symbol whose history beta is measured against")
    pivot_currency: str = Field(default="USD", description="currency through which FX rates are crossed")
