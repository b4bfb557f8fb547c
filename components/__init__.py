"""The AWS resources of a stack, one module per concern. ``__main__.py`` wires them in reading order.

``naming``, ``arns`` and ``policies`` are pure functions; the other modules are Pulumi components. ``hostsetup/`` owns
what is installed on the host.
"""
