"""Whether a cloud's SDK is installed, before anything imports it."""

import importlib.util

import pulumi


def require(package: str, cloud: str) -> None:
    """Raises RunError with the command that installs the package of the project ``clouds/<cloud>``."""
    if importlib.util.find_spec(package) is None:
        raise pulumi.RunError(
            f"clouds/{cloud} needs the package {package}, which is not installed. Nothing was created. Run "
            f"`make setup-cloud CLOUD={cloud}`, then try again."
        )
