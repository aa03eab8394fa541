"""Ops written in C++ (and CUDA), compiled when a program runs.

``load`` compiles sources against the headers that come with Weft, and imports the result:

    cube = weft.utils.cpp_extension.load("cube", ["cube.cpp"])
    y = cube.cube(x)

docs/cpp.md shows such a source.
"""

import concurrent.futures
import fcntl
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from weft import _C, __version__
from weft._missing import missing_names

__getattr__ = missing_names(__name__)

__all__ = ["load", "load_inline", "include_paths", "library_paths", "CppExtension"]

_HOST_FLAGS = ("-std=c++20", "-O3", "-fPIC", "-fvisibility=hidden")
_PYBIND11 = (3, 0)  # the least version
_loaded = {}  # modules by the path of their library


def include_paths():
    """The folders of Weft's headers.

    >>> from pathlib import Path
    >>> from weft.utils import cpp_extension
    >>> any((Path(folder) / "weft" / "weft.h").exists() for folder in cpp_extension.include_paths())
    True
    """
    include = Path(_C.__file__).resolve().parent / "include"
    if (include / "weft" / "weft.h").exists():
        return [str(include), str(include / "weft")]
    from_source = _C._extension_info().get("include")  # Weft runs from its build folder
    if not from_source:
        raise RuntimeError(f"cpp_extension: Weft's headers are missing in {include}; install Weft again")
    return from_source.split(":")


def library_paths():
    """The folder of Weft's library, libweft.so.

    >>> from pathlib import Path
    >>> from weft.utils import cpp_extension
    >>> all((Path(folder) / "libweft.so").exists() for folder in cpp_extension.library_paths())
    True
    """
    return [str(Path(_C._extension_info()["library"]).resolve().parent)]


def load(
    name,
    sources,
    extra_cflags=None,
    extra_cuda_cflags=None,
    extra_ldflags=None,
    extra_include_paths=None,
    build_directory=None,
    verbose=False,
    with_cuda=None,
):
    """Compiles C++ sources into the extension module ``name``, unless that has been done already, and imports it.

    It is compiled again when a source, a header of the program that it includes, a flag, the compiler or Weft has
    changed. Any number of processes may ask for the same module at once: one compiles it.

    sources: a path or several; those that end in .cu, and with ``with_cuda=True`` all, are compiled by nvcc.
    extra_cflags, extra_cuda_cflags, extra_ldflags: lists of flags for the C++ compiler ($CXX, else c++), for nvcc and
    for linking. build_directory: where the module is kept; by default a folder of its own in $WEFT_EXTENSIONS_DIR, else
    in ~/.cache/weft. verbose: print the commands.

    RuntimeError with the compiler's text when it does not compile, or when no compiler is found; ValueError for a name
    that is no identifier; FileNotFoundError for a missing source; ImportError when the module cannot be imported.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"cpp_extension: the name of a module must be an identifier, got {name!r:.60}")
    sources = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    paths = [Path(source).resolve() for source in sources]
    if not paths:
        raise ValueError(f"cpp_extension: {name} has no sources")
    for source, path in zip(sources, paths):
        if not path.is_file():
            raise FileNotFoundError(f"cpp_extension: there is no source {str(source)!r}")
    if with_cuda is None:
        with_cuda = any(path.suffix == ".cu" for path in paths)
    build = _Build(
        name,
        paths,
        _flags("extra_cflags", extra_cflags),
        _flags("extra_cuda_cflags", extra_cuda_cflags),
        _flags("extra_ldflags", extra_ldflags),
        [str(Path(folder).resolve()) for folder in _flags("extra_include_paths", extra_include_paths)],
        with_cuda,
        verbose,
    )
    folder = _folder(name) if build_directory is None else Path(build_directory).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / f"{name}.lock"):
        return _import(name, build.result(folder))


def load_inline(name, cpp_sources, cuda_sources=None, functions=None, **options):
    """Like ``load``, with the sources as strings.

    functions: names of functions in them that the module shall have, in a list, or with their docstrings in a dict.
    Then the sources need neither includes of Weft's headers nor a WEFT_MODULE.

    >>> import weft
    >>> from weft.utils.cpp_extension import load_inline
    >>> source = "weft::Tensor twice(const weft::Tensor& x) { return x + x; }"
    >>> module = load_inline("twice_module", source, functions=["twice"])  # doctest: +SKIP
    >>> module.twice(weft.ones(2))  # doctest: +SKIP
    tensor([2., 2.])
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"cpp_extension: the name of a module must be an identifier, got {name!r:.60}")
    parts = [cpp_sources] if isinstance(cpp_sources, str) else list(cpp_sources)
    if functions is not None:
        if isinstance(functions, str):
            functions = [functions]
        docs = dict(functions) if isinstance(functions, dict) else {function: "" for function in functions}
        for function in docs:
            if not re.fullmatch(r"[A-Za-z_]\w*(::\w+)*", function):
                raise ValueError(f"cpp_extension: {function!r:.60} is not the name of a function")
        lines = [
            f"  m.def({json.dumps(function.rpartition('::')[2])}, &{function}, {json.dumps(doc)});"
            for function, doc in docs.items()
        ]
        parts = [
            "#include <weft/python.h>",
            *parts,
            "WEFT_MODULE(WEFT_EXTENSION_NAME, m) {",
            *lines,
            "}",
        ]
    texts = {f"{name}.cpp": "\n".join(parts) + "\n"}
    if cuda_sources is not None:
        cuda_parts = [cuda_sources] if isinstance(cuda_sources, str) else list(cuda_sources)
        texts[f"{name}_cuda.cu"] = "\n".join(["#include <weft/weft.h>", *cuda_parts]) + "\n"
    given = options.pop("build_directory", None)
    folder = _folder(name) if given is None else Path(given).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    # In a folder named by their contents, so that nobody else changes what is being compiled.
    written = folder / f"{name}-{_digest(json.dumps(texts))}"
    written.mkdir(exist_ok=True)
    for file, text in texts.items():
        _write(written / file, text)
    return load(name, [written / file for file in texts], build_directory=folder, **options)


