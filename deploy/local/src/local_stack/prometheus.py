"""Prometheus beside the stack: scrapes every service and evaluates the rules of deploy/prometheus."""

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import httpx

from local_stack.ports import LOOPBACK

PROMETHEUS = "prometheus"
HOW_TO_INSTALL = (
    "Prometheus is not installed; Debian, Ubuntu: apt-get install --no-install-recommends prometheus"
)
GATEWAY = "api-gateway"
_INTERVAL = "5s"
_KEPT = "15d"


class PrometheusServer:
    """One server with its data in `directory`; where the program is missing, `binary` is None."""

    def __init__(self, directory: Path, rules_dir: Path, port: int) -> None:
        self.binary = shutil.which("prometheus")
        self._directory = directory
        self._rules_dir = rules_dir
        self._port = port

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    def command(self) -> list[str]:
        return [
            self.binary or "prometheus",
            f"--config.file={self._config_file}",
            f"--storage.tsdb.path={self._directory / 'data'}",
            f"--storage.tsdb.retention.time={_KEPT}",
            f"--web.listen-address={LOOPBACK}:{self._port}",
            "--log.level=warn",
        ]

    def configure(self, services: Iterable[str], ports: Mapping[str, int], key_file: Path) -> bool:
        """Write what to scrape; returns whether that has changed, so that a running server must restart."""
        text = configuration(services, ports, self._rules_dir, key_file)
        if self._config_file.is_file() and self._config_file.read_text() == text:
            return False
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._config_file.write_text(text)
        return True

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    @property
    def _config_file(self) -> Path:
        return self._directory / "prometheus.yaml"


def configuration(services: Iterable[str], ports: Mapping[str, int], rules_dir: Path, key_file: Path) -> str:
    """The configuration file: JSON, which is YAML. Each service is a job of its own name."""
    scrapes = [
        {
            "job_name": name,
            "static_configs": [{"targets": [f"{LOOPBACK}:{ports[name]}"]}],
            # The gateway shows nothing without the key; the file is read again at every scrape.
            **({"authorization": {"credentials_file": str(key_file)}} if name == GATEWAY else {}),
        }
        for name in services
    ]
    content = {
        "global": {"scrape_interval": _INTERVAL, "evaluation_interval": _INTERVAL},
        "rule_files": [str(rules_dir / "*.yaml")],
        "scrape_configs": scrapes,
    }
    return json.dumps(content, indent=2) + "\n"
