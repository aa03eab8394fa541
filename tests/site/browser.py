"""Opens pages in headless Chromium."""

from __future__ import annotations

import re
import shutil
import subprocess

# What Chromium prints of a page's console: [...:SEVERITY:CONSOLE:LINE] "text", source: ... (LINE)
CONSOLE = re.compile(r':(INFO|WARNING|ERROR):CONSOLE[:(]\d+\)?\] "(.*?)", source: (\S*)')


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return name
    raise FileNotFoundError("Chromium is needed: apt-get install chromium")


def _run(url, *options):
    command = [
        chromium(),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--enable-logging=stderr",
    ]
    command += ["--v=0", "--virtual-time-budget=8000", *options, url]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def open_page(url):
    """The page as HTML after its scripts have run, and what they wrote to the console: (severity, text)."""
    done = _run(url, "--dump-dom")
    return done.stdout, [(severity, text) for severity, text, _ in CONSOLE.findall(done.stderr)]


def screenshot(url, path, width=1300, height=1000):
    _run(url, f"--screenshot={path}", f"--window-size={width},{height}")
