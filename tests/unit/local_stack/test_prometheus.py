"""What Prometheus beside the local stack is told to scrape."""

import json
from pathlib import Path

from local_stack.prometheus import PrometheusServer, configuration

PORTS = {"risk": 21001, "api-gateway": 21002, "producer": 21003}
KEY = Path("/srv/tapeline/api-key")


def server(directory: Path) -> PrometheusServer:
    return PrometheusServer(directory, Path("/rules"), 22000)


def test_each_service_is_a_job_of_its_name_and_only_the_gateway_gets_the_key() -> None:
    content = json.loads(configuration(["risk", "api-gateway"], PORTS, Path("/rules"), KEY))
    assert content["scrape_configs"] == [
        {"job_name": "risk", "static_configs": [{"targets": ["127.0.0.1:21001"]}]},
        {
            "job_name": "api-gateway",
            "static_configs": [{"targets": ["127.0.0.1:21002"]}],
            "authorization": {"credentials_file": str(KEY)},
        },
    ]
    assert content["rule_files"] == ["/rules/*.yaml"]


def test_a_second_configuration_tells_whether_anything_changed(tmp_path: Path) -> None:
    prometheus = server(tmp_path / "prometheus")
    assert prometheus.configure(["risk"], PORTS, KEY)
    assert not prometheus.configure(["risk"], PORTS, KEY)
    assert prometheus.configure(["risk", "producer"], PORTS, KEY)


def test_it_listens_on_loopback_only_and_keeps_its_data_in_the_state_directory(tmp_path: Path) -> None:
    command = server(tmp_path).command()
    assert "--web.listen-address=127.0.0.1:22000" in command
    assert f"--storage.tsdb.path={tmp_path / 'data'}" in command
