//! What the environment was asked: for tests that count downloads and Web API calls.

/// One request to the environment's origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRequest {
    /// The HTTP method.
    pub method: String,
    /// The path, decoded, as it was asked for.
    pub path: String,
    /// The query as it was asked for, without the question mark.
    pub query: String,
    /// The status of the answer.
    pub status: u16,
    /// What was asked for.
    pub kind: Kind,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A web resource, by its name in lower case.
    WebResource {
        /// The name.
        name: String,
        /// The version token in the address, digits only; none in an unversioned address.
        version: Option<String>,
    },
    /// `/api/data/`.
    WebApi,
    /// The app's page and the files that make it.
    Page,
}

impl HostRequest {
    /// Whether this is a download of a web resource, in whatever version.
    #[must_use]
    pub fn is_web_resource(&self, named: &str) -> bool {
        matches!(&self.kind, Kind::WebResource { name, .. } if *name == named.to_ascii_lowercase())
    }
}
