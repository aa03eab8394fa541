"""Build Weft and run all its tests: the C++ ones through ctest, the Python ones through pytest.

    python3 tools/run_tests.py [--sanitize | --tsan] [--fuzz SECONDS | pytest arguments]

Needs Python 3.10, pip and a C++20 compiler; everything else is installed into build/venv. Weft is built with its C++
tests in build/release, where `pip install .` builds it too, and installed from there, so that the Python tests see the
package as users do. With --sanitize the build is made with the address and undefined behaviour sanitizers, in a folder
of its own, and the tests run under them; with --tsan it is made with the thread sanitizer, and the C++ tests and
tests/tsan/program.py run under it. With --fuzz the fuzzers in tests/fuzz run for so many seconds instead of the tests.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(*command, **options):
    print("+", " ".join(map(str, command)), flush=True)
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT, **options)


def make_venv(folder, base=sys.executable):
    """A virtual environment; where Python came without ensurepip (Debian), with the help of virtualenv."""
    python = folder / "bin" / "python"
    if python.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    made = subprocess.run([base, "-m", "venv", folder], capture_output=True)
    if made.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        bootstrap = ROOT / "build" / "bootstrap"
        run(sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target", bootstrap, "virtualenv")
        run(
            sys.executable,
            "-m",
            "virtualenv",
            "--quiet",
            "--python",
            base,
            folder,
            env={**os.environ, "PYTHONPATH": str(bootstrap)},
        )
    return python


def read_project():
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        from pip._vendor import tomli as tomllib
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def fetch(python, *packages):
    try:
        run(python, "-m", "pip", "install", "--quiet", *packages)
    except subprocess.CalledProcessError:
        sys.exit(f"weft: {', '.join(packages)}: pip could not install these packages, and says above why")


def install_build_tools(python):
    fetch(python, *read_project()["build-system"]["requires"])
    # CMake and Ninja, where the system's are missing or too old: the answer that `pip install .` gets, too.
    code = "from scikit_build_core.build import get_requires_for_build_wheel as get; print(*get())"
    found = subprocess.run([python, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    if found.split():
        fetch(python, *found.split())
    if shutil.which("apt-get") and not Path("/usr/include/gtest").exists():  # else CMake fetches GoogleTest
        prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
        command = [*prefix, "apt-get", "install", "-y", "--no-install-recommends", "libgtest-dev"]
        if os.geteuid() != 0 and not shutil.which("sudo"):
            return
        if subprocess.run(command, capture_output=True).returncode != 0:
            subprocess.run([*prefix, "apt-get", "update"], capture_output=True)
            subprocess.run(command, capture_output=True)


def has_gpu(python):
    code = "import weft; raise SystemExit(not weft.cuda.is_available())"
    return subprocess.run([python, "-c", code], cwd=ROOT).returncode == 0


def install(sanitizers):
    """Builds Weft and installs it; the Python that has it, the build folder, and the environment for the tests."""
    name = {"": "release", "thread": "tsan"}.get(sanitizers, "sanitize")
    build = ROOT / "build" / name
    python = make_venv(ROOT / "build" / (f"venv-{name}" if sanitizers else "venv"))
    os.environ["PATH"] = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    install_build_tools(python)

    settings = [f"build-dir=build/{name}", "cmake.define.WEFT_BUILD_TESTS=ON"]
    if sanitizers:
        settings += [f"cmake.define.WEFT_SANITIZE={sanitizers}", "cmake.define.CMAKE_CXX_FLAGS_RELEASE=-O1"]
        settings.append("install.strip=false")
    wheels = ROOT / "build" / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    run(python, "tools/build_backend/weft_build.py", wheels, *settings)  # not through pip, which hides the progress
    (wheel,) = wheels.glob("*.whl")
    # The extras first: pip leaves a package alone that has this version already, however it was built.
    fetch(python, f"{wheel}[demo,test]")
    fetch(python, "--force-reinstall", "--no-deps", str(wheel))

    environment = dict(os.environ)
    libraries = build / "tests"
    environment["WEFT_SAMPLE_DEVICE"] = str(libraries / "sample_device" / "libweft_sample_device.so")
    # Without a GPU the CUDA kernels run on a simulated device, whose stacks the sanitizers do not understand.
    if not sanitizers and not has_gpu(python):
        environment["WEFT_CUDA_PLUGIN"] = str(libraries / "cuda_simulator" / "libweft_cuda_simulated.so")
    if sanitizers:
        suppressions = ROOT / "tests" / "tsan" / "suppressions.txt"
        environment["TSAN_OPTIONS"] = f"suppressions={suppressions}:halt_on_error=0:exitcode=66"
        environment["UBSAN_OPTIONS"] = "print_stacktrace=1:halt_on_error=1"
        environment["ASAN_OPTIONS"] = "detect_leaks=0"  # Python itself leaks by design
    return python, build, environment


def preload_sanitizers(environment, library):
    """Python itself is not built with the sanitizers: their libraries come before all others."""
    compiler = os.environ.get("CXX", "g++")
    names = [library, "libstdc++.so"]  # without the second the first C++ exception aborts
    found = [subprocess.check_output([compiler, f"-print-file-name={name}"], text=True).strip() for name in names]
    environment["LD_PRELOAD"] = " ".join(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sanitize", action="store_true", help="under the address and undefined behaviour sanitizers")
    parser.add_argument("--tsan", action="store_true", help="threads under the thread sanitizer")
    parser.add_argument("--fuzz", type=float, metavar="SECONDS", help="run the fuzzers instead of the tests")
    arguments, rest = parser.parse_known_args()
    python, build, environment = install(
        "thread" if arguments.tsan else "address,undefined" if arguments.sanitize else ""
    )
    if arguments.tsan:
        # It wants the memory where older kernels put it, and starts no threads in forked children
        options = ["--output-on-failure", "-j2", "-E", "Fork|TheSystemGivesNoThreads"]
        run("setarch", "-R", "ctest", "--test-dir", build, *options, env=environment)
        preload_sanitizers(environment, "libtsan.so")
        run("setarch", "-R", python, "tests/tsan/program.py", env=environment)
        return
    if arguments.fuzz is None:
        run("ctest", "--test-dir", build, "--output-on-failure", "-j2", env=environment)
    if arguments.sanitize:
        preload_sanitizers(environment, "libasan.so")
    if arguments.fuzz is not None:
        if not arguments.sanitize:  # one fuzzer wants it, and says so where it is missing
            subprocess.run([python, "-m", "pip", "install", "--quiet", "atheris==3.0.0"])
        run(python, "tests/fuzz/run.py", "--seconds", arguments.fuzz, *rest, env=environment)
        return
    # Two workers make the most of two cores, and a crash takes only one of them along
    run(python, "-m", "pytest", "-q", "-n", "2", "tests/python", *rest, env=environment)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        if "tools/build_backend/weft_build.py" in error.cmd:  # which has said why
            sys.exit(1)
        sys.exit(f"failed: {' '.join(map(str, error.cmd))}")
