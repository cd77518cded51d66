"""Which connections the network policies let through, inside the namespace and across its border."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tests.unit.deployment.manifests import Manifest, named, of_kind, pods, selects

ANY_PORT = "any"
ANYBODY = "anybody"
DIRECTIONS = {"ingress": "from", "egress": "to"}


class Opening(NamedTuple):
    """One pod may connect to, or be reached by, a peer on a port; a peer is a pod or says what it is."""

    pod: str
    peer: str
    port: Any


def labels_of(overlay: str) -> dict[str, dict[str, str]]:
    """Labels of every pod by its name, with those that the operators give to theirs."""
    found = {
        pod["metadata"]["labels"]["app.kubernetes.io/name"]: pod["metadata"]["labels"]
        for _, pod in pods(overlay)
    }
    kafka = {"strimzi.io/cluster": "bus", "strimzi.io/kind": "Kafka"}
    return found | {"kafka": kafka, "database": {"cnpg.io/cluster": "database"}}


def pod_edges(overlay: str, *more: Manifest) -> set[tuple[str, str]]:
    """Who may open a connection to whom: both sides must allow it, on a port in common."""
    out = _between_pods(overlay, "egress", more)
    into = _between_pods(overlay, "ingress", more)
    edges = {
        (source, target)
        for source, target, port in out
        for reached, asking, opened in into
        if (source, target) == (asking, reached)
        and ANY_PORT in (port, opened, ANY_PORT if port == opened else 0)
    }
    return edges - {("kafka", "kafka"), ("database", "database")}


def across_the_border(overlay: str, direction: str, *more: Manifest) -> set[Opening]:
    """What policies open to peers that are not pods of ours; names are asked for by all and left out."""
    pods_of_ours = labels_of(overlay)
    return {
        one
        for one in openings(overlay, direction, more)
        if one.peer not in pods_of_ours and (one.port, direction) != (53, "egress")
    }


def _between_pods(overlay: str, direction: str, more: Iterable[Manifest]) -> set[Opening]:
    """Whoever is open to anybody, or to all addresses, is so to each pod."""
    names = labels_of(overlay)
    return {
        Opening(one.pod, peer, one.port)
        for one in openings(overlay, direction, more)
        for peer in (names if one.peer in (ANYBODY, "0.0.0.0/0") else (one.peer,))
        if peer in names
    }


def openings(overlay: str, direction: str, more: Iterable[Manifest] = ()) -> set[Opening]:
    labels = labels_of(overlay)
    return {
        Opening(own, peer, port)
        for policy in [*of_kind(overlay, "NetworkPolicy"), *more]
        for own in labels
        if selects(policy["spec"]["podSelector"], labels[own])
        for rule in policy["spec"].get(direction, [])
        for peer in _peers(rule.get(DIRECTIONS[direction]), overlay)
        for port in [one.get("port", ANY_PORT) for one in rule.get("ports", [{}])]
    }


def _peers(sides: list[Manifest] | None, overlay: str) -> Iterator[str]:
    """A rule that names nobody is for anybody."""
    if not sides:
        yield ANYBODY
    for side in sides or []:
        if "ipBlock" in side:
            yield side["ipBlock"]["cidr"]
        elif "namespaceSelector" in side:
            yield from _elsewhere(side, overlay)
        else:
            yield from _pods_of_ours(side["podSelector"], overlay)


def _elsewhere(side: Manifest, overlay: str) -> Iterator[str]:
    """Pods of other namespaces by the namespace's labels, and ours where it is among them."""
    wanted = side["namespaceSelector"]
    own = named(overlay, "Namespace", "tapeline")["metadata"]
    if selects(wanted, {**own.get("labels", {}), "kubernetes.io/metadata.name": own["name"]}):
        yield from _pods_of_ours(side.get("podSelector", {}), overlay)
    told = wanted.get("matchLabels", {})
    yield "namespaces " + (" ".join(f"{name}={value}" for name, value in sorted(told.items())) or "all")


def _pods_of_ours(selector: Manifest, overlay: str) -> Iterator[str]:
    return (name for name, labels in labels_of(overlay).items() if selects(selector, labels))
