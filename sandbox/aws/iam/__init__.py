"""Authentication and authorization of each request to the emulated APIs.

Pure functions over policy documents: `documents`, `patterns`, `conditions`, `evaluation`, `publicity`. The others read
the account's state: `authentication` and `callers` identify the caller, `received`, `actions` and `keys` find what a
request needs, and `door` and `refusals` answer. The account's own calls to moto's backends are not checked.
docs/sandbox-account.md lists what is decided and what is not.
"""
