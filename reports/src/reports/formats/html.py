"""A document as one HTML file that needs nothing else."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from reports.core.document import Document
from reports.formats.view import view


def to_html(document: Document) -> bytes:
    """UTF-8; styles and charts are inside, nothing is loaded from elsewhere."""
    return _template().render(view(document)).encode()


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")
