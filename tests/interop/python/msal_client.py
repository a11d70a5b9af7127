"""`msal` as a web site that signs its users in by code, and as a web API that acts on behalf of them."""

import msal

from lines import hear, introduce, tell, wanted

introduce("msal")
client = msal.ConfidentialClientApplication(
    wanted["clientId"],
    authority=wanted["authority"],
    client_credential=wanted["credential"],
    instance_discovery=False,
)


def told(answer):
    wanted_members = ("access_token", "scope", "id_token_claims", "refresh_token", "error", "error_codes", "error_description")
    return {name: answer[name] for name in wanted_members if name in answer}


if "assertion" in wanted:
    tell(told(client.acquire_token_on_behalf_of(wanted["assertion"], wanted["scopes"])))
else:
    flow = client.initiate_auth_code_flow(wanted["scopes"], redirect_uri=wanted["redirectUri"])
    tell({"go": flow["auth_uri"]})
    tell(told(client.acquire_token_by_auth_code_flow(flow, hear())))
    account = client.get_accounts()[0]
    tell(told(client.acquire_token_silent_with_error(wanted["scopes"], account, force_refresh=True)))
