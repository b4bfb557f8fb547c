"""What Google's clients need to use the emulator of this checkout's sandbox. Imports little: every `make up` does."""

from sandbox import layout

FOLDER = layout.HOME / "gcp"
AUTHORITY, CREDENTIALS = FOLDER / "ca.pem", FOLDER / "application-default-credentials.json"
PROXY = f"http://{layout.LOOPBACK}:{layout.PORTS['gcp']}"


def environment() -> dict[str, str]:
    """The variables that point Google's clients, and the provider, at the emulator."""
    return {
        "HTTPS_PROXY": PROXY,
        "https_proxy": PROXY,
        # Go's programs, and Python's requests.
        "SSL_CERT_FILE": str(AUTHORITY),
        "REQUESTS_CA_BUNDLE": str(AUTHORITY),
        "GOOGLE_APPLICATION_CREDENTIALS": str(CREDENTIALS),
    }
