//! Every reason for which this service itself says no, with the contract's answer to each (§4).
//!
//! The texts are sentences of ours, fixed at compile time, so that nothing of a request can reach an answer or a log in them.

use sts_wire::{ErrorCode, INVALID_SUBJECT_TOKEN};

/// Why an exchange was refused before or instead of asking Entra.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    /// `aud` is no control client of ours.
    #[error("The client token is for an application that is not configured here.")]
    Audience,
    /// The body came so slowly, and so many are on their way from this address, that the oldest had to go.
    #[error("Too many requests are arriving already.")]
    Arriving,
    /// The body ended early or could not be read.
    #[error("The body could not be read.")]
    BodyUnreadable,
    /// The body is over the limit.
    #[error("The body is too large.")]
    BodyTooLarge,
    /// `azp` is not an allowed broker of the control client.
    #[error("The client token was given to an application that may not use this control client.")]
    Broker,
    /// `azpacr` says that the token was given to a confidential client, which a broker never is.
    #[error("The client token was given to a confidential client.")]
    BrokerConfidential,
    /// `client_id` and `azp` differ.
    #[error("The parameter client_id is not the application to which the client token was given.")]
    BrokerParameter,
    /// `claims` is not an object with only an `access_token` object.
    #[error("The parameter claims must be a JSON object with only an access_token member.")]
    Claims,
    /// Too many requests wait for Entra already.
    #[error("Too many requests wait for Entra ID already.")]
    Crowded,
    /// Entra gave no usable answer.
    #[error("Entra ID cannot be reached at the moment.")]
    EntraUnreachable,
    /// The headers are over the limit.
    #[error("The headers are too large.")]
    HeadTooLarge,
    /// The tenant's signing keys are not known and cannot be fetched.
    #[error("The signing keys of the tenant cannot be fetched at the moment.")]
    KeysUnavailable,
    /// The body is not a form.
    #[error("The body must be application/x-www-form-urlencoded.")]
    MediaType,
    /// The address takes another method.
    #[error("This address takes another method.")]
    Method,
    /// The address is none of ours.
    #[error("There is nothing at this address.")]
    NotFound,
    /// No `Origin`, or one that no tenant has.
    #[error("The origin is not allowed.")]
    Origin,
    /// The origin belongs to another tenant than the token.
    #[error("The origin is not allowed for the tenant of the client token.")]
    OriginOfTenant,
    /// A handler panicked.
    #[error("The service failed.")]
    Panicked,
    /// A scope is not in the control client's allow-list.
    #[error("A scope is not allowed for this control client.")]
    Scope,
    /// Scopes of more than one resource.
    #[error("The scopes must be of one resource.")]
    ScopeResources,
    /// The client assertion could not be signed.
    #[error("The client assertion could not be signed.")]
    Signing,
    /// The tenant is not configured, or not for this control client.
    #[error("The tenant may not use this control client.")]
    Tenant,
    /// The request took too long.
    #[error("The request took too long.")]
    TimedOut,
    /// The client token itself is no good.
    #[error(transparent)]
    Token(#[from] TokenFault),
}

/// What is wrong with a client token; a new one may be better.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum TokenFault {
    /// The signature algorithm is not RS256.
    #[error("The client token must be signed with RS256.")]
    Algorithm,
    /// Not for a user, or not with the scope that control clients expose.
    #[error("The client token must be a user's, with the scope access_as_user.")]
    Delegation,
    /// `exp` has passed.
    #[error("The client token has expired.")]
    Expired,
    /// `iss` is not the issuer of `tid`.
    #[error("The client token's issuer is not that of its tenant.")]
    Issuer,
    /// The tenant publishes no such key.
    #[error("The client token is signed with a key that its tenant does not publish.")]
    Key,
    /// Not a JWT, or without a claim that every client token has.
    #[error("The client token cannot be read.")]
    Malformed,
    /// `nbf` has not come.
    #[error("The client token is not valid yet.")]
    NotYetValid,
    /// The signature does not match.
    #[error("The client token's signature is not valid.")]
    Signature,
    /// A v1 token.
    #[error(
        "The client token must be of version 2.0: requestedAccessTokenVersion of its registration must be 2."
    )]
    Version,
}

impl Refusal {
    /// `error` of the answer.
    pub(crate) fn code(self) -> ErrorCode {
        match self {
            Self::Audience
            | Self::Broker
            | Self::BrokerConfidential
            | Self::BrokerParameter
            | Self::Origin
            | Self::OriginOfTenant
            | Self::Tenant => ErrorCode::UnauthorizedClient,
            Self::BodyTooLarge
            | Self::BodyUnreadable
            | Self::Claims
            | Self::HeadTooLarge
            | Self::MediaType
            | Self::Method
            | Self::NotFound
            | Self::Token(_) => ErrorCode::InvalidRequest,
            Self::Arriving
            | Self::Crowded
            | Self::EntraUnreachable
            | Self::KeysUnavailable
            | Self::TimedOut => ErrorCode::TemporarilyUnavailable,
            Self::Panicked | Self::Signing => ErrorCode::ServerError,
            Self::Scope | Self::ScopeResources => ErrorCode::InvalidScope,
        }
    }

    /// The HTTP status: the one of the code, except where HTTP has a word of its own.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::HeadTooLarge => 431,
            Self::Method => 405,
            Self::NotFound => 404,
            other => other.code().status(),
        }
    }

    /// `suberror` of the answer: set where a new client token may help.
    pub(crate) fn suberror(self) -> Option<&'static str> {
        matches!(self, Self::Token(_)).then_some(INVALID_SUBJECT_TOKEN)
    }
}
