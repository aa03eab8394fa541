"""Programs: what a function or module does, as a graph with its tensors, in one file that runs without its Python code.

``export`` traces, ``Program`` runs, ``save`` and ``load`` keep programs in files that cannot run code. C++ loads the
same files (``csrc/export/file.h``). docs/export.md is the guide.
"""

from weft._missing import missing_names
from weft.export.dims import Dim
from weft.export.files import load, save
from weft.export.program import ExportGraphSignature, Program
from weft.export.tracing import export

ExportedProgram = Program

__all__ = ["Dim", "ExportGraphSignature", "ExportedProgram", "Program", "export", "load", "save"]

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names("weft.export")
