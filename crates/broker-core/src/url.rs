//! Addresses out of a configuration: what is good enough to be sent a token. Stricter than the browser's parser on purpose
//! (RFC 3986, a small part), so that both always agree on the host: whatever one could read in two ways is refused.

/// An absolute address without user, query or fragment, as it was written but for a final slash.
pub(crate) struct Address {
    text: String,
    host: (usize, usize),
    path: usize,
}

impl Address {
    /// Reads an https address, or an http one of this very machine; none for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let secure = text.starts_with("https://");
        let start = if secure { 8 } else { 7 };
        let text = text.strip_suffix('/').unwrap_or(text);
        let end_of = |part: &str, end: u8| part.bytes().position(|byte| byte == end).unwrap_or(part.len());
        let authority = text.get(start..)?;
        let authority = authority.get(..end_of(authority, b'/'))?;
        let path = start + authority.len();
        let host = if authority.starts_with("[::1]") {
            "[::1]"
        } else {
            authority.get(..end_of(authority, b':'))?
        };
        let port = authority.get(host.len()..)?;
        let loopback = text.starts_with("http://") && is_loopback(host);
        let good = (secure || loopback) && is_host(host) && is_port(port) && is_path(text.get(path..)?);
        good.then(|| Self { text: text.to_owned(), host: (start, start + host.len()), path })
    }

    /// The address without a final slash.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The host without its port.
    pub(crate) fn host(&self) -> &str {
        self.text.get(self.host.0..self.host.1).unwrap_or_default()
    }

    /// Whether there is no path behind scheme, host and port.
    pub(crate) fn is_origin(&self) -> bool {
        self.path == self.text.len()
    }
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
fn is_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let segment =
        |segment: &[u8]| !matches!(segment, b"" | b"." | b"..") && segment.iter().all(|byte| plain(*byte));
    path.is_empty() || path.as_bytes().split(|byte| *byte == b'/').skip(1).all(segment)
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
            assert_eq!(address.host(), host);
            assert_eq!(address.is_origin(), origin, "{text}");
            assert_eq!(address.as_str(), text.strip_suffix('/').unwrap_or(text));
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
