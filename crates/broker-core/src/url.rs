//! Addresses out of a configuration: what is good enough to be sent a token. Stricter than the browser's parser on purpose
//! (RFC 3986, a small part), so that both always agree on the host: whatever one could read in two ways is refused.

use crate::encoding::split_before;

/// An absolute address without user, query or fragment.
pub(crate) struct Address<'a> {
    /// As it was written but for a final slash.
    pub(crate) text: &'a str,
    /// The host without its port.
    pub(crate) host: &'a str,
    /// Whether there is no path behind scheme, host and port.
    pub(crate) is_origin: bool,
}

impl<'a> Address<'a> {
    /// Reads an https address, or an http one of this very machine; none for anything else.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let (secure, rest) = match text.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("http://")?),
        };
        let (authority, path) = split_before(rest, b'/');
        let (host, port) = match authority.strip_prefix("[::1]") {
            Some(port) => (authority.get(..5)?, port),
            None => split_before(authority, b':'),
        };
        let good = (secure || is_loopback(host)) && is_host(host) && is_port(port) && is_path(path);
        good.then_some(Self { text, host, is_origin: path.is_empty() })
    }
}

/// Scheme, host and port of an address: what stands before the third slash.
pub(crate) fn origin(address: &str) -> &str {
    let end = address.bytes().enumerate().filter(|(_, byte)| *byte == b'/').nth(2);
    end.and_then(|(end, _)| address.get(..end)).unwrap_or(address)
}

/// Whether a host keeps a pin: it is the pin, or ends in a pin that starts with a dot.
pub(crate) fn keeps_pin(host: &str, pin: &str) -> bool {
    host == pin || (pin.starts_with('.') && host.ends_with(pin))
}

/// Lower-case DNS labels, the last of which starts with a letter: a browser could read another one as an IPv4 number.
/// Loopback by its number is the exception.
fn is_host(host: &str) -> bool {
    let mut before = b'.';
    let mut last_label_is_name = false;
    for byte in host.bytes() {
        let at_start = before == b'.';
        match byte {
            b'.' | b'-' if at_start => return false,
            b'.' if before == b'-' => return false,
            b'a'..=b'z' => last_label_is_name |= at_start,
            b'0'..=b'9' => last_label_is_name &= !at_start,
            b'.' | b'-' => {}
            _ => return host == "[::1]",
        }
        before = byte;
    }
    host == "127.0.0.1" || (last_label_is_name && before != b'.' && before != b'-')
}

/// RFC 6761 §6.3 for the name; the numbers as browsers take them for potentially trustworthy.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1" || host == "[::1]"
}

/// Nothing, or a colon and a port in its shortest form.
fn is_port(port: &str) -> bool {
    let Some(number) = port.strip_prefix(':') else { return port.is_empty() };
    let value = number.bytes().try_fold(0_u32, |value, byte| {
        (byte.is_ascii_digit() && value < 65_536).then(|| value * 10 + u32::from(byte - b'0'))
    });
    !number.starts_with('0') && value.is_some_and(|value| (1..65_536).contains(&value))
}

/// Segments that no parser changes: no dots alone, no empty segment, no escapes.
fn is_path(mut path: &str) -> bool {
    while let Some(rest) = path.strip_prefix('/') {
        let (segment, next) = split_before(rest, b'/');
        let plain = segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'));
        if !plain || matches!(segment, "" | "." | "..") {
            return false;
        }
        path = next;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_falls_into_its_parts() {
        for (text, host, origin) in [
            ("https://login.microsoftonline.com", "login.microsoftonline.com", true),
            ("https://login.microsoftonline.com/", "login.microsoftonline.com", true),
            ("https://sts.example:8443/base/path", "sts.example", false),
            ("http://localhost:3000", "localhost", true),
            ("http://login.localhost:65535/", "login.localhost", true),
            ("http://127.0.0.1:80", "127.0.0.1", true),
            ("http://[::1]:9/x", "[::1]", false),
            ("http://[::1]", "[::1]", true),
            ("https://3com.a1.example", "3com.a1.example", true),
        ] {
            let address = Address::parse(text).expect(text);
            assert_eq!(address.host, host);
            assert_eq!(address.is_origin, origin, "{text}");
            assert_eq!(address.text, text.strip_suffix('/').unwrap_or(text));
        }
    }

    #[test]
    fn an_address_that_could_be_read_in_two_ways_is_refused() {
        for wrong in [
            "",
            "https://",
            "https:///path",
            "https:evil.example",
            "HTTPS://login.example",
            "ftp://login.example",
            "javascript://login.example",
            "http://login.example",
            "http://localhost.evil.example",
            "http://evillocalhost",
            "http://127.0.0.2",
            "http://127.1",
            "https://user@login.example",
            "https://login.example@evil.example",
            "https://login.example:443@evil.example/",
            "https://login.example\\@evil.example",
            "https://login.example?x",
            "https://login.example/?x",
            "https://login.example/#x",
            "https://login.example#x",
            "https://login.example /",
            " https://login.example",
            "https://login.example\n",
            "https://login\t.example",
            "https://Login.example",
            "https://login..example",
            "https://login.example.",
            "https://.example",
            "https://-a.example",
            "https://lögin.example",
            "https://login%2eexample",
            "https://2130706433",
            "https://1.2.3",
            "https://1.2.3.4",
            "https://a.1b",
            "https://a-.example",
            "https://0x7f.0.0.0x1",
            "https://[::2]",
            "https://[::1]evil",
            "https://login.example:",
            "https://login.example:0",
            "https://login.example:+443",
            "https://login.example:65536",
            "https://login.example:44:3",
            "https://login.example/a/../b",
            "https://login.example/./b",
            "https://login.example//b",
            "https://login.example/b//",
            "https://login.example//",
            "https://login.example/%2e%2e/b",
            "https://login.example/a b",
        ] {
            assert!(Address::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_pin_is_a_host_or_everything_below_one() {
        assert!(keeps_pin("login.example", "login.example"));
        assert!(keeps_pin("a.b.example", ".example"));
        for (host, pin) in [
            ("evil-login.example", "login.example"),
            ("x.login.example", "login.example"),
            ("example", ".example"),
            ("evilexample", ".example"),
            ("login.example.evil", ".example"),
        ] {
            assert!(!keeps_pin(host, pin), "{host} {pin}");
        }
    }
}
