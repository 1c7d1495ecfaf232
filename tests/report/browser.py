"""A real browser for tests, driven over the WebDriver protocol with nothing but the standard library.

Source: W3C WebDriver; the log endpoint is chromedriver's own.
"""

from __future__ import annotations

import base64
import http.client
import json
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
MISSING = "needs chromium and chromedriver (Debian: chromium, chromium-driver)"


class Browser:
    """One headless session; every call is one request to chromedriver on loopback."""

    def __init__(
        self, width: int = 1280, height: int = 900, *, script: bool = True, dark: bool = False
    ) -> None:
        self._process = subprocess.Popen(
            [DRIVER, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._port = self._read_port()
        preferences = {} if script else {"profile.managed_default_content_settings.javascript": 2}
        arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--disable-dev-shm-usage",
        ]
        arguments += [f"--window-size={width},{height}", *(["--force-dark-mode"] if dark else [])]
        options = {"binary": CHROMIUM, "args": arguments, "prefs": preferences}
        if width < 500:  # a window cannot be that narrow; a phone is emulated
            metrics = {"width": width, "height": height, "pixelRatio": 2, "touch": True}
            options["mobileEmulation"] = {"deviceMetrics": metrics}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{made['sessionId']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._call("DELETE", self._session)
        finally:
            self._process.terminate()
            self._process.wait(10)
            self._process.stdout.close()

    def _read_port(self) -> int:
        for line in self._process.stdout:
            if "started successfully on port" in line:
                return int(line.rsplit("port", 1)[1].strip(" .\n"))
        raise RuntimeError("chromedriver did not start")

    def _call(self, method: str, path: str, body: object = None) -> object:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        try:
            data = json.dumps(body or {}) if method == "POST" else None
            connection.request(method, path, data, {"Content-Type": "application/json"})
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise RuntimeError(f"{value['error']}: {value['message'][:500]}")
        return value

    def open(self, page: Path, fragment: str = "") -> None:
        self._call("POST", f"{self._session}/url", {"url": page.resolve().as_uri() + fragment})

    def run(self, script: str, *arguments: object) -> object:
        """Run a function body in the page and return what it returns."""
        return self._call(
            "POST", f"{self._session}/execute/sync", {"script": script, "args": list(arguments)}
        )

    def wait(self, condition: str, seconds: float = 10) -> object:
        """Poll an expression until it is true."""
        end = time.monotonic() + seconds
        while not (value := self.run(f"return {condition}")):
            assert time.monotonic() < end, condition
            time.sleep(0.05)
        return value

    def log(self) -> list[str]:
        """What the page's console said since the last call: errors, CSP violations, failed requests."""
        return [
            entry["message"] for entry in self._call("POST", f"{self._session}/se/log", {"type": "browser"})
        ]

    def requests(self) -> list[str]:
        """Every resource the page asked for, the page itself excepted."""
        return self.run("return performance.getEntriesByType('resource').map((entry) => entry.name)")

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._call("GET", f"{self._session}/screenshot")))
