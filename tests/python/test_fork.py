"""A forked child can compute, also after its parent has used all its threads."""

import os
import signal
import time

import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_child_of_a_parallel_parent(w):
    from support import IS_WEFT

    if not IS_WEFT:
        pytest.skip("the reference implementation hangs")
    threads = w.get_num_threads()
    w.set_num_threads(2)
    try:
        x = w.rand(512, 512)
        wanted = ((x @ x).exp().sum() + x.softmax(-1).sum()).isfinite().item()
        child = os.fork()
        if child == 0:
            # Whatever happens, the child must not return into pytest
            try:
                same = ((x @ x).exp().sum() + x.softmax(-1).sum()).isfinite().item() == wanted
                os._exit(0 if same else 1)
            finally:
                os._exit(2)
        assert wait(child, 20) == 0
        assert (x @ x).sum().item() > 0, "the parent goes on"
    finally:
        w.set_num_threads(threads)


def wait(child, seconds):
    """The child's exit code; a child that hangs is killed and fails the test."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    pytest.fail(f"the child hangs ({seconds} s)")
