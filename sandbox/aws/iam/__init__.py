"""Who asks, what for, and whether the account's policies let them: the door before the emulated APIs.

The pure half knows policy documents and no account: `documents`, `patterns`, `conditions`, `evaluation`, `publicity`.
The other half reads the account's state: `authentication` and `callers` (who), `received`, `services` and `keys` (what
for), `door` and `refusals` (the answer). The account's own calls to moto's backends do not pass it.
docs/sandbox-account.md has what is decided and what is not.
"""