class _Build:
    """The compilation of one module."""

    def __init__(self, name, sources, cflags, cuda_cflags, ldflags, includes, with_cuda, verbose):
        self.name, self.sources, self.verbose = name, sources, verbose
        self.cflags, self.cuda_cflags, self.ldflags, self.includes = cflags, cuda_cflags, ldflags, includes
        self.compiler = _find_nvcc() if with_cuda else _find_compiler()
        self.with_cuda = with_cuda
        version, pybind11_include = _find_pybind11()
        python_include = sysconfig.get_paths()["include"]
        if not Path(python_include, "Python.h").exists():
            raise RuntimeError(
                f"cpp_extension: Python.h is missing in {python_include}; install Python's headers "
                "(Debian: apt-get install python3-dev)"
            )
        self.system_includes = [*include_paths(), pybind11_include, python_include]
        info = _C._extension_info()
        # All that the module depends on but the program's own headers, of which the compiler tells.
        self.key = _digest(
            json.dumps(
                [
                    name,
                    [(str(path), _digest(path.read_bytes())) for path in sources],
                    [cflags, cuda_cflags, ldflags, includes, os.environ.get("WEFT_CUDA_ARCHITECTURES", "")],
                    [self.compiler, _version_of(self.compiler[0]), self.system_includes, version],
                    [__version__, info["abi"], library_paths(), sys.version, with_cuda],
                ]
            )
        )

    def result(self, folder):
        """The path of the module, which is built if need be. Called with the folder's lock held."""
        record = folder / f"{self.name}.json"
        try:
            known = json.loads(record.read_text())
            library = folder / known["library"]
            if known["key"] == self.key and library.exists() and known["headers"] == _digests(known["headers"]):
                return library
        except (OSError, ValueError, KeyError, TypeError):  # never built, or by another version of this file
            pass
        with tempfile.TemporaryDirectory(prefix=f"{self.name}-", dir=folder) as work:
            built, headers = self._compile(Path(work))
            headers = _digests(headers)
            # A name that was never used: what runs in other processes stays as it is.
            suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
            library = folder / f"{self.name}-{_digest(json.dumps([self.key, headers]))}{suffix}"
            os.replace(built, library)
        _write(record, json.dumps({"key": self.key, "library": library.name, "headers": headers}))
        for old in folder.glob(f"{self.name}-*{suffix}"):
            if old != library:
                old.unlink(missing_ok=True)
        return library

    def _compile(self, work):
        objects = [work / f"{i}.o" for i in range(len(self.sources))]
        commands = [self._compile_command(source, o) for source, o in zip(self.sources, objects)]
        with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            list(pool.map(self._run, commands))
        (folder,) = library_paths()
        built = work / "module.so"
        link = [
            "-shared",
            *map(str, objects),
            "-o",
            str(built),
            f"-L{folder}",
            "-lweft",
            "-Xlinker",
            f"-rpath={folder}",
        ]
        self._run([*self.compiler, *link, *self.ldflags])
        headers = set()
        for o in objects:
            # "0.o: /a/source.cpp /a/header.h \"; the system's headers, Weft's among them, are not there
            text = o.with_suffix(".d").read_text().replace("\\\n", " ").partition(":")[2]
            names = re.findall(r"(?:\\ |\S)+", text)
            headers |= {os.path.realpath(name.replace("\\ ", " ")) for name in names}
        system = tuple(os.path.realpath(path) + os.sep for path in self.system_includes)
        own = headers - set(map(str, self.sources))
        return built, sorted(path for path in own if not path.startswith(system))

    def _compile_command(self, source, target):
        is_cuda = source.suffix == ".cu"
        flags = ["-c", str(source), "-o", str(target), "-MMD", "-MF", str(target.with_suffix(".d"))]
        flags += [f"-DWEFT_EXTENSION_NAME={self.name}", *(f"-I{path}" for path in self.includes)]
        for path in self.system_includes:
            flags += ["-isystem", path]
        host = [*_HOST_FLAGS, *self.cflags]
        if not self.with_cuda:
            return [*self.compiler, *flags, *host]
        passed = [word for flag in host[1:] if not flag.startswith("-O") for word in ("-Xcompiler", flag)]
        architectures = os.environ.get("WEFT_CUDA_ARCHITECTURES", "90").split(";")
        for architecture in architectures:
            number = architecture.partition("-")[0]
            code = f"sm_{number}" if architecture.endswith("-real") else f"[sm_{number},compute_{number}]"
            passed.append(f"-gencode=arch=compute_{number},code={code}")
        return [*self.compiler, *flags, "-std=c++20", "-O3", *passed, *(self.cuda_cflags if is_cuda else [])]

    def _run(self, command):
        if self.verbose:
            print(shlex.join(command), flush=True)
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        if self.verbose and done.stdout:
            print(done.stdout, flush=True)
        if done.returncode != 0:
            raise RuntimeError(
                f"cpp_extension: building {self.name} failed with status {done.returncode}\n"
                f"{shlex.join(command)}\n{done.stdout}"
            )


