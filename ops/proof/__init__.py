"""The isolation proof: what sessions may do (``matrix``), the tokens they start with, and the requests (``walk``)."""
