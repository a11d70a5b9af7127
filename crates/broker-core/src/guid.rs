//! GUIDs (RFC 9562 §4): the form that Entra uses for tenants, applications, users and correlation ids.

/// Whether this is eight-four-four-four-twelve hexadecimal digits. The same rule stands in `sts-wire`.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A GUID in lower case, so that two spellings of one id are one key; none if it is not a GUID.
pub(crate) fn parse(text: &str) -> Option<String> {
    is_guid(text).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_is_a_guid() {
        assert!(is_guid("00000000-0000-4000-8000-00000000000F"));
        for wrong in [
            "",
            "00000000-0000-4000-8000-00000000000",
            "00000000-0000-4000-8000-0000000000000",
            "00000000000000000000000000000000",
            "{0000000-0000-4000-8000-00000000000}",
            "0000000g-0000-4000-8000-000000000000",
            "00000000-0000-4000-8000-00000000000é",
        ] {
            assert!(!is_guid(wrong), "{wrong}");
        }
    }

    #[test]
    fn two_spellings_are_one_id() {
        assert_eq!(
            parse("ABCDEF00-0000-4000-8000-000000000000").as_deref(),
            Some("abcdef00-0000-4000-8000-000000000000")
        );
    }
}
