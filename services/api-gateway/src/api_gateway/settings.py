"""What the gateway reads from its environment."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of the gateway; `http_host` and `http_port` are where the API listens."""

    admin_host: str = Field(
        default="127.0.0.1", description="address where keys are made, listed and revoked, and nowhere else"
    )
    admin_port: int = Field(default=0, description="port of the same; 0 takes a free one")
    api_key_file: Path = Field(
        description="file that holds the platform's own key; read again when it changes"
    )
    key_pepper_file: Path = Field(
        description="file that holds the secret under which all other keys are hashed; changed, they all end"
    )
    risk_url: str = Field(description="where the risk service takes analyses, http://host:port")
    bars_lookback_s: float = Field(
        default=3600.0,
        description="how far back bars are read at start; older ones are in the database",
    )
    max_body_bytes: int = Field(default=1 << 20, description="largest request body that is read")
    https: bool = Field(
        default=False,
        description="whether browsers come by https, as where TLS ends in front of the gateway: "
        "session cookies are sent by nothing else, and browsers told so",
    )
    requests_per_s: float = Field(default=100.0, gt=0, description="requests a key or session may make")
    burst_requests: int = Field(default=500, ge=1, description="requests it may make at once after a pause")
    audit_reads: bool = Field(
        default=False, description="whether reads leave an entry in the audit log too; changes always do"
    )
    jwt_issuer: str = Field(default="", description="whose access tokens are taken; empty: nobody's")
    jwt_audience: str = Field(default="", description="for whom access tokens must be meant")
    jwt_keys: str = Field(default="", description="keys of the issuer: a JWKS file, or its https address")

    @model_validator(mode="after")
    def _tokens_are_pinned(self) -> Self:
        if self.jwt_issuer and not (self.jwt_audience and self.jwt_keys):
            raise ValueError("TAPELINE_JWT_ISSUER needs TAPELINE_JWT_AUDIENCE and TAPELINE_JWT_KEYS")
        if "://" in self.jwt_keys and not self.jwt_keys.startswith("https://"):
            raise ValueError("TAPELINE_JWT_KEYS must be a file or an https address")
        return self
