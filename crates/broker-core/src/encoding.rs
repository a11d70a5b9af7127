//! Three small encodings: `application/x-www-form-urlencoded` (RFC 6749 appendix B), base64url (RFC 4648 §5) and PKCE's S256
//! (RFC 7636 §4.2). By hand, because the crates for the first two are a tenth of the whole broker. All are synchronous,
//! so that a window can open in the click that asks for it.

use sha2::{Digest, Sha256};

const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Fields as form text, in their order. One without a value is left out: no field here may be empty.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        push_field(&mut text, name, value);
    }
    text
}

/// One more field of form text, unless it has no value.
pub(crate) fn push_field(text: &mut String, name: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push('&');
    }
    escape(text, name);
    text.push('=');
    escape(text, value);
}

fn escape(text: &mut String, plain: &str) {
    for byte in plain.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'-' | b'.' | b'_') {
            text.push(char::from(byte));
        } else {
            text.push('%');
            push_hex(text, byte, b'A');
        }
    }
}

/// The fields of form text; none if it is not the form of any text.
pub(crate) fn parse_form(mut text: &str) -> Option<Vec<(String, String)>> {
    let mut fields = Vec::new();
    loop {
        let (field, rest) = split_before(text, b'&');
        let (name, value) = split_before(field, b'=');
        fields.push((unescape(name)?, unescape(value.get(1..).unwrap_or_default())?));
        match rest.get(1..) {
            Some(next) => text = next,
            None => return Some(fields),
        }
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut plain = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(bytes.next()?)? << 4 | hex_digit(bytes.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(plain).ok()
}

/// What comes before the first of this byte, and the rest; all and nothing if it is not there. By hand, because each kind of
/// text pattern of the standard library is code of its own.
pub(crate) fn split_before(text: &str, byte: u8) -> (&str, &str) {
    let at = text.bytes().position(|other| other == byte).unwrap_or(text.len());
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// Bytes in base64url without padding.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 1);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 6 {
            bits -= 6;
            push_base64url(&mut text, held >> bits);
        }
    }
    if bits > 0 {
        push_base64url(&mut text, held << (6 - bits));
    }
    text
}

fn push_base64url(text: &mut String, bits: u32) {
    text.push(char::from(BASE64URL.get((bits & 63) as usize).copied().unwrap_or_default()));
}

/// The text in base64url without padding; none if there is none.
pub(crate) fn parse_base64url(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut held, mut bits) = (0_u32, 0);
    for digit in text {
        let value = BASE64URL.iter().position(|other| other == digit)?;
        held = held << 6 | u32::try_from(value).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 255) as u8);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        push_hex(&mut text, *byte, b'a');
    }
    text
}

/// One byte as two hexadecimal digits; `ten` is the digit for ten.
pub(crate) fn push_hex(text: &mut String, byte: u8, ten: u8) {
    for digit in [byte >> 4, byte & 15] {
        text.push(char::from(if digit < 10 { b'0' + digit } else { ten + (digit - 10) }));
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The S256 challenge of a PKCE verifier.
pub(crate) fn s256(verifier: &str) -> String {
    base64url(&Sha256::digest(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts that an encoding may stumble over.
    const TEXTS: [&str; 7] = ["", "a", "ab", "abc", "a b+c&d=e%f", "Dvořák 🦀", "*-._~/?#\r\n\0\u{7f}"];

    #[test]
    fn the_example_of_rfc_7636_appendix_b_comes_out() {
        let random = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105,
            214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let verifier = base64url(&random);
        assert_eq!(verifier, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(s256(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn forms_are_what_the_url_standard_says() {
        for name in TEXTS.into_iter().skip(1) {
            for value in TEXTS.into_iter().skip(1) {
                let ours = form(&[(name, value), ("x", "1")]);
                let theirs: Vec<_> = form_urlencoded::parse(ours.as_bytes()).into_owned().collect();
                assert_eq!(theirs, [(name.to_owned(), value.to_owned()), ("x".to_owned(), "1".to_owned())]);
                let theirs =
                    form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
                assert_eq!(parse_form(&theirs), Some(vec![(name.to_owned(), value.to_owned())]));
            }
        }
    }

    #[test]
    fn an_empty_field_is_not_sent() {
        assert_eq!(form(&[("a", ""), ("b", "1"), ("c", ""), ("d", "2")]), "b=1&d=2");
    }

    #[test]
    fn a_form_is_read_field_by_field() {
        let read = |text| {
            parse_form(text).map(|fields| fields.into_iter().map(|f| f.0 + "|" + &f.1).collect::<Vec<_>>())
        };
        assert_eq!(read("a=1&b&=c&a=x=y&").unwrap_or_default(), ["a|1", "b|", "|c", "a|x=y", "|"]);
        for wrong in ["a=%", "a=%4", "a=%4g", "a=%ff"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn base64url_goes_there_and_back() {
        for (text, encoded) in
            [("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("??>", "Pz8-")]
        {
            assert_eq!(base64url(text.as_bytes()), encoded);
        }
        for text in TEXTS {
            assert_eq!(parse_base64url(base64url(text.as_bytes()).as_bytes()).as_deref(), Some(text));
        }
        for wrong in ["Zg==", "Z+", "Z/", "Zm 9v", "_w"] {
            assert_eq!(parse_base64url(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn hexadecimal_digits_keep_leading_zeros() {
        assert_eq!(hex(&[0x00, 0x9a, 0xf0]), "009af0");
    }
}
