//! `grant_type=refresh_token`: for any resource the client holds, in any tenant the person is in (entra.md §1.4).

use super::{
    Grant, Refresh, TokenRequest, World, check_origin,
    grant::{allow, check_credential},
    tenant,
};
use crate::{
    client_auth::Client,
    directory::Platform,
    errors::{GRANT_INVALID, REFRESH_EXPIRED, REFRESH_INACTIVE, Refusal},
    scope,
    seal::Purpose,
};

pub(super) fn decide<'a>(
    request: &TokenRequest<'_>,
    client: Client<'a>,
    world: &World<'a>,
) -> Result<Grant<'a>, Refusal> {
    let text = request.params.require("refresh_token")?;
    let invalid = || GRANT_INVALID.with("refresh_token");
    let token: Refresh = world.seal.open(Purpose::Refresh, text).ok_or_else(invalid)?;
    if token.client_id != client.app.client_id {
        return Err(invalid());
    }
    check_origin(token.platform, client.app, request.origin, world.origin_check)?;
    check_credential(&client, token.platform)?;
    if token.expires <= world.now {
        let spa = token.platform == Platform::Spa;
        return Err(if spa { &REFRESH_EXPIRED } else { &REFRESH_INACTIVE }.into());
    }
    let tenant = tenant(request, &token.session, world.directory)?;
    // Of several resources the first one counts here; a code redemption would refuse them.
    let ask = scope::read(request.params.get("scope").unwrap_or("openid"), world.directory, Some(tenant))?;
    let mut grant = allow(request, client, tenant, token.session.clone(), ask, world)?;
    grant.refresh = Some(token.next(world.now));
    Ok(grant)
}
