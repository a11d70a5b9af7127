//! GUIDs (RFC 9562 §4): the form that Entra uses for tenants, applications, users and correlation ids.

use crate::encoding::push_hex;

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

/// A version 4 GUID from unpredictable bytes.
pub(crate) fn from_random(random: [u8; 32]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in random.into_iter().take(16).enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        push_hex(
            &mut text,
            match at {
                6 => byte & 0x0f | 0x40,
                8 => byte & 0x3f | 0x80,
                _ => byte,
            },
            b'a',
        );
    }
    text
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

    #[test]
    fn a_made_guid_says_that_it_is_random() {
        let made = from_random([0xff; 32]);
        assert_eq!(made, "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert!(is_guid(&made));
    }
}
