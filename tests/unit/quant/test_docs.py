"""docs/reference/measures.md and its pages are complete and their examples come out as printed."""

import doctest
import re
from pathlib import Path
from typing import get_args

import pytest

import quant

REFERENCE = Path(__file__).parents[3] / "docs/reference"
PAGE = (REFERENCE / "measures.md").read_text()
PAGES = {path.name: path.read_text() for path in sorted((REFERENCE / "measures").glob("*.md"))}
LIMITS = (REFERENCE / "limits.md").read_text()
EVERYTHING = "\n".join([PAGE, LIMITS, *PAGES.values()])


def run_examples(name: str, page: str) -> int:
    """How many examples the page has; fails when one comes out differently. A page is one session."""
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    example = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, name, None, None)
    report: list[str] = []
    failed, attempted = doctest.DocTestRunner().run(example, out=report.append)
    assert failed == 0, "".join(report)
    return attempted


def test_examples() -> None:
    assert run_examples("measures.md", PAGE) > 20


def test_examples_of_the_limits() -> None:
    assert run_examples("limits.md", LIMITS) > 10


@pytest.mark.parametrize("name", PAGES)
def test_examples_of_a_page(name: str) -> None:
    assert run_examples(name, PAGES[name]) > 0


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_linked(name: str) -> None:
    assert f"(measures/{name})" in PAGE


@pytest.mark.parametrize("name", quant.__all__)
def test_every_public_name_is_explained(name: str) -> None:
    assert re.search(rf"\b{name}\b", EVERYTHING)


@pytest.mark.parametrize("measure", quant.MEASURES, ids=lambda row: row.name)
def test_every_measure_stands_in_the_table_with_its_parameters(measure: quant.Measure) -> None:
    (row,) = re.findall(rf"^\| `{measure.name}` \|.*$", PAGE, re.MULTILINE)
    assert measure.unit in row
    if measure.name == "expected_shortfall":
        return  # its row points at the row above
    assert all(name in row and value in row for name, value in measure.parameters.items())


def test_every_reason_is_explained() -> None:
    assert all(f"`{reason}`" in PAGE for reason in get_args(quant.Reason))
