"""The isolation proof: what sessions may do (``matrix``), their tokens (``tokens``) and the requests (``walk``)."""
