"""weft.datasets.download: from a server on this machine that breaks in every way that servers break."""

import errno
import hashlib
import http.server
import io
import os
import threading

import pytest
import weft
from weft.datasets import DownloadError, _download, download

CONTENT = bytes(range(256)) * 5000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        server.seen.append(self.headers.get("Range"))
        if self.path == "/gone":
            self.send_error(404)
            return
        begin = 0
        if server.ranges and self.headers.get("Range"):
            begin = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
            if begin >= len(server.content):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{len(server.content) - 1}/{len(server.content)}")
        else:
            self.send_response(200)
        rest = server.content[begin:]
        if server.with_length:
            self.send_header("Content-Length", str(len(rest)))
        self.send_header("Connection", "close")
        self.end_headers()
        cut = server.cuts.pop(0) if server.cuts else len(rest)
        self.wfile.write(rest[:cut])
        self.close_connection = True


@pytest.fixture
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.content, server.ranges, server.with_length, server.cuts, server.seen = CONTENT, True, True, [], []
    server.url = f"http://127.0.0.1:{server.server_port}/file"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def fetched(server, path, **options):
    got = download(server.url, path, progress=False, **options)
    assert got == os.path.abspath(path) and open(path, "rb").read() == CONTENT and not os.path.exists(f"{path}.part")
    return got


def test_a_file_in_a_new_folder(server, tmp_path):
    fetched(server, tmp_path / "a" / "b" / "file", checksum=SHA256)
    fetched(server, tmp_path / "a" / "b" / "file", checksum=SHA256.upper())  # there already
    assert server.seen == [None]
    (tmp_path / "other").write_bytes(b"old")
    fetched(server, tmp_path / "other", checksum="md5:" + hashlib.md5(CONTENT).hexdigest())
    assert len(server.seen) == 2


def test_without_a_checksum_what_is_there_stays(server, tmp_path):
    (tmp_path / "file").write_bytes(CONTENT)
    fetched(server, tmp_path / "file")
    assert server.seen == []
    server.with_length = False
    fetched(server, tmp_path / "new")


def test_broken_connections_are_taken_up_where_they_ended(server, tmp_path):
    server.cuts = [1000, 2000, 0, 3000, 0, 0, 4000]
    fetched(server, tmp_path / "file", checksum=SHA256)
    assert server.seen[:5] == [None, "bytes=1000-", "bytes=3000-", "bytes=3000-", "bytes=6000-"]


def test_what_was_interrupted_goes_on_in_another_call(server, tmp_path):
    server.cuts = [1000, 0, 0, 0]
    with pytest.raises(DownloadError, match="ended after 1000 bytes"):
        download(server.url, tmp_path / "file", checksum=SHA256, progress=False)
    assert (tmp_path / "file.part").stat().st_size == 1000 and not (tmp_path / "file").exists()
    server.cuts, server.seen = [], []
    fetched(server, tmp_path / "file", checksum=SHA256)
    assert server.seen == ["bytes=1000-"]


def test_a_server_without_ranges(server, tmp_path):
    server.ranges = False
    (tmp_path / "file.part").write_bytes(b"x" * 999)
    fetched(server, tmp_path / "file", checksum=SHA256)
    server.cuts = [10, 10, 10, 10]
    with pytest.raises(DownloadError):
        download(server.url, tmp_path / "other", progress=False)


@pytest.mark.parametrize("rest", [b"y" * 100, CONTENT + b"more", CONTENT])
def test_a_part_of_another_file(server, tmp_path, rest):
    (tmp_path / "file.part").write_bytes(rest)
    fetched(server, tmp_path / "file", checksum=SHA256)  # from its beginning, where what is there does not fit


def test_another_file_is_not_asked_for_without_end(server, tmp_path):
    (tmp_path / "file.part").write_bytes(b"y" * 100)
    with pytest.raises(DownloadError, match="the sha256 of what came is"):
        download(server.url, tmp_path / "file", checksum="0" * 64, progress=False)
    assert server.seen == ["bytes=100-", None] and not os.listdir(tmp_path)


