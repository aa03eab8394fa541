"""Fixtures of the Python tests: the module under test and its devices."""

import signal

import pytest
import support

# A shell's background job ignores Ctrl-C, and hands that on to what it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def w():
    """The module under test: weft, or what WEFT_TEST_MODULE names."""
    return support.load()


@pytest.fixture(params=support.devices())
def device(request):
    """The name of the device to test on."""
    return request.param


@pytest.fixture(autouse=True)
def seeded(w):
    """Every test starts from the same state of the random generator."""
    w.manual_seed(0)


@pytest.fixture(autouse=True)
def streams(w):
    """Every test starts on the default streams, with the first GPU; calls of all public names leave others."""
    if "cuda" in support.devices():
        w.cuda.set_device(0)
        for index in range(w.cuda.device_count()):
            w.cuda.set_stream(w.cuda.default_stream(index))


@pytest.fixture(autouse=True)
def planned(w):
    """No step of a jitted function has taken scratch memory that its plan did not know of."""
    before = w._C._unplanned_scratch() if support.IS_WEFT else 0
    yield
    assert not support.IS_WEFT or w._C._unplanned_scratch() == before
