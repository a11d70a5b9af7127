//! What a caller of the broker is told when a call fails (contract §1). Never holds a token, code, claims value or e-mail
//! in its message: `claims` has a member of its own, and upstream descriptions are not passed on.

/// Why a call failed. The text of each is the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// The caller's `AbortSignal` fired.
    Aborted,
    /// The control client or the backend does not exist in the tenant.
    AppNotInTenant,
    /// Another account signed in than the one Power Apps runs as.
    AccountMismatch,
    /// Blocked by policy; no prompt would help.
    BlockedByPolicy,
    /// The control client is unknown, or not one this broker may ask for.
    ClientNotAllowed,
    /// The configuration breaks a rule; the message names the field.
    ConfigInvalid,
    /// The page's Content-Security-Policy keeps the broker from Entra or the STS; the message names directive and origin.
    ConnectBlockedByCsp,
    /// Consent is missing; `consent_url` is where an administrator gives it.
    ConsentRequired,
    /// The page's Content-Security-Policy keeps a hidden frame from Entra; the user can still sign in in a window.
    FrameBlockedByCsp,
    /// Entra answered with an error that has no code of its own here.
    IdentityProvider,
    /// The user must act, and this call may not ask.
    InteractionRequired,
    /// A fault of the broker itself.
    Internal,
    /// The session is over.
    LoginRequired,
    /// The network, or the authority, cannot be reached.
    Network,
    /// No configuration.
    NotConfigured,
    /// The browser refused to open the sign-in window.
    PopupBlocked,
    /// The sign-in window never answered.
    PopupTimeout,
    /// A scope outside the allow-list, or scopes of several resources.
    ScopeNotAllowed,
    /// The hidden frame never answered.
    SilentTimeout,
    /// The browser keeps nothing, and this needs something kept.
    StorageUnavailable,
    /// The STS refused for a reason that asking again does not change.
    StsRejected,
    /// The STS cannot be reached or is out of order.
    StsUnavailable,
    /// Too many requests.
    Throttled,
    /// The call took longer than its `timeoutMs`.
    TimedOut,
    /// This client has no way to sign in.
    UnsupportedClient,
    /// The user said no.
    UserCancelled,
}

impl Code {
    /// The text in JavaScript.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aborted => "aborted",
            Self::AppNotInTenant => "app_not_in_tenant",
            Self::AccountMismatch => "account_mismatch",
            Self::BlockedByPolicy => "blocked_by_policy",
            Self::ClientNotAllowed => "client_not_allowed",
            Self::ConfigInvalid => "config_invalid",
            Self::ConnectBlockedByCsp => "connect_blocked_by_csp",
            Self::ConsentRequired => "consent_required",
            Self::FrameBlockedByCsp => "frame_blocked_by_csp",
            Self::IdentityProvider => "identity_provider",
            Self::InteractionRequired => "interaction_required",
            Self::Internal => "internal",
            Self::LoginRequired => "login_required",
            Self::Network => "network",
            Self::NotConfigured => "not_configured",
            Self::PopupBlocked => "popup_blocked",
            Self::PopupTimeout => "popup_timeout",
            Self::ScopeNotAllowed => "scope_not_allowed",
            Self::SilentTimeout => "silent_timeout",
            Self::StorageUnavailable => "storage_unavailable",
            Self::StsRejected => "sts_rejected",
            Self::StsUnavailable => "sts_unavailable",
            Self::Throttled => "throttled",
            Self::TimedOut => "timed_out",
            Self::UnsupportedClient => "unsupported_client",
            Self::UserCancelled => "user_cancelled",
        }
    }

    /// A sentence that says what to do, for where no more is known than the code.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::AccountMismatch => {
                "Another account signed in than the one that uses this page: sign in with that one."
            }
            Self::AppNotInTenant => {
                "The control client or its backend is not in this tenant: an administrator adds it at `consentUrl`."
            }
            Self::BlockedByPolicy => "A policy of this tenant blocks the user here: ask an administrator.",
            Self::ClientNotAllowed => {
                "This control client may not be used from here: check its configuration."
            }
            Self::ConsentRequired => {
                "A consent is missing in this tenant: an administrator gives it at `consentUrl`."
            }
            Self::IdentityProvider => {
                "Entra refused the request, or its answer is not to be trusted: see `aadsts`."
            }
            Self::InteractionRequired => "The user must act first: call signIn().",
            Self::LoginRequired => "The session is over: call signIn().",
            Self::Network => "The sign-in service cannot be reached: try again.",
            Self::NotConfigured => "The broker has no configuration.",
            Self::PopupBlocked => {
                "The browser blocked the sign-in window: call signIn() in the handler of a click."
            }
            Self::PopupTimeout => "The sign-in window never answered: call signIn() again.",
            Self::ScopeNotAllowed => "These scopes are not allowed for this control client.",
            Self::SilentTimeout => "Entra did not answer without the user: call signIn().",
            Self::StorageUnavailable => {
                "The browser keeps nothing for this page, which signing in needs here: allow storage."
            }
            Self::StsRejected => "The token service refuses the request: ask its operator.",
            Self::StsUnavailable => "The token service cannot be reached: try again.",
            Self::Throttled => "Too many requests: try again after `retryAfterMs`.",
            Self::UnsupportedClient => "Nobody can sign in here: open this page in a browser tab of its own.",
            Self::UserCancelled => "The user chose not to sign in: nothing prompts until signIn() is called.",
            _ => "The broker failed: try again.",
        }
    }

    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn retryable(self) -> bool {
        matches!(
            self,
            Self::Network | Self::StsUnavailable | Self::Throttled | Self::TimedOut | Self::PopupTimeout
        )
    }

    /// Whether the user signing in again may help.
    #[must_use]
    pub fn interaction_required(self) -> bool {
        matches!(
            self,
            Self::AccountMismatch
                | Self::FrameBlockedByCsp
                | Self::InteractionRequired
                | Self::LoginRequired
                | Self::PopupBlocked
                | Self::PopupTimeout
                | Self::SilentTimeout
                | Self::UserCancelled
        )
    }
}

/// A failed call. Cloned to every caller that waited for the same answer.
#[derive(Clone, Debug)]
pub struct Error {
    /// Why.
    pub code: Code,
    /// A sentence that stands alone and says what to do.
    pub message: String,
    /// The correlation id of the call, a GUID.
    pub correlation_id: Option<String>,
    /// A claims challenge to be met, JSON text.
    pub claims: Option<String>,
    /// Where an administrator consents.
    pub consent_url: Option<String>,
    /// Entra's AADSTS number.
    pub aadsts: Option<u64>,
    /// When to try again, in milliseconds from now.
    pub retry_after_ms: Option<u64>,
}

impl Error {
    /// A failure without upstream details. In a box, like every failure here: results are moved often, and seldom fail.
    #[must_use]
    pub fn new(code: Code, message: &str) -> Box<Self> {
        Box::new(Self {
            code,
            message: message.to_owned(),
            correlation_id: None,
            claims: None,
            consent_url: None,
            aadsts: None,
            retry_after_ms: None,
        })
    }
}

impl From<Code> for Box<Error> {
    /// A failure of which no more is known than its code.
    fn from(code: Code) -> Self {
        Error::new(code, code.sentence())
    }
}

/// The result of anything that may fail in front of a caller.
pub type Result<T> = std::result::Result<T, Box<Error>>;
