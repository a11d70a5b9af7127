"""`msal` as a web API that acts on behalf of its users, and as a web site that signs them in by code."""

import hashlib
import ssl

import msal

from lines import hear, introduce, tell, wanted

introduce("msal")
certificate = ssl.PEM_cert_to_DER_cert(wanted["certificate"])
client = msal.ConfidentialClientApplication(
    wanted["clientId"],
    authority=wanted["authority"],
    client_credential={"private_key": wanted["privateKey"], "thumbprint": hashlib.sha1(certificate).hexdigest()},
    instance_discovery=False,
)
scopes = wanted["scopes"]

if "assertion" in wanted:
    tell(client.acquire_token_on_behalf_of(wanted["assertion"], scopes))
else:
    flow = client.initiate_auth_code_flow(scopes, redirect_uri=wanted["redirectUri"])
    tell({"go": flow["auth_uri"]})
    tell(client.acquire_token_by_auth_code_flow(flow, hear()))
    tell(client.acquire_token_silent_with_error(scopes, client.get_accounts()[0], force_refresh=True))
