"""What a build tells its user: how far it is, and in one sentence why it failed.

The programs of a build print into a pipe. Ninja's status lines become progress; everything else goes on to where it was
meant to go, and is looked through for the reasons of failures.
"""

import os
import re
import sys
import threading
import time

STATUS = re.compile(r"@weft (\d+)/(\d+) ")
AGAIN = re.compile("Re-running CMake|Re-checking globbed")  # Ninja first looks whether CMake must run again
NEEDS_COMPILER = "install g++ 11 or newer (Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++)"
DISK_FULL = "weft: the disk is full: a build needs 1 GB of space, in build/ and for the compiler's files in {}"
OUT_OF_MEMORY = (
    "weft: the compiler was killed, as happens when memory runs out: build with fewer compilers at a time, "
    "with CMAKE_BUILD_PARALLEL_LEVEL=1 in the environment"
)


def disk_full():
    return DISK_FULL.format(os.environ.get("TMPDIR", "/tmp"))


class Progress:
    """One line on a terminal, changed in place; elsewhere a line for every twentieth part and every half minute.

    pip captures what a build prints: there the terminal is asked for by its name.
    """

    def __init__(self, descriptor):
        self.done, self.total, self.printed, self.last_time, self.last_part = 0, 0, False, 0, -1
        self.behind_pip = not os.isatty(descriptor)
        self.in_place = os.environ.get("TERM", "dumb") != "dumb"
        self.own = None
        try:
            self.own = os.open("/dev/tty", os.O_WRONLY | os.O_NOCTTY) if self.behind_pip else None
        except OSError:  # no terminal at all: CI, a batch job
            self.in_place = False
        self.descriptor = descriptor if self.own is None else self.own

    def write(self, text):
        try:
            os.write(self.descriptor, text.encode())
        except OSError:  # a terminal that was closed must not end the build
            pass

    def note(self, text):
        """A line of its own. pip's own line, which is not ended, is left as it is."""
        self.write(f"{self._begin()}weft: {text}\n")
        self.printed = False

    def _begin(self):
        if self.printed:
            return "\r\x1b[K" if self.in_place else ""
        self.printed = True
        return "\n" if self.own is not None else ""

    def update(self, done, total):
        now = time.monotonic()
        if total != self.total:
            self.total, self.started, self.first, self.last_time = total, now, done, 0
        self.done = done
        elapsed, compiled = now - self.started, done - self.first
        part = done * 20 // max(total, 1)
        if self.in_place:
            if now - self.last_time < 0.2 and done != total:
                return
        elif done != total and now - self.last_time < (30 if part == self.last_part else 5):
            return
        self.last_time, self.last_part = now, part
        text = f"weft: {done} of {total} files compiled"
        if done == total:
            text += f" in {elapsed:.0f} s"
        elif compiled >= 3:
            text += f", about {elapsed / compiled * (total - done):.0f} s left"
        if not self.in_place:
            self.write(f"{text}\n")
        elif done == total and not self.behind_pip:  # it stays
            self.write(f"{self._begin()}{text}\n")
            self.printed = False
        else:  # two spaces: pip turns its spinner in the last one
            self.write(f"{self._begin()}{text}  ")

    def finish(self):
        """Ninja counts files that turn out to need no compiling, and does not name them."""
        if self.done != self.total:
            self.update(self.total, self.total)

    def close(self):
        if self.printed and self.in_place and not self.behind_pip:
            self.write("\n")
        if self.own is not None:
            os.close(self.own)


class Reasons:
    """Looks through the output of a build for what made it fail."""

    def __init__(self):
        self.disk_full = self.killed = self.interrupted = self.failed = False
        self.cmake, self._in_error = [], False

    def look_at(self, line):
        self.disk_full |= "No space left on device" in line
        self.killed |= "Killed signal terminated program" in line
        self.interrupted |= "ninja: build stopped: interrupted" in line
        self.failed |= line.startswith("FAILED:")
        # CMake's errors: a head, and lines that are indented. The first paragraph of the first error says it.
        if self._in_error:
            if line.startswith("  "):
                self.cmake.append(line.strip())
            elif line.strip() or self.cmake:
                self._in_error = False
        elif line.startswith("CMake Error") and not self.cmake:
            self._in_error = True

    def sentence(self):
        if self.disk_full:
            return disk_full()
        if self.killed:
            return OUT_OF_MEMORY
        if self.interrupted:
            return "weft: the build was interrupted; the next one goes on where it stopped"
        if self.cmake:
            text = " ".join(self.cmake)
            return text if text.startswith("weft: ") else f"weft: CMake failed: {text}"
        return f"weft: the build failed{': the errors follow FAILED above' if self.failed else ''}"


class BuildOutput:
    """with BuildOutput() as output: what this process and its children print goes through a pipe that is read here."""

    def __enter__(self):
        sys.stdout.flush()
        sys.stderr.flush()
        self.saved = [os.dup(1), os.dup(2)]
        self.progress, self.reasons = Progress(self.saved[0]), Reasons()
        os.environ["NINJA_STATUS"] = "@weft %f/%t "
        read, write = os.pipe()
        os.dup2(write, 1)
        os.dup2(write, 2)
        os.close(write)
        self.reader = threading.Thread(target=self._read, args=(read,), daemon=True)
        self.reader.start()
        return self

    def __exit__(self, kind, *_):
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, saved in zip((1, 2), self.saved):
            os.dup2(saved, descriptor)
        # The pipe ends with the last program that holds it: usually at once, but one may have been left behind.
        self.reader.join(timeout=5)
        if kind is None:
            self.progress.finish()
        self.progress.close()

    def _read(self, read):
        with open(read, encoding="utf-8", errors="replace", newline="\n") as lines:
            for line in lines:
                if found := STATUS.match(line):
                    if not AGAIN.search(line):
                        self.progress.update(int(found[1]), int(found[2]))
                    continue
                self.reasons.look_at(line)
                self._forward(line)

    def _forward(self, line):
        if self.progress.printed and not self.progress.behind_pip:
            self.progress.write(self.progress._begin())
            self.progress.printed = False
        data = line.encode()
        while data:
            data = data[os.write(self.saved[0], data) :]
