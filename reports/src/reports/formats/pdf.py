"""A document as PDF, set by Typst from a template and the document's view."""

import datetime as dt
import json
from functools import cache
from importlib.resources import files

import typst

from reports.core.document import Document
from reports.formats.view import view


def to_pdf(document: Document) -> bytes:
    """The bytes of a PDF file, with the known-at as its time of creation and the fonts of the wheel only."""
    made: bytes = typst.compile(
        _template(),
        sys_inputs={"report": json.dumps(view(document))},
        ignore_system_fonts=True,
        timestamp=document.known_at.astimezone(dt.UTC).replace(microsecond=0),
        format="pdf",
    )
    return made


@cache
def _template() -> bytes:
    return files("reports").joinpath("templates/report.typ").read_bytes()
