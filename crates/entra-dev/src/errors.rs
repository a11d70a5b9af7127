//! Entra's errors: one table of AADSTS numbers, and the two forms in which a client meets them (entra.md §1.9, §1.10).
//!
//! The texts imitate Entra's, whose wording is officially unstable: clients must read numbers and members, never prose.
//! As at Entra, a description may name a user; whoever logs one unfiltered has a leak, and should find it here.

use crate::clock::timestamp;
use serde_json::{Value, json};

/// One of Entra's errors.
#[derive(Debug, PartialEq, Eq)]
pub struct Aadsts {
    /// The number.
    pub number: u32,
    /// HTTP status at the token endpoint.
    pub status: u16,
    /// `error` at the token endpoint.
    pub error: &'static str,
    /// `error` on a redirect from the authorization endpoint.
    pub redirect_error: &'static str,
    /// `suberror`.
    pub suberror: Option<&'static str>,
    /// The text after the number; `{}` is filled in.
    pub text: &'static str,
}

macro_rules! table {
    ($($name:ident = $number:literal, $status:literal, $error:literal, $redirect:literal, $suberror:expr, $text:literal;)*) => {
        $(pub(crate) static $name: Aadsts = Aadsts {
            number: $number, status: $status, error: $error, redirect_error: $redirect, suberror: $suberror, text: $text,
        };)*
        impl Aadsts {
            /// The whole table.
            pub const ALL: &'static [&'static Self] = &[$(&$name),*];
        }
    };
}

const BASIC: Option<&str> = Some("basic_action");
const BAD_TOKEN: Option<&str> = Some("bad_token");
const CONSENT: Option<&str> = Some("consent_required");
const MESSAGE: Option<&str> = Some("message_only");
const PASSWORD: Option<&str> = Some("user_password_expired");

