"""Moto's own server, which keeps the tags of a new bucket: provider 6 sends them when it creates one."""

import sys

from moto.server import main

from sandbox.aws.services import patching, s3

if __name__ == "__main__":
    wanted = s3._bucket_response_put.__name__
    patching.REPLACEMENTS[:] = [one for one in patching.REPLACEMENTS if one.name == wanted]
    patching.apply()
    main(sys.argv[1:])
