"""A pytest plugin: runs one test in N, ends a process whose test takes too long (pytest-xdist starts another)."""

import faulthandler
import os
import zlib

EVERY = int(os.environ.get("WEFT_TESTS_EVERY", "1"))
TIMEOUT = int(os.environ.get("WEFT_TESTS_TIMEOUT", "60"))


def pytest_collection_modifyitems(config, items):
    items[:] = [item for item in items if zlib.crc32(item.nodeid.rpartition("/")[2].encode()) % EVERY == 0]


def pytest_runtest_logstart(nodeid, location):
    if "PYTEST_XDIST_WORKER" in os.environ:
        faulthandler.dump_traceback_later(TIMEOUT, exit=True)


def pytest_runtest_logfinish(nodeid, location):
    faulthandler.cancel_dump_traceback_later()
