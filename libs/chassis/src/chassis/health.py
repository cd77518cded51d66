"""Readiness, liveness and metrics over HTTP, in a thread beside the service's loop."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis import metrics

Route = Callable[[bytes], tuple[int, bytes]]
MAX_BODY_BYTES = 1 << 20


class Health:
    """What the service knows about itself.

    Ready means every named dependency answered; alive means the loop turned within `max_silence_s`.
    """

    def __init__(self, *dependencies: str, max_silence_s: float = 60.0) -> None:
        self._missing: dict[str, str] = dict.fromkeys(dependencies, "starting")
        self._max_silence_s = max_silence_s
        self._last_beat = time.monotonic()
        self._lock = threading.Lock()
        metrics.READY.set(not self._missing)

    def ready(self, dependency: str) -> None:
        """The dependency works."""
        with self._lock:
            self._missing.pop(dependency, None)
            metrics.READY.set(not self._missing)

    def not_ready(self, dependency: str, why: str) -> None:
        """The dependency does not work; `why` is shown to the operator."""
        with self._lock:
            self._missing[dependency] = why
            metrics.READY.set(0)

    def beat(self) -> None:
        """The loop turned."""
        self._last_beat = time.monotonic()

    def missing(self) -> dict[str, str]:
        """Dependencies that do not work yet, each with the reason."""
        with self._lock:
            return dict(self._missing)

    def is_alive(self) -> bool:
        return time.monotonic() - self._last_beat < self._max_silence_s


def serve_health(
    health: Health, host: str, port: int, routes: dict[tuple[str, str], Route] | None = None
) -> ThreadingHTTPServer:
    """Serve /healthz, /readyz, /metrics and the extra routes; the port is `server.server_address[1]`.

    Routes put into `routes` later are served from then on.
    """
    extra = {} if routes is None else routes
    own: dict[tuple[str, str], Route] = {
        ("GET", "/healthz"): lambda _: _answer(health.is_alive(), {"alive": health.is_alive()}),
        ("GET", "/readyz"): lambda _: _answer(not health.missing(), {"missing": health.missing()}),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._send(200, generate_latest(), CONTENT_TYPE_LATEST)
            else:
                self._route("GET")

        def do_POST(self) -> None:
            self._route("POST")

        def _route(self, method: str) -> None:
            asked = (method, self.path.split("?", 1)[0])
            route = own.get(asked) or extra.get(asked)
            length = int(self.headers.get("Content-Length") or 0)
            if route is None:
                self._send(404, b'{"detail": "no such page"}')
            elif length > MAX_BODY_BYTES:
                self._send(413, b'{"detail": "body too large"}')
            else:
                self._send(*route(self.rfile.read(length)))

        def _send(self, status: int, body: bytes, content_type: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Probes come every few seconds; they are not news."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server


def _answer(good: bool, body: dict[str, object]) -> tuple[int, bytes]:
    return (200 if good else 503), json.dumps(body).encode()
