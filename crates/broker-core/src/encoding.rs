//! Three small encodings: `application/x-www-form-urlencoded` (RFC 6749 appendix B), base64url (RFC 4648 §5) and PKCE's S256
//! (RFC 7636 §4.2). By hand, because the crates for the first two are a tenth of the whole broker. All are synchronous,
//! so that a window can open in the click that asks for it. Only writes: what comes in is read by the browser ([`crate::Env`]).

use sha2::{Digest, Sha256};

const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Form text: what is encoded already, and these fields in their order. One without a value is left out: no field here may be empty.
pub(crate) fn form(start: &str, fields: &[(&str, &str)]) -> String {
    let mut text = start.to_owned();
    for (name, value) in fields {
        if value.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push('&');
        }
        escape(&mut text, name);
        text.push('=');
        escape(&mut text, value);
    }
    text
}

fn escape(text: &mut String, plain: &str) {
    for byte in plain.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'-' | b'.' | b'_') {
            text.push(char::from(byte));
        } else {
            text.push('%');
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from(if digit < 10 { b'0' + digit } else { b'A' + (digit - 10) }));
            }
        }
    }
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

/// The S256 challenge of a PKCE verifier.
pub(crate) fn s256(verifier: &str) -> String {
    base64url(&Sha256::digest(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::*;

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
                let ours = form("", &[(name, value), ("x", "1")]);
                let theirs: Vec<_> = form_urlencoded::parse(ours.as_bytes()).into_owned().collect();
                assert_eq!(theirs, [(name.to_owned(), value.to_owned()), ("x".to_owned(), "1".to_owned())]);
            }
        }
    }

    #[test]
    fn an_empty_field_is_not_sent() {
        assert_eq!(form("", &[("a", ""), ("b", "1"), ("c", ""), ("d", "2")]), "b=1&d=2");
        assert_eq!(form("a=%20", &[("b", " "), ("c", "")]), "a=%20&b=%20");
    }

    #[test]
    fn base64url_is_what_the_rfc_says() {
        for text in TEXTS.into_iter().chain(["??>"]) {
            assert_eq!(base64url(text.as_bytes()), BASE64_URL_SAFE_NO_PAD.encode(text));
        }
    }
}
