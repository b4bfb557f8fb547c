"""An emulator of Tencent Cloud: a front for exactly the calls that clouds/tencentcloud and its provider make.

Every signature is verified, and CAM's policies are decided. It is Tencent Cloud's API in the parts that its official
SDKs and Terraform's provider use, and an emulator everywhere.
"""
