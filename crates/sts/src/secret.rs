//! Texts that must not get out: they have no `Debug`, no `Display` and no `==`, and so cannot be logged or compared by accident.

/// A token, an assertion or a password.
#[derive(Clone)]
pub(crate) struct Secret(Box<str>);

impl Secret {
    pub(crate) fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text. Call this only to put it into a request to Entra or into the answer to the broker.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}
