"""The operator's commands, one module each. ``ops/__main__.py`` lists them."""
