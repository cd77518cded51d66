"""The committed lock holds what jars.in asks for, with checksums, and mixes no versions in a set."""

import re

from local_stack.jars import LOCK_FILE, SETS, locked


def test_every_asked_for_module_is_locked():
    asked = [
        tuple(line.split()[:2])
        for line in LOCK_FILE.with_suffix(".in").read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    known = {(jar.set_name, ":".join(jar.module)) for name in SETS for jar in locked(name)}
    assert set(asked) <= known


def test_checksums_are_sha256_and_names_are_unique_in_a_set():
    for name in SETS:
        jars = locked(name)
        assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in jars)
        assert len({jar.name for jar in jars}) == len(jars)


def test_each_class_path_has_its_own_kafka_clients():
    revisions = {name: next(j.revision for j in locked(name) if j.name == "kafka-clients") for name in SETS}
    assert revisions == {"kafka": "4.3.1", "spark": "3.9.1"}
