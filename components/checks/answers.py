"""What a cloud's provider said when it refused a lookup, in a form that fits an error message."""


def reason(error: Exception) -> str:
    """The error's text on one line."""
    return " ".join(str(error).split()).rstrip(".")
