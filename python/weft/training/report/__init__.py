"""A report of a run as one HTML file, written while training, or afterwards from what loggers have written."""

from __future__ import annotations

from weft.training.report.html_report import HTMLReport
from weft.training.report.reading import make_report, read_runs

__all__ = ["HTMLReport", "make_report", "read_runs"]
