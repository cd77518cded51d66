"""The names of the steps of an end of day, for those who only read what was tried.

ops.run also holds failures of what a scheduler runs beside it, such as `intraday.check-bars` and
`end_of_day.deadline`: they are told there, and are no step that an end of day could still do.
"""

CHAIN_STEPS = (
    "wait",
    "closes",
    "corporate-actions",
    "revalue",
    "pnl",
    "risk",
    "limits",
    "challenger",
    "warehouse",
    "reports",
    "compact",
)