def _flags(what, flags):
    if flags is None:
        return []
    if isinstance(flags, str | os.PathLike):
        raise TypeError(f"cpp_extension: {what} must be a list, got {flags!r:.60}")
    return [os.fspath(flag) for flag in flags]


def _find_compiler():
    wanted = shlex.split(os.environ.get("CXX", ""))
    for words in [wanted] if wanted else [["c++"], ["g++"], ["clang++"]]:
        path = shutil.which(words[0])
        if path:
            return [path, *words[1:]]
    told = f"$CXX names {wanted[0]!r}, which is not there" if wanted else "there is none of c++, g++, clang++"
    raise RuntimeError(
        f"cpp_extension: no C++ compiler was found: {told}; install g++ 11 or newer (Debian: apt-get install g++), "
        "or name one in $CXX"
    )


def _find_nvcc():
    home = os.environ.get("CUDA_HOME")
    path = shutil.which(os.path.join(home, "bin", "nvcc") if home else "nvcc")
    if not path:
        raise RuntimeError(
            "cpp_extension: nvcc was not found, which .cu sources need; install the CUDA toolkit 13, or name its "
            "folder in $CUDA_HOME"
        )
    # The compiler that it calls; parts of $CXX such as ccache are left out.
    wanted = shlex.split(os.environ.get("CXX", ""))
    return [path, "-ccbin", wanted[-1]] if wanted else [path]


def _find_pybind11():
    """Its version and the folder of its headers."""
    least = ".".join(map(str, _PYBIND11))
    try:
        import pybind11
    except ImportError:
        raise ImportError(
            f'cpp_extension: pybind11 is needed to build extensions; pip install "pybind11>={least}"'
        ) from None
    if pybind11.version_info[:2] < _PYBIND11:
        raise ImportError(
            f"cpp_extension: pybind11 {pybind11.__version__} is too old to build extensions; "
            f'pip install --upgrade "pybind11>={least}"'
        )
    return pybind11.__version__, pybind11.get_include()


def _version_of(compiler):
    done = subprocess.run([compiler, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout


def _folder(name):
    base = os.environ.get("WEFT_EXTENSIONS_DIR")
    if not base:
        base = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "weft", "extensions")
    abi = _C._extension_info()["abi"]
    return Path(base).resolve() / f"{sys.implementation.cache_tag}-{abi}" / name


def _digest(data):
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()[:16]


def _digests(paths):
    return {path: _digest(Path(path).read_bytes()) for path in paths}


def _write(path, text):
    """Writes a file as a whole: whoever reads it sees the old or the new one."""
    handle, temporary = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    with open(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


class _locked:
    """One process at a time, and one thread of it, has the file."""

    def __init__(self, path):
        self._path = path

    def __enter__(self):
        self._file = open(self._path, "w")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self._file.close()


def _import(name, path):
    if path not in _loaded:
        # pybind11 knows modules by their names, and would give the older one for another of the same name.
        spec = importlib.util.spec_from_file_location(f"weft_extensions.{path.name.partition('.')[0]}.{name}", path)
        try:
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        except ImportError as error:
            raise ImportError(f"cpp_extension: {name} was built, but cannot be imported: {error}") from error
        _loaded[path] = module
    return _loaded[path]


def CppExtension(name, sources, **options):
    """A ``setuptools.Extension`` for ``setup.py`` that is compiled against Weft.

    >>> from weft.utils.cpp_extension import CppExtension
    >>> CppExtension("cube", ["cube.cpp"]).libraries  # doctest: +SKIP
    ['weft']
    """
    from setuptools import Extension

    _, pybind11_include = _find_pybind11()
    flags = [*_HOST_FLAGS, f"-DWEFT_EXTENSION_NAME={name.rpartition('.')[2]}"]
    for folder in [*include_paths(), pybind11_include]:
        flags += ["-isystem", folder]
    options["extra_compile_args"] = [*flags, *options.get("extra_compile_args", [])]
    options["libraries"] = ["weft", *options.get("libraries", [])]
    for key in ("library_dirs", "runtime_library_dirs"):
        options[key] = [*library_paths(), *options.get(key, [])]
    return Extension(name, sources, language="c++", **options)


def __dir__():
    return __all__
