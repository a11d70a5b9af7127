"""`PyJWT` as an API that has never heard of the stand-in: it believes a token by discovery and JWKS alone."""

import json
import ssl
import urllib.request

import jwt

from lines import introduce, tell, wanted

introduce("PyJWT")
trust = ssl.create_default_context(cafile=wanted.get("ca"))
trust.verify_flags |= ssl.VERIFY_X509_STRICT  # what Python does by itself since 3.13
with urllib.request.urlopen(wanted["issuer"] + "/.well-known/openid-configuration", context=trust) as answer:
    discovery = json.load(answer)
keys = jwt.PyJWKClient(discovery["jwks_uri"], ssl_context=trust)
for token in wanted["tokens"]:
    try:
        key = keys.get_signing_key_from_jwt(token)
        claims = jwt.decode(token, key, algorithms=["RS256"], audience=wanted["audience"], issuer=discovery["issuer"])
        tell({"header": jwt.get_unverified_header(token), "claims": claims})
    except jwt.PyJWTError as why:
        tell({"refused": type(why).__name__})
