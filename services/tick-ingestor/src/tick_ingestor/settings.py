"""What the ingestor reads from its environment."""

from pydantic import Field

from chassis.settings import ServiceSettings


class IngestorSettings(ServiceSettings):
    """Each field is TAPELINE_<NAME>; the defaults are good for one machine."""

    max_ahead_ms: int = Field(
        default=1000, ge=0, description="how far ts_event may be ahead of our clock, milliseconds"
    )
    max_message_bytes: int = Field(
        default=65_536, ge=256, description="a raw event with a larger value is refused as message_too_large"
    )
    dedupe_ids: int = Field(
        default=1_000_000,
        ge=2,
        description="most tick ids remembered for de-duplication, about 230 bytes each; "
        "at least the newest half is kept",
    )
    instance_id: str = Field(
        default="", description="name in the consumer group, kept over restarts; host name if empty"
    )
    batch_size: int = Field(default=5000, ge=1, description="most raw events decided on at once")
