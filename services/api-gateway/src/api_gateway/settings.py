"""What the gateway reads from its environment."""

from pathlib import Path

from pydantic import Field

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of the gateway; `http_host` and `http_port` are where the API listens."""

    api_key_file: Path = Field(description="file that holds the API key; read again when it changes")
    risk_url: str = Field(description="where the risk service takes analyses, http://host:port")
    bars_lookback_s: float = Field(
        default=3600.0,
        description="how far back bars are read at start; older ones are in the database",
    )
    max_body_bytes: int = Field(default=1 << 20, description="largest request body that is read")
