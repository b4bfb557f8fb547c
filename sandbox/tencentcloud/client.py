"""What Tencent Cloud's clients need to use the emulator of this checkout's sandbox. Every `make up` imports it."""

import json

from sandbox import layout

FOLDER = layout.HOME / "tencentcloud"
AUTHORITY, CREDENTIALS = FOLDER / "ca.pem", FOLDER / "operator.json"
PROXY = f"http://{layout.LOOPBACK}:{layout.PORTS['tencentcloud']}"


#: What a stack in the sandbox has in place of its file's settings.
SETTINGS = {
    # A stack of AWS has the file's names.
    "suffix": "-tencent",
    # The stand-in of the broker reads the session policies; who takes its part in a test passes them.
    "exchange": "AssumeRole",
    # Provider 1.81.20 lacks what SES answers about a domain: its DKIM record.
    "sending": "none",
}


def environment() -> dict[str, str]:
    """The variables that point Tencent Cloud's clients, and the provider, at the emulator."""
    return {
        "HTTPS_PROXY": PROXY,
        "https_proxy": PROXY,
        # Go's programs, and Python's requests.
        "SSL_CERT_FILE": str(AUTHORITY),
        "REQUESTS_CA_BUNDLE": str(AUTHORITY),
        **(json.loads(CREDENTIALS.read_text()) if CREDENTIALS.exists() else {}),
    }
