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
        );
    }
    text
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        push_hex(&mut text, *byte);
    }
    text
}

fn push_hex(text: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        text.push(char::from(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit }));
    }
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

    #[test]
    fn hexadecimal_digits_keep_leading_zeros() {
        assert_eq!(hex(&[0x00, 0x9a, 0xf0]), "009af0");
    }
}
