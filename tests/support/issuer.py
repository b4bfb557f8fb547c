"""An issuer of tokens as the broker is one: an ES256 key, its two documents, and tokens with an actor's tag."""

import json
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from components.naming import ACTOR_TAG

TAGS = "https://aws.amazon.com/tags"


class Issuer:
    """``url`` has no trailing slash."""

    def __init__(self, url):
        self.url, self.key = url, ec.generate_private_key(ec.SECP256R1())

    def document(self, url):
        """A served document. Raises OSError for another URL."""
        if url == f"{self.url}/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/.well-known/jwks.json"}
        if url == f"{self.url}/.well-known/jwks.json":
            shown = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
            return {"keys": [{**shown, "kid": "one", "use": "sig", "alg": "ES256"}]}
        raise OSError(f"{url} is not there")

    def token(self, actor, *, key=None, **changed):
        """A token of this actor; no tag if it is None. ``changed`` replaces claims."""
        now = int(time.time())
        claims = {
            "iss": self.url, "sub": f"agentkeys:actor:{actor}", "aud": "sts.amazonaws.com",
            "iat": now, "exp": now + 300,
            **({TAGS: {"principal_tags": {ACTOR_TAG: [actor]}, "transitive_tag_keys": [ACTOR_TAG]}} if actor else {}),
        }  # fmt: skip
        return jwt.encode({**claims, **changed}, key or self.key, algorithm="ES256", headers={"kid": "one"})
