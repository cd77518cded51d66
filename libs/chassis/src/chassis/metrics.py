"""Every Prometheus metric of the platform, named and explained once.

Labels are bounded: topics, partitions, stages, reasons, route templates; never a portfolio or instrument.
"""

from prometheus_client import Counter, Gauge, Histogram

LATENCY_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

BUILD_INFO = Gauge("tapeline_build_info", "Version of the running service; always 1.", ["service", "version"])
READY = Gauge("tapeline_ready", "1 when the process has everything that it needs, else 0.")
STAGE_SECONDS = Histogram(
    "tapeline_stage_seconds", "Time spent in one stage of the loop.", ["stage"], buckets=LATENCY_BUCKETS_S
)
EVENT_LAG_SECONDS = Histogram(
    "tapeline_event_lag_seconds",
    "Our time minus the ingest time of the tick behind an output.",
    ["stage"],
    buckets=LATENCY_BUCKETS_S,
)
WATERMARK_SECONDS = Gauge(
    "tapeline_watermark_seconds", "Market time a stage has reached, Unix seconds.", ["stage"]
)
CONSUMER_LAG_RECORDS = Gauge(
    "tapeline_consumer_lag_records", "Records not yet taken in.", ["group", "topic", "partition"]
)
GROUP_LAG_RECORDS = Gauge(
    "tapeline_group_lag_records", "Records whose effects are not durable yet, by commits.", ["group", "topic"]
)
GROUP_LAG_SECONDS = Gauge(
    "tapeline_group_lag_seconds",
    "How long the oldest record whose effects are not durable has been on its topic.",
    ["group", "topic"],
)

INGEST_MESSAGES = Gauge(
    "tapeline_ingest_messages_total",
    "Raw events taken in since the topic began, by result.",
    ["topic", "partition", "result"],
)
INGEST_LOST = Counter(
    "tapeline_ingest_lost_total",
    "Raw events that retention deleted before they were taken in.",
    ["topic", "partition"],
)
BRONZE_LOST = Gauge(
    "tapeline_bronze_lost_ticks",
    "Ticks that retention deleted before Bronze had them, as found at its last start.",
)
DLQ_RECORDS = Counter("tapeline_dlq_records_total", "Dead letters written.", ["topic", "reason"])
PRODUCED_TICKS = Counter("tapeline_produced_ticks_total", "Raw events sent by the producer.", ["kind"])

BAR_LATE = Counter("tapeline_bar_late_total", "Ticks that came after the live path had closed their window.")
BAR_PROVISIONAL = Counter(
    "tapeline_bar_provisional_total", "Provisional bars compared with the final bar.", ["result"]
)
BARS_PUBLISHED = Counter("tapeline_bars_published_total", "Bars published.", ["status"])
BARS_SET_ASIDE = Counter(
    "tapeline_bars_set_aside_total",
    "Windows without a bar because their ticks have more than one currency.",
    ["path"],
)
JOB_SECONDS = Histogram(
    "tapeline_job_seconds",
    "Duration of a Spark job.",
    ["task"],
    buckets=(0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300),
)
JOB_RUNS = Counter("tapeline_job_runs_total", "Runs of a Spark job by result.", ["task", "result"])

INVALID_RECORDS = Counter(
    "tapeline_invalid_records_total", "Records left out because they break their topic's contract.", ["topic"]
)
LIVE_PRICES = Gauge("tapeline_live_prices", "Symbols that valuation has a price of.")
VALUATIONS_PUBLISHED = Counter(
    "tapeline_valuations_published_total", "Portfolio values published.", ["basis"]
)
POSITIONS = Gauge("tapeline_positions", "Positions that are valued, over all portfolios.")
UNPRICED_POSITIONS = Gauge(
    "tapeline_unpriced_positions", "Positions without price or rate, over all portfolios."
)
STALE_POSITIONS = Gauge(
    "tapeline_stale_positions", "Priced positions older than the limit, over all portfolios."
)
FENCED = Counter(
    "tapeline_fenced_total", "Times this process found that a newer owner had taken over.", ["group"]
)
RESTATEMENTS = Counter(
    "tapeline_restatements_total", "Stored numbers replaced by a later revision.", ["entity"]
)

RISK_REPORTS = Counter("tapeline_risk_reports_total", "Risk reports published.", ["basis"])
RISK_AGE_SECONDS = Gauge(
    "tapeline_risk_age_seconds", "Market time now minus as_of of the oldest portfolio's risk."
)
LIMIT_EVENTS = Counter(
    "tapeline_limit_events_total", "Limit events by kind and new state.", ["kind", "state"]
)
LIMITS = Gauge("tapeline_limits", "Limits by the state they are in.", ["state"])
LIMIT_BREACH_AGE_SECONDS = Gauge(
    "tapeline_limit_breach_age_seconds", "Market time since the oldest open breach began; 0 without one."
)

CHALLENGER_DIVERGENCE_RATIO = Gauge(
    "tapeline_challenger_divergence_ratio",
    "Largest divergence of the second calculation at the newest end of day, as a share of the stored number.",
    ["measure"],
)

EOD_STEP_ENDED_SECONDS = Gauge(
    "tapeline_eod_step_ended_seconds", "When a step of the end of day last succeeded, Unix seconds.", ["step"]
)
EOD_STEPS_FAILED = Gauge(
    "tapeline_eod_steps_failed", "Steps of the newest end of day whose last attempt failed."
)

HTTP_REQUESTS = Counter("tapeline_http_requests_total", "Requests answered.", ["method", "route", "status"])
HTTP_SECONDS = Histogram(
    "tapeline_http_request_seconds", "Time to answer.", ["method", "route"], buckets=LATENCY_BUCKETS_S
)
AUDIT_LOST = Counter("tapeline_audit_entries_lost_total", "Audit entries that only the log has.")
STREAM_CLIENTS = Gauge("tapeline_stream_clients", "Open connections of GET /v1/stream.")
STREAM_DROPPED = Counter(
    "tapeline_stream_dropped_total", "Stream connections ended by the gateway.", ["reason"]
)
