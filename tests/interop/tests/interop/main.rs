//! The stand-in for Entra, the STS and the packed broker among code that nobody here wrote. One module for each package; each
//! test prints the package and the version that ran.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod claims;
mod msal_browser;
mod msal_node;
mod msal_python;
mod obo_fields;
mod oidc_provider;
mod verifiers;