def test_a_full_disk_is_named_with_the_file_and_what_came_is_kept(server, tmp_path):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"1000 bytes are kept: '.*file\.part'"):
            download(server.url, tmp_path / "file", checksum=SHA256, progress=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    fetched(server, tmp_path / "file", checksum=SHA256)
    assert server.seen == [None, "bytes=1000-"]


def test_errors_name_addresses_path_and_checksum(server, tmp_path):
    server.content = b"something else"
    gone, nowhere = server.url.replace("/file", "/gone"), "http://127.0.0.1:1/file"
    with pytest.raises(DownloadError) as error:
        download([gone, nowhere, server.url], tmp_path / "file", checksum=SHA256, progress=False)
    text = str(error.value)
    for part in (gone, "Not Found", nowhere, "refused", server.url, str(tmp_path / "file"), f"sha256 {SHA256}"):
        assert part in text
    assert list(tmp_path.iterdir()) == []


def test_mirrors_are_tried_in_turn(server, tmp_path):
    urls = ["http://127.0.0.1:1/file", server.url.replace("/file", "/gone"), server.url]
    assert download(urls, tmp_path / "file", checksum=SHA256, progress=False) == str(tmp_path / "file")


@pytest.mark.parametrize("checksum", ["", "abc", "md5:" + "0" * 64, "nothing:" + "0" * 64, "g" * 64, "shake_128:00"])
def test_checksums_that_are_none(tmp_path, checksum):
    with pytest.raises(ValueError, match="is no checksum"):
        download("http://127.0.0.1:1/", tmp_path / "file", checksum=checksum)


def test_addresses_that_are_none(tmp_path):
    for url in ("no address", "nothing://there"):
        with pytest.raises((ValueError, DownloadError), match="unknown url type"):
            download(url, tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_ratings_of_an_archive(server, tmp_path, monkeypatch):
    import zipfile

    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("ml-1m/ratings.dat", "1::5::3::10\n2::5::4::11\n")
        archive.writestr("ml-1m/movies.dat", "5::Title (1999)::Drama\n")
    server.content = (tmp_path / "archive.zip").read_bytes()
    form = (*weft.datasets.MovieLens._forms["ml-1m"][:-1], hashlib.sha256(server.content).hexdigest())
    monkeypatch.setitem(weft.datasets.MovieLens._forms, "ml-1m", form)
    fetch = lambda url, path, **options: download(server.url, path, progress=False, **options)  # noqa: E731
    monkeypatch.setattr(weft.datasets.graphs, "download_file", fetch)
    data = weft.datasets.MovieLens(tmp_path, "ml-1m", download=True)
    assert data.titles == ["Title (1999)"] and data.rating.tolist() == [3, 4]
    assert len(weft.datasets.MovieLens(tmp_path, "ml-1m", download=True)) == 2 and len(server.seen) == 1


def test_no_address(tmp_path):
    with pytest.raises(ValueError, match="address"):
        download([], tmp_path / "file")


def test_a_full_disk(server, tmp_path, monkeypatch):
    """What has been written stays, and the error is that of the system."""

    class Full(io.FileIO):
        def write(self, block):
            if self.tell() > 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(block)

    monkeypatch.setattr(_download, "open", Full, raising=False)
    with pytest.raises(OSError, match="No space left"):
        download(server.url, tmp_path / "file", checksum=SHA256, progress=False)
    monkeypatch.undo()
    assert 0 < (tmp_path / "file.part").stat().st_size < len(CONTENT)
    fetched(server, tmp_path / "file", checksum=SHA256)


def test_progress(server, tmp_path, capsys):
    pytest.importorskip("tqdm")
    download(server.url, tmp_path / "file", checksum=SHA256)
    assert "file: 100%" in capsys.readouterr().err


def test_data_sets_download_what_is_missing(server, tmp_path, monkeypatch):
    """A small data set of the form of MNIST, from the server's one file."""
    import gzip

    header = bytes([0, 0, 8, 1, 0, 0, 0, 2, 3, 4])
    server.content = gzip.compress(header)
    monkeypatch.setattr(weft.datasets.KMNIST, "mirrors", [server.url.replace("/file", "/")])
    checksum = hashlib.sha256(server.content).hexdigest()
    monkeypatch.setattr(weft.datasets.KMNIST, "resources", [(f"t{i}.gz", checksum) for i in range(4)])
    with pytest.raises(RuntimeError, match="KMNIST: the data are not there") as error:
        weft.datasets.KMNIST(tmp_path)
    assert str(tmp_path / "KMNIST" / "raw" / "t1.gz") in str(error.value) and checksum in str(error.value)
    with pytest.raises(weft.datasets.DataFileError, match=r"expected uint8 images of 28x28 pixels"):
        weft.datasets.KMNIST(tmp_path, download=True)
    assert sorted(p.name for p in (tmp_path / "KMNIST" / "raw").iterdir()) == ["t0.gz", "t1.gz"]
    assert server.seen == [None, None]


def test_several_processes_at_once(server, tmp_path):
    import subprocess
    import sys

    from support import environment

    code = f"import weft; weft.datasets.download({server.url!r}, {str(tmp_path / 'file')!r}, checksum={SHA256!r})"
    running = [subprocess.Popen([sys.executable, "-c", code], env=environment()) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert (tmp_path / "file").read_bytes() == CONTENT and len(server.seen) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