table! {
    // Who and where.
    SELECT_ACCOUNT = 16000, 400, "interaction_required", "interaction_required", None, "Either multiple user identities are available for the current request or selected account is not supported for the scenario.";
    SESSION_AMBIGUOUS = 16001, 400, "interaction_required", "interaction_required", None, "The account selection is not valid.";
    SESSION_NOT_FOUND = 160021, 400, "interaction_required", "interaction_required", None, "Application requested a user session which does not exist.";
    ACCOUNT_NOT_ADDED = 16003, 400, "invalid_grant", "interaction_required", None, "The account has not been added to the tenant.";
    BAD_SESSION_SELECTION = 16002, 400, "invalid_grant", "interaction_required", None, "The session selection is not valid.";
    USER_NOT_IN_TENANT = 50020, 400, "invalid_grant", "access_denied", None, "User account '{}' from identity provider '{}' does not exist in tenant '{}' and cannot access the application '{}' in that tenant. The account needs to be added as an external user in the tenant first.";
    USER_UNKNOWN = 50034, 400, "invalid_grant", "invalid_request", None, "The user account {} does not exist in the {} directory.";
    USER_OBJECT_MISSING = 51004, 400, "invalid_grant", "interaction_required", None, "The user account does not exist in the directory.";
    GUEST_PENDING = 50014, 400, "invalid_grant", "interaction_required", None, "The guest user's redemption is in a pending state.";
    EXTERNAL_USER_MISSING = 90072, 400, "invalid_grant", "interaction_required", None, "User account does not exist in the tenant and needs to be added as an external user in the tenant first.";
    NO_SESSION = 50058, 400, "login_required", "login_required", None, "A silent sign-in request was sent but no user is signed in.";
    NOT_ASSIGNED = 50105, 400, "invalid_grant", "access_denied", MESSAGE, "Your administrator has configured the application {} to block users unless they are specifically granted ('assigned') access to the application. The signed-in user '{}' is blocked.";
    TENANT_UNKNOWN = 90002, 400, "invalid_request", "invalid_request", None, "Tenant '{}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.";
    INSTANCE_UNKNOWN = 50049, 400, "invalid_instance", "invalid_request", None, "Unknown or invalid instance.";
    TENANT_MISSING = 50059, 400, "invalid_request", "invalid_request", None, "No tenant-identifying information found in either the request or implied by any provided credentials.";
    TENANT_NOT_SPECIFIED = 90019, 400, "invalid_request", "invalid_request", None, "No tenant-identifying information found in the request.";
    NOT_ON_COMMON = 9001023, 400, "invalid_request", "invalid_request", None, "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.";
    NOT_MULTI_TENANT = 50194, 400, "invalid_request", "invalid_request", None, "Application is not configured as a multi-tenant application. Use a tenant-specific endpoint.";
    USE_TENANT_ENDPOINT = 90124, 400, "invalid_request", "invalid_request", None, "Resource is not supported over the /common or /consumers endpoints. Use a tenant-specific endpoint.";

    // The application.
    APP_NOT_IN_TENANT = 700016, 400, "unauthorized_client", "unauthorized_client", None, "Application with identifier '{}' was not found in the directory '{}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.";
    APP_ID_INVALID = 700038, 400, "unauthorized_client", "unauthorized_client", None, "{} is not a valid application identifier.";
    APP_UNKNOWN = 70001, 400, "unauthorized_client", "unauthorized_client", None, "The application was not found in the directory.";
    APP_MISSING = 700011, 400, "unauthorized_client", "unauthorized_client", None, "The application the request originated from was not found in the directory.";
    APP_DISABLED = 7000112, 400, "unauthorized_client", "unauthorized_client", None, "The application is disabled.";
    OBO_NOT_ALLOWED = 7000114, 400, "unauthorized_client", "unauthorized_client", None, "The application is not allowed to make application on-behalf-of calls.";
    RESOURCE_NOT_IN_TENANT = 500011, 400, "invalid_resource", "invalid_resource", None, "The resource principal named {} was not found in the tenant named {}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.";
    RESOURCE_DISABLED = 50001, 400, "invalid_resource", "invalid_resource", None, "The resource is disabled or does not exist.";
    MISCONFIGURED = 65005, 400, "invalid_client", "invalid_client", None, "The application's required resource access list does not contain applications discoverable by the resource.";
    MISCONFIGURED_APPLICATION = 650056, 400, "invalid_client", "invalid_client", None, "Misconfigured application: the client has not listed any permissions for the resource.";
    RESOURCE_NOT_LISTED = 650057, 400, "invalid_resource", "invalid_resource", None, "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration.";
    NOT_SUBSCRIBED = 650052, 400, "invalid_resource", "invalid_resource", None, "The app needs access to a service that your organization has not subscribed to or enabled.";
    SERVICE_UNAVAILABLE_TO_APP = 650054, 400, "invalid_resource", "invalid_resource", None, "The application asked for permissions to access a resource that has been removed or is no longer available.";
    REDIRECT_MISMATCH = 50011, 400, "invalid_request", "invalid_request", None, "The redirect URI '{}' specified in the request does not match the redirect URIs configured for the application '{}'.";
    NO_REDIRECT_URI = 900971, 400, "invalid_request", "invalid_request", None, "No reply address provided.";
    INVALID_REDIRECT_URI = 70004, 400, "invalid_request", "invalid_request", None, "The application returned an invalid redirect URI.";

    // Form of the request.
    MISSING_PARAMETER = 900144, 400, "invalid_request", "invalid_request", None, "The request body must contain the following parameter: '{}'.";
    MISSING_FIELD = 90014, 400, "invalid_request", "invalid_request", None, "The required field '{}' is missing from the credential.";
    MALFORMED = 9002313, 400, "invalid_request", "invalid_request", None, "Invalid request. Request is malformed or invalid.";
    DUPLICATE_PARAMETER = 9000411, 400, "invalid_request", "invalid_request", None, "The request is not properly formatted. The parameter '{}' is duplicated.";
    POST_ONLY = 900561, 400, "invalid_request", "invalid_request", None, "The endpoint only accepts POST requests. Received a GET request.";
    RESOURCE_PARAMETER = 901002, 400, "invalid_request", "invalid_request", None, "The 'resource' request parameter is not supported.";
    UNSUPPORTED_GRANT = 70003, 400, "unsupported_grant_type", "invalid_request", None, "The app requested an unsupported grant type '{}'.";
    UNSUPPORTED_RESPONSE_MODE = 70007, 400, "invalid_request", "invalid_request", None, "'{}' is not a supported value of 'response_mode' when requesting a token.";
    UNSUPPORTED_RESPONSE_TYPE = 700054, 400, "unsupported_response_type", "unsupported_response_type", None, "response_type '{}' is not enabled for the application.";
    SCOPE_INVALID = 70011, 400, "invalid_scope", "invalid_scope", None, "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {} is not valid.";
    SCOPE_EMPTY = 28003, 400, "invalid_scope", "invalid_scope", None, "Provided value for the input parameter scope can't be empty when requesting an access token using the provided authorization code.";
    SCOPE_NOT_VALID = 28002, 400, "invalid_scope", "invalid_scope", None, "Provided value for the input parameter scope is not valid when requesting an access token.";
    SEVERAL_RESOURCES = 700022, 400, "invalid_request", "invalid_request", None, "The provided value for the input parameter 'scope' is not valid because it contains more than one resource.";
    SELF_TOKEN = 90009, 400, "invalid_request", "invalid_request", None, "Application '{}' is requesting a token for itself. This scenario is supported only if resource is specified using the GUID based App Identifier.";
    SELF_TOKEN_PERMISSION = 90008, 400, "invalid_grant", "access_denied", None, "The user or administrator has not consented to use the application. This happened because the application is misconfigured: it must require access to Microsoft Graph by specifying at least 'Sign in and read user profile' permission.";
    NOT_ON_COMMON_ENDPOINT = 90130, 400, "invalid_request", "invalid_request", None, "Application is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.";
    REDIRECT = 51005, 307, "temporary_redirect", "temporary_redirect", None, "The requested information is located at the URI specified in the location header.";
    CROSS_CLOUD_DENIED = 90038, 400, "invalid_request", "invalid_request", None, "The tenant belongs to another cloud than the one that was called.";
    CROSS_CLOUD_CLIENT = 900432, 400, "invalid_request", "invalid_request", None, "Confidential Client is not supported in Cross Cloud request.";
    CROSS_CLOUD = 900382, 400, "invalid_request", "invalid_request", None, "Confidential Client is not supported in Cross Cloud request.";

    // Single-page applications (entra.md §1.3).
    PKCE_REQUIRED = 9002325, 400, "invalid_request", "invalid_request", None, "Proof Key for Code Exchange is required for cross-origin authorization code redemption.";
    CROSS_ORIGIN_SPA_ONLY = 9002326, 400, "invalid_request", "invalid_request", None, "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: '{}'.";
    CROSS_ORIGIN_REQUIRED = 9002327, 400, "invalid_request", "invalid_request", None, "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.";
    PKCE_METHOD = 50147, 400, "invalid_request", "invalid_request", None, "Missing or unsupported code_challenge_method: only S256 is accepted.";
    PKCE_MISMATCH = 501481, 400, "invalid_grant", "invalid_request", None, "The Code_Verifier does not match the code_challenge supplied in the authorization request.";
    PKCE_SIZE = 501491, 400, "invalid_request", "invalid_request", None, "The size of the code_challenge parameter is not valid. It must be 43 characters of base64url.";

    // Codes, refresh tokens, sessions.
    GRANT_INVALID = 70000, 400, "invalid_grant", "invalid_request", None, "The provided value for the '{}' parameter is not valid.";
    CODE_EXPIRED = 70008, 400, "invalid_grant", "invalid_request", None, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.";
    CODE_REDEEMED = 54005, 400, "invalid_grant", "invalid_request", None, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.";
    REFRESH_EXPIRED = 700084, 400, "invalid_grant", "invalid_request", BAD_TOKEN, "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page.";
    REFRESH_INACTIVE = 700082, 400, "invalid_grant", "invalid_request", BAD_TOKEN, "The refresh token has expired due to inactivity.";
    SESSION_REVOKED = 50173, 400, "invalid_grant", "interaction_required", BAD_TOKEN, "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.";
    SESSION_INVALID = 50132, 400, "invalid_grant", "interaction_required", None, "The session is not valid due to password expiration or recent password change.";
    SESSION_EXPIRED = 50133, 400, "invalid_grant", "interaction_required", None, "Session is invalid due to expiration or recent password change.";
    SIGN_IN_FREQUENCY = 70043, 400, "invalid_grant", "interaction_required", None, "The refresh token has expired or is invalid due to sign-in frequency checks by Conditional Access.";
    ACCOUNT_LOCKED = 50053, 400, "invalid_grant", "invalid_request", None, "The account is locked because the user tried to sign in too many times with an incorrect user ID or password.";
    PASSWORD_EXPIRED = 50055, 400, "invalid_grant", "interaction_required", PASSWORD, "The password is expired.";
    PASSWORD_NULL = 50056, 400, "invalid_grant", "interaction_required", None, "Invalid or null password.";
    ACCOUNT_DISABLED = 50057, 400, "invalid_grant", "interaction_required", None, "The user account is disabled.";
    BAD_PASSWORD = 50126, 400, "invalid_grant", "invalid_request", None, "Error validating credentials due to invalid username or password.";
    AD_PASSWORD_EXPIRED = 50144, 400, "invalid_grant", "interaction_required", PASSWORD, "The user's Active Directory password has expired.";
    KEEP_SIGNED_IN_INTERRUPT = 50140, 400, "interaction_required", "interaction_required", BASIC, "This error occurred due to 'Keep me signed in' interrupt when the user was signing-in.";
    APP_CONFIRMATION_INTERRUPT = 50199, 400, "interaction_required", "interaction_required", BASIC, "For security reasons, user confirmation is required for this request.";
    NEEDS_INTERACTION = 700020, 400, "interaction_required", "interaction_required", BASIC, "The access grant requires interaction.";

    // Consent.
    CONSENT_MISSING = 65001, 400, "invalid_grant", "interaction_required", CONSENT, "The user or administrator has not consented to use the application with ID '{}' named '{}'. Send an interactive authorization request for this user and resource.";
    CONSENT_DECLINED = 65004, 400, "access_denied", "access_denied", None, "User declined to consent to access the app.";
    FIRST_PARTY_ONLY = 65002, 400, "invalid_grant", "access_denied", None, "Consent between first party application and first party resource must be configured via preauthorization.";
    ADMIN_CONSENT_REQUIRED = 90094, 400, "invalid_grant", "access_denied", CONSENT, "{} needs permission to access resources in your organization that only an admin can grant.";
    ADMIN_CONSENT_REQUEST = 90095, 400, "invalid_grant", "access_denied", CONSENT, "Admin consent is required for the permissions requested by this application. An admin consent request may be sent to the admin.";
    SSO_CONFIRMATION = 9002341, 400, "interaction_required", "interaction_required", BASIC, "User is required to permit SSO.";

    // Conditional Access.
    SECOND_FACTOR = 50076, 400, "interaction_required", "interaction_required", BASIC, "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '{}'.";
    SECOND_FACTOR_ENROLMENT = 50079, 400, "interaction_required", "interaction_required", BASIC, "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access the resource.";
    SECOND_FACTOR_ENROLL = 50072, 400, "interaction_required", "interaction_required", BASIC, "The user must enroll in multi-factor authentication to access the resource.";
    SECOND_FACTOR_STRONG = 50074, 400, "interaction_required", "interaction_required", BASIC, "Strong authentication is required and the user did not pass the MFA challenge.";
    SECOND_FACTOR_EXPIRED = 50078, 400, "interaction_required", "interaction_required", BASIC, "Presented multi-factor authentication has expired due to policies configured by your administrator.";
    EXTERNAL_CHALLENGE = 50158, 400, "interaction_required", "interaction_required", BASIC, "External security challenge was not satisfied.";
    DEVICE_AUTHENTICATION = 50097, 400, "interaction_required", "interaction_required", BASIC, "Device authentication is required.";
    DEVICE_NOT_JOINED = 50129, 400, "interaction_required", "interaction_required", MESSAGE, "Device is not workplace joined. Workplace join is required to register the device.";
    DEVICE_FAILED = 50155, 400, "interaction_required", "interaction_required", MESSAGE, "Device authentication failed for this user.";
    DEVICE_AUTHENTICATION_FAILED = 50187, 400, "interaction_required", "interaction_required", MESSAGE, "Failed to perform device authentication.";
    RESET_REGISTRATION = 50125, 400, "interaction_required", "interaction_required", BASIC, "Sign-in was interrupted because of a password reset or password registration entry.";
    BROKER_APP_NEEDED = 50127, 400, "interaction_required", "interaction_required", MESSAGE, "The user needs to install a broker application to gain access to this content.";
    ACCESS_POLICY_FAILED = 50131, 400, "interaction_required", "interaction_required", MESSAGE, "Device is not in required device state, or the request was blocked due to suspicious activity, access policy, or security policy decisions.";
    DEVICE_NOT_COMPLIANT = 53000, 400, "invalid_grant", "access_denied", MESSAGE, "Your device is required to be managed to access this resource.";
    DEVICE_NOT_DOMAIN_JOINED = 53001, 400, "invalid_grant", "access_denied", MESSAGE, "Your device is required to be domain joined to access this resource.";
    APPLICATION_NOT_APPROVED = 53002, 400, "invalid_grant", "access_denied", MESSAGE, "The application is not approved by Conditional Access.";
    BLOCKED_BY_POLICY = 53003, 400, "invalid_grant", "access_denied", MESSAGE, "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.";
    PROOF_UP_BLOCKED = 53004, 400, "invalid_grant", "access_denied", MESSAGE, "User needs to complete multi-factor authentication registration before accessing this content.";
    SECURITY_DEFAULTS = 530032, 400, "invalid_grant", "access_denied", MESSAGE, "Blocked by security policy.";
    SECURITY_DEFAULTS_LEGACY = 530035, 400, "invalid_grant", "access_denied", MESSAGE, "Access has been blocked by security defaults.";
    RISK_BLOCK = 53010, 400, "invalid_grant", "access_denied", MESSAGE, "The request is blocked because the user's risk is too high for this registration.";
    RISK_BLOCK_USER = 53011, 400, "invalid_grant", "access_denied", MESSAGE, "User blocked due to risk on home tenant.";
    TENANT_RESTRICTED = 500021, 400, "invalid_grant", "access_denied", MESSAGE, "Access to the tenant is denied.";
    TENANT_RESTRICTED_BY_POLICY = 500022, 400, "invalid_grant", "access_denied", MESSAGE, "Access to the tenant is denied by policy.";
    OUTBOUND_BLOCKED = 500212, 400, "invalid_grant", "access_denied", MESSAGE, "The user's administrator has set an outbound access policy that does not allow access to the resource tenant.";
    INBOUND_BLOCKED = 500213, 400, "invalid_grant", "access_denied", MESSAGE, "The resource tenant's cross-tenant access policy does not allow this user to access this tenant.";

    // Confidential clients (entra.md §2.2, §2.8).
    CREDENTIAL_MISSING = 7000218, 401, "invalid_client", "invalid_client", None, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
    SECRET_INVALID = 7000215, 401, "invalid_client", "invalid_client", None, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{}'.";
    SECRET_EXPIRED = 7000222, 401, "invalid_client", "invalid_client", None, "The provided client secret keys for app are expired.";
    CREDENTIAL_INVALID = 70002, 401, "invalid_client", "invalid_client", None, "Error validating credentials.";
    CLIENT_IS_PUBLIC = 700025, 401, "invalid_client", "invalid_client", None, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.";
    CERTIFICATE_UNKNOWN = 700027, 401, "invalid_client", "invalid_client", None, "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - {}, Thumbprint of key used by client: '{}']";
    CERTIFICATE_REVOKED = 7000214, 401, "invalid_client", "invalid_client", None, "Certificate has been revoked.";
    CERTIFICATE_NOT_TRUSTED = 7000274, 401, "invalid_client", "invalid_client", None, "The certificate used to sign the client assertion is not trusted.";
    CERTIFICATE_NOT_VALID = 7000277, 401, "invalid_client", "invalid_client", None, "The certificate used to sign the client assertion is not valid.";
    CERTIFICATE_EXPIRED = 1000502, 401, "invalid_client", "invalid_client", None, "The provided certificate is not within its specified validity period.";
    SUBJECT_NAME_NOT_AUTHORISED = 700030, 401, "invalid_client", "invalid_client", None, "Invalid certificate - subject name in certificate is not authorized.";
    CLIENT_ASSERTION_EXPIRED = 700024, 401, "invalid_client", "invalid_client", None, "Client assertion is not within its valid time range.";
    CLIENT_ASSERTION_AUDIENCE = 700023, 401, "invalid_client", "invalid_client", None, "Client assertion audience claim does not match Realm issuer.";
    CLIENT_ASSERTION_CLIENT = 700021, 401, "invalid_client", "invalid_client", None, "Client assertion application identifier doesn't match 'client_id' parameter.";
    CLIENT_ASSERTION_SUBJECT = 50048, 401, "invalid_client", "invalid_client", None, "Subject mismatches Issuer claim in the client assertion.";
    CLIENT_ASSERTION_INVALID = 50012, 401, "invalid_client", "invalid_client", None, "Authentication failed: the client assertion contains an invalid signature.";
    FEDERATED_ISSUER = 700211, 401, "invalid_client", "invalid_client", None, "No matching federated identity record found for presented assertion issuer '{}'.";
    FEDERATED_AUDIENCE = 700212, 401, "invalid_client", "invalid_client", None, "No matching federated identity record found for presented assertion audience '{}'.";
    FEDERATED_SUBJECT = 700213, 401, "invalid_client", "invalid_client", None, "No matching federated identity record found for presented assertion subject '{}'.";
    FEDERATED_APP_ONLY = 700229, 401, "invalid_client", "invalid_client", None, "Only app-only tokens can be used as Federated Identity Credentials for Entra issuer.";

    // On-behalf-of (entra.md §2.3).
    ASSERTION_INVALID = 50013, 400, "invalid_grant", "invalid_grant", None, "Assertion failed signature validation. [Reason - {}]";
    ASSERTION_AUDIENCE = 500131, 400, "invalid_grant", "invalid_grant", None, "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was '{}' and the expected audience is '{}' or one of the Application Uris of this application with App ID '{}'.";
    ASSERTION_EXPIRED = 500133, 400, "invalid_grant", "invalid_grant", None, "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token.";
    ASSERTION_MALFORMED = 50027, 400, "invalid_request", "invalid_request", None, "JWT token is invalid or malformed. [Reason - {}]";
    ASSERTION_IS_ID_TOKEN = 240002, 400, "invalid_grant", "invalid_grant", None, "Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant.";
    CUSTOM_KEY_REQUIRED = 50146, 400, "invalid_request", "invalid_request", None, "This application is required to be configured with an application-specific signing key.";
    CUSTOM_KEY = 501461, 400, "invalid_request", "invalid_request", None, "AcceptMappedClaims is only supported for a token audience matching the application GUID or an audience within the tenant's verified domains.";

    // Weather.
    REQUEST_LOOP = 50196, 400, "invalid_grant", "invalid_request", None, "The server terminated an operation because it encountered a client request loop. Please contact your app vendor.";
    THROTTLED = 90055, 429, "temporarily_unavailable", "temporarily_unavailable", None, "The server terminated an operation because it encountered too many requests.";
    TRY_AGAIN = 90033, 503, "temporarily_unavailable", "temporarily_unavailable", None, "A transient error has occurred. Please try again.";
    TRANSIENT_PARSE = 90006, 503, "temporarily_unavailable", "temporarily_unavailable", None, "The service is temporarily unavailable.";
    TIMED_OUT = 90012, 503, "temporarily_unavailable", "temporarily_unavailable", None, "The request has timed out.";
    TRANSIENT_FAULT = 90024, 503, "temporarily_unavailable", "temporarily_unavailable", None, "A transient error has occurred. Please try again.";
    MSODS_UNAVAILABLE = 50033, 503, "temporarily_unavailable", "temporarily_unavailable", None, "A transient error has occurred in the directory. Please try again.";
    TRANSIENT_KEYS = 50087, 503, "temporarily_unavailable", "temporarily_unavailable", None, "A transient error has occurred during strong authentication. Please try again.";
    TELECOM_LIMIT = 50088, 503, "temporarily_unavailable", "temporarily_unavailable", None, "Limit on telecom multi-factor authentication calls reached. Please try again in a few minutes.";
    GRAPH_RETRYABLE = 90090, 503, "temporarily_unavailable", "temporarily_unavailable", None, "The service is temporarily retryable. Please try again.";
}

