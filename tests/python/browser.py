"""Opens pages in headless Chromium: of PATH, or that which WEFT_CHROMIUM names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile

# What Chromium prints of a page's console: [...:SEVERITY:CONSOLE:LINE] "text", source: ... (LINE)
CONSOLE = re.compile(r':(INFO|WARNING|ERROR):CONSOLE[:(]\d+\)?\] "(.*?)", source: ', re.DOTALL)


def chromium():
    names = (os.environ.get("WEFT_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "chrome")
    for name in filter(None, names):
        if shutil.which(name):
            return name
    raise FileNotFoundError("Chromium is needed: apt-get install chromium")


def run_chromium(url, *options):
    """The finished process. The page can reach this machine alone."""
    with tempfile.TemporaryDirectory() as profile:
        command = [chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += ["--enable-logging=stderr", "--log-level=0", f"--user-data-dir={profile}"]
        command += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1", *options, url]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def open_page(url, budget=8000, width=1300):
    """The page as HTML after its scripts have run for `budget` ms, and what they wrote: (severity, text)."""
    done = run_chromium(url, f"--virtual-time-budget={budget}", f"--window-size={width},900", "--dump-dom")
    return done.stdout, CONSOLE.findall(done.stderr)


def screenshot(url, path, width=1300, height=1000):
    run_chromium(url, "--virtual-time-budget=8000", f"--screenshot={path}", f"--window-size={width},{height}")
