"""Chromium of the distribution without a screen, and axe-core's rules of accessibility from npm, for tests of a page.

Owns how the browser is started and set: theme, width, paper. The driver comes from the same Debian source package as
the browser, so the two fit each other.
"""

import json
import shutil
import tempfile
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from dev.toolchain import CACHE, creating, node
from sandbox import tools

_AXE = Path(__file__).parent / "axe"
#: Root has no sandbox of Chromium's, and a container may have a small /dev/shm.
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars")
HEIGHT = 900


def start():
    """A browser with a driver of its own on a free port of loopback; `quit` ends both."""
    programs = {name: tools.find(name) for name in ("chromium", "chromedriver")}
    missing = [name for name, path in programs.items() if path is None]
    if missing:
        raise RuntimeError(f"{', '.join(missing)} must be installed first: `make tools`")
    options = Options()
    options.binary_location = programs["chromium"]
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(programs["chromedriver"]))


def show(browser, path, *, width=1280, theme="light", media=""):
    """Opens a file in a window of that width; ``media`` is ``print`` for paper."""
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    size = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(path.as_uri())


def axe():
    """axe-core's script, fetched once per version into the cache folder."""
    version = json.loads((_AXE / "package.json").read_text())["dependencies"]["axe-core"]
    made = CACHE / "axe-core" / version
    with creating(made):
        if not made.exists():
            with tempfile.TemporaryDirectory(dir=made.parent) as folder:
                node.fetch(_AXE, Path(folder), print)
                ready = Path(folder, "ready")
                ready.mkdir()
                shutil.copy(Path(folder) / "node_modules/axe-core/axe.min.js", ready)
                ready.replace(made)
    return (made / "axe.min.js").read_text()


def violations(browser):
    """What axe-core finds on the open page, as rule and elements."""
    # The page's own policy lets no script run; the driver's are none of the page's.
    browser.execute_script(axe())
    found = browser.execute_async_script("axe.run().then(arguments[arguments.length - 1])")["violations"]
    return {item["id"]: [part["html"] for part in item["nodes"]][:5] for item in found}
