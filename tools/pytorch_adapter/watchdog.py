"""A pytest plugin: runs one test in N, ends a process whose test takes too long (pytest-xdist starts another).

The whole run ends after so many seconds, with a report of what has been run.
"""

import faulthandler
import os
import time
import zlib

EVERY = int(os.environ.get("WEFT_TESTS_EVERY", "1"))
TIMEOUT = int(os.environ.get("WEFT_TESTS_TIMEOUT", "60"))
LIMIT = int(os.environ.get("WEFT_TESTS_LIMIT", "1000000"))
BEGIN = time.monotonic()
# Tests of PyTorch's private reference implementations in Python, which say nothing of another framework.
PRIVATE = ("python_ref", "__refs_")
_managers = []


def pytest_configure(config):
    _managers.append(config.pluginmanager)


def pytest_collection_modifyitems(config, items):
    items[:] = [
        item
        for item in items
        if zlib.crc32(item.nodeid.rpartition("/")[2].encode()) % EVERY == 0
        and not any(mark in item.name for mark in PRIVATE)
    ]


def pytest_runtest_logstart(nodeid, location):
    if "PYTEST_XDIST_WORKER" in os.environ:
        faulthandler.dump_traceback_later(TIMEOUT, exit=True)


def pytest_runtest_logfinish(nodeid, location):
    faulthandler.cancel_dump_traceback_later()
    if time.monotonic() - BEGIN > LIMIT and "PYTEST_XDIST_WORKER" not in os.environ:
        _managers[0].getplugin("dsession").shouldstop = f"not ended within {LIMIT} s"
