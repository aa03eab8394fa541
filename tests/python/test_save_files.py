"""save and the file system: whole files only, links, pipes, short writes, killed runs, full disks."""

import errno
import gzip
import io
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading

import pytest
import weft


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "model.safetensors")


def test_the_name_always_stands_for_a_whole_file(path, monkeypatch):
    weft.save({"x": weft.ones(2)}, path)

    def fails(*args, **kwargs):
        raise OSError("disk full")

    for name in ("replace", "fsync", "chmod"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, fails)
            with pytest.raises(OSError, match="disk full"):
                weft.save({"x": weft.zeros(2)}, path)
    assert weft.load(path)["x"].tolist() == [1, 1]
    assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]


def test_file_and_folder_are_synced(path, monkeypatch):
    synced, real = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_mode) or real(handle))
    weft.save({"x": weft.ones(2)}, path)
    assert stat.S_ISREG(synced[0]) and stat.S_ISDIR(synced[1])


def test_permissions(path):
    old = os.umask(0o027)
    try:
        weft.save({}, path)
        assert os.stat(path).st_mode & 0o777 == 0o640
        os.chmod(path, 0o600)
        weft.save({"x": weft.ones(1)}, path)
        assert os.stat(path).st_mode & 0o777 == 0o600
    finally:
        os.umask(old)


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing"):
        weft.load(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        weft.save({}, tmp_path / "nowhere" / "x")
    for use in (lambda: weft.load(tmp_path), lambda: weft.save({}, tmp_path)):
        with pytest.raises(IsADirectoryError):
            use()


def folder_of(path):
    return sorted(os.listdir(os.path.dirname(path)))


def run(program, *args):
    """The program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, args)], capture_output=True, text=True, timeout=120
    )


def test_links_stay_and_what_they_point_to_is_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    target, link, relative = tmp_path / "real" / "target", tmp_path / "link", tmp_path / "relative"
    link.symlink_to(target)
    relative.symlink_to("link")
    for place, number in ((link, 1), (relative, 2), (link, 3)):  # the first finds a link to nothing
        weft.save({"x": number}, place)
        assert link.is_symlink() and relative.is_symlink() and not target.is_symlink()
        assert weft.load(target) == weft.load(place) == {"x": number}
    assert os.listdir(tmp_path / "real") == ["target"] and sorted(os.listdir(tmp_path)) == ["link", "real", "relative"]


def test_links_that_lead_nowhere(tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    nowhere = tmp_path / "nowhere"
    nowhere.symlink_to(tmp_path / "absent" / "file")
    for link in (loop, nowhere):
        with pytest.raises(OSError):
            weft.save({}, link)
        assert link.is_symlink()


def test_pipes_are_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "link").symlink_to("pipe")
    for place in (pipe, tmp_path / "link"):
        with pytest.raises(OSError, match="save: this is not a regular file but a pipe.*open it") as error:
            weft.save(weft.ones(1), place)
        assert error.value.errno == errno.EINVAL and error.value.filename == str(place)
        with pytest.raises(ValueError, match="load: .*pipe.*open it"):
            weft.load(place)
    assert stat.S_ISFIFO(os.stat(pipe).st_mode) and sorted(os.listdir(tmp_path)) == ["link", "pipe"]


def test_devices_are_not_replaced():
    before = os.listdir("/dev")
    with pytest.raises(OSError, match="not a regular file"):
        weft.save(weft.ones(1), "/dev/null")
    with pytest.raises(ValueError, match="device"):
        weft.load("/dev/zero")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode) and os.listdir("/dev") == before
    with open("/dev/null", "wb") as file:
        weft.save(weft.ones(1), file)


def test_an_open_pipe_can_be_written_and_read():
    read, write = os.pipe()

    def save():
        with open(write, "wb") as file:
            weft.save(weft.arange(100000), file)

    thread = threading.Thread(target=save)
    thread.start()
    with open(read, "rb") as file:
        assert weft.load(file).sum() == 4999950000
    thread.join()


def test_paths_of_every_kind(tmp_path):
    for name in ("plain", b"bytes", "\xe9", "\udc80", b"\xff\xfe", "x" * 240, "a.b.weft-tmp", " ", "-"):
        place = os.path.join(os.fsencode(tmp_path) if isinstance(name, bytes) else str(tmp_path), name)
        weft.save({"x": 3}, place)
        weft.save({"x": 4}, place)
        assert weft.load(place) == {"x": 4}
    assert len(os.listdir(tmp_path)) == 9


def test_paths_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    weft.save({"x": 3}, "here")
    assert weft.load("here") == {"x": 3} and os.listdir(tmp_path) == ["here"]
    for bad in ("", "x" * 300, "a\0b"):
        with pytest.raises((OSError, ValueError)):
            weft.save({}, bad)
    for bad in (None, 3, ["x"]):
        with pytest.raises(TypeError, match="save: f must be a path or a binary file"):
            weft.save({}, bad)
        with pytest.raises(TypeError, match="load: f must be a path or a binary file"):
            weft.load(bad)
    assert os.listdir(tmp_path) == ["here"]


def test_files_open_for_text(tmp_path):
    with open(tmp_path / "x", "w") as file, pytest.raises(TypeError, match="save: .*'wb'"):
        weft.save({}, file)
    with open(tmp_path / "x") as file, pytest.raises(TypeError, match="load: .*'rb'"):
        weft.load(file)


class Raw(io.RawIOBase):
    """Takes at most 100 bytes at a time."""

    def __init__(self, answer=lambda count: count):
        self.data, self.answer = b"", answer

    def writable(self):
        return True

    def write(self, data):
        part = bytes(data)[:100]
        self.data += part
        return self.answer(len(part))


def test_short_writes_are_completed():
    raw = Raw()
    weft.save(weft.arange(1000), raw)
    assert weft.load(io.BytesIO(raw.data)).tolist() == list(range(1000))


def test_files_that_take_nothing():
    with pytest.raises(BlockingIOError, match="save"):
        weft.save(weft.ones(1000), Raw(lambda count: None))
    for answer in (0, -1, 101, 2**40, "many", 1.5):
        with pytest.raises(OSError, match="save: write.*returned"):
            weft.save(weft.ones(1000), Raw(lambda count, answer=answer: answer))


def test_file_objects_that_do_not_count():
    class Parts:
        data = b""

        def write(self, data):
            self.data += data

    parts = Parts()
    weft.save(weft.ones(1000), parts)
    assert weft.load(io.BytesIO(parts.data)).sum() == 1000


def test_short_reads_are_completed():
    data = io.BytesIO()
    weft.save(weft.arange(1000), data)

    class Slow(io.RawIOBase):
        position = 0

        def readable(self):
            return True

        def readinto(self, target):
            part = data.getvalue()[self.position : self.position + min(len(target), 100)]
            target[: len(part)] = part
            self.position += len(part)
            return len(part)

    class Minimal:
        def __init__(self):
            self.read = io.BytesIO(data.getvalue()).read

    for file in (Slow(), io.BufferedReader(Slow()), Minimal()):
        assert weft.load(file).tolist() == list(range(1000))


def test_files_are_read_from_their_position():
    data = io.BytesIO(b"before")
    data.seek(0, io.SEEK_END)
    weft.save({"x": weft.arange(3)}, data)
    data.seek(6)
    assert weft.load(data)["x"].tolist() == [0, 1, 2] and data.read() == b""


def test_write_protected_files_are_kept(path):
    weft.save({"x": 1}, path)
    os.chmod(path, 0o444)
    if os.access(path, os.W_OK):
        pytest.skip("this user may write everything")
    with pytest.raises(PermissionError):
        weft.save({"x": 2}, path)
    assert weft.load(path) == {"x": 1} and folder_of(path) == ["model.safetensors"]


KILLED = """
    import os, signal, sys, weft
    os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
    weft.save({"x": weft.zeros(1000)}, sys.argv[1])
"""


def test_temporary_files_of_killed_runs_go_with_the_next_save(path):
    weft.save({"x": weft.ones(2)}, path)
    for others in (
        ".0123.weft-tmp",
        ".0123456789abcdef.tmp",
        ".0123456789ABCDEF.weft-tmp",
        "2.0123456789abcdef.weft-tmp",
    ):
        open(path + others, "w").close()
    os.mkdir(path + ".aaaaaaaaaaaaaaaa.weft-tmp")
    os.symlink("absent", path + ".bbbbbbbbbbbbbbbb.weft-tmp")
    before = folder_of(path)
    for _ in range(2):
        assert run(KILLED, path).returncode == -signal.SIGKILL
    assert weft.load(path)["x"].tolist() == [1, 1] and len(folder_of(path)) == len(before) + 1
    weft.save({"x": weft.ones(3)}, path)
    assert folder_of(path) == before and weft.load(path)["x"].tolist() == [1, 1, 1]


def test_temporary_files_of_runs_that_still_write_are_left(path, monkeypatch):
    """Two saves to one path at once: both are whole, the later one stays."""
    real, inside = os.fsync, []

    def sync(handle):
        if not inside:
            inside.append(True)
            (outer,) = folder_of(path)
            weft.save({"x": "inner"}, path)
            assert weft.load(path) == {"x": "inner"} and outer in folder_of(path)
            program = "import sys, weft; weft.save({'x': 'other process'}, sys.argv[1])"
            assert run(program, path).returncode == 0
            assert weft.load(path) == {"x": "other process"} and outer in folder_of(path)
        real(handle)

    monkeypatch.setattr(os, "fsync", sync)
    weft.save({"x": "outer"}, path)
    assert weft.load(path) == {"x": "outer"} and folder_of(path) == ["model.safetensors"]


def test_many_processes_save_to_one_path(path):
    program = """
        import sys, weft
        for i in range(30):
            weft.save({"x": weft.full((1000,), int(sys.argv[2]))}, sys.argv[1])
            x = weft.load(sys.argv[1])["x"]
            assert x.shape == (1000,) and (x == x[0]).all()
    """
    command = [sys.executable, "-c", textwrap.dedent(program), path]
    processes = [subprocess.Popen([*command, str(i)], stderr=subprocess.PIPE) for i in range(3)]
    assert [(p.communicate(timeout=120)[1], p.returncode) for p in processes] == [(b"", 0)] * 3
    assert folder_of(path) == ["model.safetensors"]


def test_a_full_disk_leaves_the_old_file(path):
    weft.save({"x": weft.ones(2)}, path)
    program = """
        import resource, sys, weft
        resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))
        try:
            weft.save({"x": weft.ones(100000)}, sys.argv[1])
        except OSError as error:
            sys.exit(error.errno)
    """
    ended = run(program, path)
    assert ended.returncode == errno.EFBIG, ended.stderr
    assert weft.load(path)["x"].tolist() == [1, 1] and folder_of(path) == ["model.safetensors"]


def test_an_interrupt_leaves_the_old_file(path, monkeypatch):
    weft.save({"x": weft.ones(2)}, path)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    try:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", lambda handle: signal.raise_signal(signal.SIGINT))
            with pytest.raises(KeyboardInterrupt):
                weft.save({"x": weft.zeros(1000)}, path)
    finally:
        signal.signal(signal.SIGINT, before)
    assert weft.load(path)["x"].tolist() == [1, 1] and folder_of(path) == ["model.safetensors"]


def test_file_objects_that_seek_are_not_read_whole(tmp_path):
    """Of any class; their position ends up behind what was read."""
    contents = io.BytesIO()
    weft.save({"x": weft.arange(3)}, contents)
    data = b"before" + contents.getvalue()

    class File:
        def __init__(self):
            self._file, self.largest = io.BytesIO(data), 0
            self.seek, self.tell = self._file.seek, self._file.tell

        def read(self, size=-1):
            assert size >= 0
            self.largest = max(self.largest, size)
            return self._file.read(size)

    file = File()
    file.seek(6)
    assert weft.load(file)["x"].tolist() == [0, 1, 2]
    assert file.tell() == len(data) and file.largest <= 1 << 17
    (tmp_path / "x").write_bytes(data)
    with open(tmp_path / "x", "rb", buffering=0) as file:
        file.seek(6)
        assert weft.load(file)["x"].tolist() == [0, 1, 2] and file.tell() == len(data)
    with gzip.open(tmp_path / "x.gz", "wb") as file:  # which cannot go to its end
        file.write(contents.getvalue())
    with gzip.open(tmp_path / "x.gz") as file:
        assert weft.load(file)["x"].tolist() == [0, 1, 2]
