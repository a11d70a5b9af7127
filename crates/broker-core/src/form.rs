//! `application/x-www-form-urlencoded` text (RFC 6749 appendix B), for bodies and queries.

use form_urlencoded::Serializer;

/// Fields as text, in their order.
pub(crate) fn write<'n, 'v>(fields: impl IntoIterator<Item = (&'n str, &'v str)>) -> String {
    let mut form = Serializer::new(String::new());
    for (name, value) in fields {
        form.append_pair(name, value);
    }
    form.finish()
}
