//! Addresses out of a configuration: what is good enough to be sent a token. Stricter than the browser's parser on purpose
//! (RFC 3986, a small part), so that both always agree on the host: whatever one could read in two ways is refused.

/// An absolute address without user, query or fragment. The texts are as they were written, without a final slash.
#[derive(Clone)]
pub(crate) struct Address {
    text: String,
    host: (usize, usize),
    path: usize,
}

impl Address {
    /// Reads an https address, or an http one of this very machine; none for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (start, secure) = match text.strip_prefix("https://") {
            Some(_) => (8, true),
            None => (text.strip_prefix("http://").map(|_| 7)?, false),
        };
        let rest = text.get(start..)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if !authority.ends_with(']') => is_port(port).then_some(host)?,
            _ => authority,
        };
        if !(is_name(host) || is_ipv4(host) || host == "[::1]")
            || !(secure || is_loopback(host))
            || !is_path(path)
        {
            return None;
        }
        let text = text.trim_end_matches('/').to_owned();
        Some(Self {
            path: (start + authority.len()).min(text.len()),
            host: (start, start + host.len()),
            text,
        })
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
    if pin.starts_with('.') { host.len() > pin.len() && host.ends_with(pin) } else { host == pin }
}

/// Lower-case DNS labels. A last label that starts with a digit could be read as an IPv4 number by a browser.
fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.split('.').all(label)
        && host.rsplit('.').next().is_some_and(|last| !last.starts_with(|first: char| first.is_ascii_digit()))
}

/// Four decimal numbers, each in its shortest form.
fn is_ipv4(host: &str) -> bool {
    let number = |part: &str| part.parse::<u8>().is_ok() && (part == "0" || !part.starts_with(['0', '+']));
    host.split('.').count() == 4 && host.split('.').all(number)
}

/// RFC 6761 §6.3 for the name; the numbers as browsers take them for potentially trustworthy.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1" || host == "[::1]"
}

fn is_port(port: &str) -> bool {
    !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok()
}

/// Segments that no parser changes: no dots alone, no empty segment inside, no escapes.
fn is_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/');
    path.bytes().all(plain)
        && !path.contains("//")
        && !path.split('/').any(|segment| segment == "." || segment == "..")
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
        ] {
            let address = Address::parse(text).expect(text);
            assert_eq!(address.host(), host);
            assert_eq!(address.is_origin(), origin, "{text}");
            assert_eq!(address.as_str(), text.trim_end_matches('/'));
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
            "https://1.2.3.04",
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
            (".example", ".example"),
            ("evilexample", ".example"),
            ("login.example.evil", ".example"),
        ] {
            assert!(!keeps_pin(host, pin), "{host} {pin}");
        }
    }
}
