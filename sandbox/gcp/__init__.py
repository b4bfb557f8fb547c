"""An emulator of Google Cloud: a front of our own for exactly the calls that clouds/gcp and its provider make.

Requests are authorised, tokens are verified against the issuer's served keys, and IAM conditions are decided. It is
Google's API in the parts that its official client libraries and Terraform's provider use, and an emulator everywhere.
"""
