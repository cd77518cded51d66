"""docs/reference/measures.md is complete and its examples come out as printed."""

import doctest
import re
from pathlib import Path
from typing import get_args

import pytest

import quant

PAGE = (Path(__file__).parents[3] / "docs/reference/measures.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_examples() -> None:
    # One session for the whole page: later examples use what earlier ones made.
    example = doctest.DocTestParser().get_doctest("\n".join(BLOCKS), {}, "measures.md", None, None)
    report: list[str] = []
    failed, attempted = doctest.DocTestRunner().run(example, out=report.append)
    assert failed == 0, "".join(report)
    assert attempted > 50


@pytest.mark.parametrize("name", quant.__all__)
def test_every_public_name_is_explained(name: str) -> None:
    assert re.search(rf"\b{name}\b", PAGE)


@pytest.mark.parametrize("measure", quant.MEASURES, ids=lambda row: row.name)
def test_every_measure_stands_in_the_table_with_its_parameters(measure: quant.Measure) -> None:
    (row,) = re.findall(rf"^\| `{measure.name}` \|.*$", PAGE, re.MULTILINE)
    assert measure.unit in row
    if measure.name == "expected_shortfall":
        return  # its row points at the row above
    assert all(name in row and value in row for name, value in measure.parameters.items())


def test_every_reason_is_explained() -> None:
    assert all(f"`{reason}`" in PAGE for reason in get_args(quant.Reason))