impl Aadsts {
    /// The error with this number, if the table has it.
    #[must_use]
    pub fn find(number: u32) -> Option<&'static Self> {
        Self::ALL.iter().find(|aadsts| aadsts.number == number).copied()
    }
}

/// A refused request: which error, with what filled in.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) aadsts: &'static Aadsts,
    pub(crate) claims: Option<String>,
    details: Vec<String>,
}

impl From<&'static Aadsts> for Refusal {
    fn from(aadsts: &'static Aadsts) -> Self {
        Self { aadsts, claims: None, details: Vec::new() }
    }
}

impl Aadsts {
    /// Fills in the next `{}`.
    pub(crate) fn with(&'static self, detail: impl Into<String>) -> Refusal {
        Refusal::from(self).with(detail)
    }
}

impl Refusal {
    /// Fills in the next `{}`.
    pub(crate) fn with(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// Adds a claims challenge.
    pub(crate) fn claims(mut self, claims: String) -> Self {
        self.claims = Some(claims);
        self
    }

    /// `error_description`.
    pub(crate) fn description(&self, ids: &Ids) -> String {
        let mut text = String::new();
        let mut details = self.details.iter();
        for (place, part) in self.aadsts.text.split("{}").enumerate() {
            if place > 0 {
                text.push_str(details.next().map_or("", String::as_str));
            }
            text.push_str(part);
        }
        let Ids { trace_id, correlation_id, now } = ids;
        let number = self.aadsts.number;
        let at = timestamp(*now);
        format!(
            "AADSTS{number}: {text} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {at}"
        )
    }

    /// The body at the token endpoint.
    pub(crate) fn body(&self, ids: &Ids, origin: &str) -> Value {
        let mut body = json!({
            "error": self.aadsts.error,
            "error_description": self.description(ids),
            "error_codes": [self.aadsts.number],
            "timestamp": timestamp(ids.now),
            "trace_id": ids.trace_id,
            "correlation_id": ids.correlation_id,
        });
        if let Some(members) = body.as_object_mut() {
            // Captured from Entra: these two kinds carry no link.
            if !matches!(self.aadsts.error, "unauthorized_client" | "unsupported_grant_type") {
                members.insert(
                    "error_uri".to_owned(),
                    format!("{origin}/error?code={}", self.aadsts.number).into(),
                );
            }
            if let Some(suberror) = self.aadsts.suberror {
                members.insert("suberror".to_owned(), suberror.into());
            }
            if let Some(claims) = &self.claims {
                members.insert("claims".to_owned(), claims.as_str().into());
            }
        }
        body
    }
}

/// What every answer is traced by.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    pub(crate) trace_id: String,
    pub(crate) correlation_id: String,
    pub(crate) now: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_stands_twice_in_the_table() {
        let mut numbers: Vec<u32> = Aadsts::ALL.iter().map(|aadsts| aadsts.number).collect();
        numbers.sort_unstable();
        let before = numbers.len();
        numbers.dedup();
        assert_eq!(numbers.len(), before);
    }

    #[test]
    fn a_body_has_the_members_that_clients_read() {
        let ids = Ids { trace_id: "t".into(), correlation_id: "c".into(), now: 0 };
        let refusal = SECOND_FACTOR.with("r").claims("{}".into());
        let body = refusal.body(&ids, "http://login");
        assert_eq!(body["error"], "interaction_required");
        assert_eq!(body["suberror"], "basic_action");
        assert_eq!(body["claims"], "{}");
        assert_eq!(body["error_codes"][0], 50076);
        let description = body["error_description"].as_str().unwrap();
        assert!(description.contains("access 'r'."), "{description}");
        assert!(description.ends_with("Trace ID: t Correlation ID: c Timestamp: 1970-01-01 00:00:00Z"));
    }
}
