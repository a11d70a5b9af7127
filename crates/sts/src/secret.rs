//! Texts that must not get out: they have no `Debug`, no `Display` and no `==`, and so cannot be logged or compared by accident.

/// A token or an assertion.
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text. Call this only to put it into a request to Entra or into the answer to the broker.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}
