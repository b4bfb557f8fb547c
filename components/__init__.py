"""The AWS side of a stack, one module per concern; ``__main__.py`` wires them in reading order.

``naming``, ``arns`` and ``policies`` are pure; the others are Pulumi components. What the host becomes is in
``hostsetup/``.
"""
