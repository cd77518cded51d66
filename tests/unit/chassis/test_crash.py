import os
import subprocess
import sys

PROGRAM = (
    "from chassis.crash import crash_point\nfor n in range(3):\n  crash_point('step'); print(n, flush=True)"
)


def run(crash_at: str) -> tuple[int, str]:
    environment = {**os.environ, "CRASH_AT": crash_at}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_the_named_pass_ends_the_process() -> None:
    assert run("step:2") == (137, "0\n")


def test_other_names_go_on() -> None:
    assert run("other:1") == (0, "0\n1\n2\n")
