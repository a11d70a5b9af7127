//! Who signed in, as far as callers may know (contract §1, `Account`).

/// The signed-in user. Key user data by tenant and object id, never by the names (entra.md §1.7).
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Account {
    /// The sign-in name, for display only: it changes.
    pub username: String,
    /// The display name.
    pub name: Option<String>,
    /// The tenant that the tokens are for.
    pub tenant_id: String,
    /// The user's object in that tenant.
    pub object_id: String,
    /// The user's object and tenant at home, `<uid>.<utid>`: differs from the two above for guests.
    pub home_account_id: String,
    /// Whether the user's home is another tenant.
    pub guest: bool,
    /// By what Entra knows whose session to end (the claim `login_hint`); empty: it asks. No caller gets it.
    pub login_hint: String,
}
