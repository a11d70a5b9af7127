//! A client token as it arrives: taken apart, and not to be believed.
//!
//! Everything that a stranger could have written stands in [`Untrusted`]; only `verify` makes a fact of it. The header's
//! `jku`, `x5u`, `jwk` and `x5c` are not even read: keys come from the tenant and from nowhere else (RFC 8725 §3.10).

use crate::{
    ids::{ClientId, ObjectId, TenantId},
    refusal::TokenFault,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// A token whose signature nobody has checked.
pub(crate) struct Presented<'a> {
    /// The whole text.
    pub(crate) text: &'a str,
    /// What the signature is over.
    pub(crate) signed: &'a str,
    pub(crate) signature: Vec<u8>,
    pub(crate) kid: String,
    pub(crate) claims: Untrusted,
}

/// The claims that matter here, as somebody wrote them.
#[derive(Deserialize)]
pub(crate) struct Untrusted {
    pub(crate) aud: String,
    pub(crate) iss: String,
    pub(crate) tid: TenantId,
    pub(crate) ver: String,
    pub(crate) exp: u64,
    pub(crate) nbf: u64,
    pub(crate) oid: Option<ObjectId>,
    pub(crate) azp: Option<ClientId>,
    pub(crate) azpacr: Option<String>,
    pub(crate) scp: Option<String>,
    pub(crate) idtyp: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

impl<'a> Presented<'a> {
    /// Takes a compact JWS apart (RFC 7515 §5.2): three segments, RS256, a `kid`, no critical extension, and v2.0 claims.
    pub(crate) fn read(text: &'a str) -> Result<Self, TokenFault> {
        let (signed, signature) = text.rsplit_once('.').ok_or(TokenFault::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenFault::Malformed)?;
        let header: Header = json(header)?;
        if header.alg != "RS256" {
            return Err(TokenFault::Algorithm);
        }
        if header.crit.is_some() {
            return Err(TokenFault::Malformed);
        }
        let kid = header.kid.ok_or(TokenFault::Malformed)?;
        let claims: Untrusted = json(payload)?;
        if claims.ver != "2.0" {
            return Err(TokenFault::Version);
        }
        Ok(Self { text, signed, signature: bytes(signature)?, kid, claims })
    }
}

/// UTF-8 throughout (RFC 7515 §5.2, step 2): of members that nobody asks for the parser would not see it.
fn json<T: DeserializeOwned>(segment: &str) -> Result<T, TokenFault> {
    let text = String::from_utf8(bytes(segment)?).map_err(|_| TokenFault::Malformed)?;
    serde_json::from_str(&text).map_err(|_| TokenFault::Malformed)
}

/// Base64url without padding; a further dot in the segment is not of its alphabet.
fn bytes(segment: &str) -> Result<Vec<u8>, TokenFault> {
    BASE64_URL_SAFE_NO_PAD.decode(segment).map_err(|_| TokenFault::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIMS: &str =
        r#"{"aud":"a","iss":"i","tid":"70000000-0000-4000-8000-000000000001","ver":"2.0","exp":2,"nbf":1}"#;

    fn read(header: &str, claims: &str) -> Result<(), TokenFault> {
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        Presented::read(&format!("{}.{}.c2ln", encode(header), encode(claims))).map(|_| ())
    }

    #[test]
    fn a_well_formed_token_is_taken_apart_without_being_believed() {
        assert_eq!(read(r#"{"alg":"RS256","kid":"k","jku":"https://evil.example"}"#, CLAIMS), Ok(()));
    }

    #[test]
    fn what_is_not_utf_8_is_refused_even_where_nobody_reads_it() {
        let header = BASE64_URL_SAFE_NO_PAD.encode(b"{\"alg\":\"RS256\",\"kid\":\"k\",\"jku\":\"\xbc\"}");
        let token = format!("{header}.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(CLAIMS));
        assert_eq!(Presented::read(&token).map(|_| ()), Err(TokenFault::Malformed));
    }

    #[test]
    fn only_rs256_is_on_the_list() {
        for alg in ["none", "None", "HS256", "PS256", "ES256", "rs256", ""] {
            let header = format!(r#"{{"alg":"{alg}","kid":"k"}}"#);
            assert_eq!(read(&header, CLAIMS), Err(TokenFault::Algorithm), "{alg}");
        }
    }

    #[test]
    fn a_header_without_kid_or_with_a_critical_extension_is_refused() {
        assert_eq!(read(r#"{"alg":"RS256"}"#, CLAIMS), Err(TokenFault::Malformed));
        assert_eq!(read(r#"{"alg":"RS256","kid":"k","crit":["b64"]}"#, CLAIMS), Err(TokenFault::Malformed));
    }

    #[test]
    fn claims_that_every_token_has_must_be_there_once_and_of_their_type() {
        for broken in [
            CLAIMS.replace(r#""exp":2,"#, ""),
            CLAIMS.replace(r#""nbf":1"#, r#""nbf":"1""#),
            CLAIMS.replace("70000000-", "common-"),
            CLAIMS.replace(r#""aud":"a""#, r#""aud":"a","aud":"b""#),
            CLAIMS.replace(r#""aud":"a""#, r#""aud":["a"]"#),
            "[]".to_owned(),
        ] {
            assert_eq!(read(r#"{"alg":"RS256","kid":"k"}"#, &broken), Err(TokenFault::Malformed), "{broken}");
        }
    }

    #[test]
    fn a_v1_token_is_told_what_its_registration_lacks() {
        let v1 = CLAIMS.replace(r#""ver":"2.0""#, r#""ver":"1.0""#);
        assert_eq!(read(r#"{"alg":"RS256","kid":"k"}"#, &v1), Err(TokenFault::Version));
    }

    #[test]
    fn what_has_not_three_base64url_segments_is_refused() {
        for garbage in ["", ".", "..", "...", "a.b", "e30.e30.e30.e30", "e30=.e30.e30", "🦀.🦀.🦀", "\0"]
        {
            assert!(Presented::read(garbage).is_err(), "{garbage}");
        }
    }
}
