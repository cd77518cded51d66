"""Free ports: probed, remembered, never fixed in the code."""

import random
import socket
from collections.abc import Callable, Iterable, Mapping

from local_stack.errors import StackError

LOOPBACK = "127.0.0.1"
# Below the usual ephemeral range (from 32768 on), so that no outgoing connection takes the port of a service
# while that service restarts.
_LOWEST, _HIGHEST = 20_000, 32_000
_OVERRIDE_PREFIX = "TAPELINE_PORT_"


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(taken: Iterable[int] = (), probe: Callable[[int], bool] = is_free) -> int:
    """A random free port that is not in `taken`."""
    excluded = set(taken)
    for _ in range(1_000):
        port = random.randint(_LOWEST, _HIGHEST)  # noqa: S311 - spreads stacks, guards nothing
        if port not in excluded and probe(port):
            return port
    raise StackError(
        f"no free port between {_LOWEST} and {_HIGHEST}", "end programs that hold ports, see `ss -tlnp`"
    )


def override_name(name: str) -> str:
    """The variable that fixes the port of one component: api-gateway -> TAPELINE_PORT_API_GATEWAY."""
    return _OVERRIDE_PREFIX + name.upper().replace("-", "_")


def choose(
    names: Iterable[str],
    remembered: Mapping[str, int],
    environment: Mapping[str, str],
    probe: Callable[[int], bool] = is_free,
) -> dict[str, int]:
    """A port for each name: the environment's, else the remembered one if still free, else a new one.

    Raises StackError when a port that was asked for is no number or taken.
    """
    wanted = list(names)
    chosen = {
        name: _asked_for(name, environment, probe) for name in wanted if override_name(name) in environment
    }
    for name in wanted:
        if name in chosen:
            continue
        port = remembered.get(name)
        if port is None or port in chosen.values() or not probe(port):
            port = free_port([*chosen.values(), *remembered.values()], probe)
        chosen[name] = port
    return chosen


def _asked_for(name: str, environment: Mapping[str, str], probe: Callable[[int], bool]) -> int:
    variable = override_name(name)
    text = environment[variable]
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise StackError(
            f"{variable} must be a port number, was {text!r}", f"set {variable} to a number or unset it"
        )
    if not probe(int(text)):
        raise StackError(f"port {text} ({variable}) is taken", f"set {variable} to another port or unset it")
    return int(text)
