"""What every service reads from its environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Settings shared by all services; a service adds its own fields in a subclass.

    Every field is read from `TAPELINE_<NAME>`.
    """

    model_config = SettingsConfigDict(env_prefix="TAPELINE_", frozen=True, extra="ignore")

    kafka: str = Field(description="Kafka bootstrap servers, host:port[,host:port]")
    postgres: str = Field(default="", description="PostgreSQL DSN; only services that store need it")
    http_host: str = Field(default="127.0.0.1", description="address of /healthz, /readyz and /metrics")
    http_port: int = Field(default=0, description="port of the same; 0 takes a free one")
    log_format: Literal["console", "json"] = Field(default="console", description="log line format")
    log_level: str = Field(default="INFO", description="least severe level that is logged")
    state_dir: Path = Field(default=Path(".tapeline/run"), description="private directory of the service")
    otlp_endpoint: str = Field(
        default="",
        pattern=r"^(https?://[^/?#]+.*)?$",
        description="address of the OpenTelemetry collector (OTLP over HTTP) for traces; empty: none",
    )
    trace_sample: float = Field(default=0.01, ge=0, le=1, description="share of batches that is traced")
