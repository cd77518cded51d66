"""Every setting says what it is for, and every metric is explained."""

import importlib

import pytest
from prometheus_client.metrics import MetricWrapperBase

from chassis import metrics
from chassis.settings import ServiceSettings

PACKAGES = ["producer", "tick_ingestor", "bar_aggregator", "valuation", "risk", "api_gateway"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_setting_is_documented(package: str) -> None:
    module = importlib.import_module(f"{package}.settings")
    settings = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, ServiceSettings) and value is not ServiceSettings
    ]
    assert len(settings) == 1, f"{package}.settings should define one settings class"
    missing = [name for name, field in settings[0].model_fields.items() if not field.description]
    assert missing == []


def test_metrics_are_named_alike_and_explained() -> None:
    for name, metric in vars(metrics).items():
        if isinstance(metric, MetricWrapperBase):
            description = metric.describe()[0]
            assert description.name.startswith("tapeline_"), name
            assert description.documentation.endswith("."), name
