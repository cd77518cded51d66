"""Every image is pinned, small in rights, and made from the locks."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / "deploy/docker").glob("*.Dockerfile"))
BASE = re.compile(r"ARG BASE=(\S+:\S+@sha256:[0-9a-f]{64})")
LINE = re.compile(r"^(FROM|USER|HEALTHCHECK|ENTRYPOINT|COPY|RUN|ADD|ENV)\b(.*)", re.MULTILINE)


def text_of(file: Path) -> str:
    """A Dockerfile with continued lines joined."""
    return re.sub(r"\\\n", " ", file.read_text())


def lines(file: Path, word: str) -> list[str]:
    return [rest.strip() for name, rest in LINE.findall(text_of(file)) if name == word]


def test_there_is_one_for_services_spark_dbt_and_airflow() -> None:
    assert [file.name.partition(".")[0] for file in FILES] == ["airflow", "dbt", "service", "spark"]


def test_all_stand_on_one_base_pinned_by_digest() -> None:
    found = {match for file in FILES for match in BASE.findall(text_of(file))}
    assert len(found) == 1
    assert "python:3.11" in found.pop()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_stage_stands_on_the_base_or_on_another_stage(file: Path) -> None:
    stages = [line.split() for line in lines(file, "FROM")]
    assert len(stages) >= 2, "what builds must not be in the image"
    named = {"${BASE}"}
    for image, word, name in stages:
        assert image in named
        assert word == "AS"
        named.add(name)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_image_runs_as_a_number_that_is_not_root(file: Path) -> None:
    last_stage = re.split(r"(?m)^FROM ", text_of(file))[-1]
    (user,) = re.findall(r"(?m)^USER (\S+)", last_stage)
    account, group = user.split(":")
    assert int(account) >= 10_000
    assert int(group) >= 10_000
    assert "USER" not in last_stage.split(f"USER {user}")[1]


@pytest.mark.parametrize(
    ("name", "state"),
    [("spark", "TAPELINE_STATE_DIR=/var/lib/tapeline"), ("airflow", "TAPELINE_HOME=/var/lib/tapeline")],
)
def test_who_asks_for_its_user_runs_as_an_account_with_a_home(name: str, state: str) -> None:
    """Of a number alone Java finds no home directory and Airflow no name: neither starts."""
    (file,) = [file for file in FILES if file.name == f"{name}.Dockerfile"]
    last_stage = re.split(r"(?m)^FROM ", text_of(file))[-1]
    assert re.search(r"useradd --uid 10001 --gid 10001 --home-dir /var/lib/tapeline\b", last_stage)
    assert state in last_stage


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_packages_are_checked_against_hashes(file: Path) -> None:
    for run in lines(file, "RUN"):
        for install in re.findall(r"pip install [^&]*", run):
            ours = "--no-deps" in install  # packages of this repository have no hash of their own
            assert ours or "--require-hashes" in install, install


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_nothing_is_fetched_past_the_locks_and_no_secret_is_built_in(file: Path) -> None:
    text = text_of(file)
    assert lines(file, "ADD") == []
    assert not re.search(r":latest\b|\bcurl\b|\bwget\b", text)
    assert not re.search(r"(?i)(ARG|ENV)\s+\S*(password|secret|token|api_key)\S*=", text)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_is_copied_is_in_the_build_context(file: Path) -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for copy in lines(file, "COPY"):
        if copy.startswith("--from="):
            continue
        for source in copy.split()[:-1]:
            assert (ROOT / source).exists(), f"{source} is not here"
            assert source == "." or any(source == one or source.startswith(f"{one}/") for one in allowed)


@pytest.mark.parametrize(
    "file", [file for file in FILES if file.name != "dbt.Dockerfile"], ids=lambda file: file.name
)
def test_what_keeps_running_has_a_health_check(file: Path) -> None:
    assert len(lines(file, "HEALTHCHECK")) == 1
