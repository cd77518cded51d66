"""`tapeline load`: reference data and history from files."""

from tapeline_cli.load.files import FileProblems as FileProblems
from tapeline_cli.load.loading import LoadResult as LoadResult
from tapeline_cli.load.loading import load_files as load_files
