//! Bytes as the text of a JavaScript string literal: one character per byte, mirrored and moved by a shift that makes the text short. Smaller
//! on the wire than base64, because compression still sees the bytes, and read back in one line (pkg-template/instance.js).

/// A literal, quotes included. A byte is `shift` minus its character's number, modulo 256: mirrored, more of WebAssembly's frequent bytes are
/// characters of one byte, which is 0.5 kB of brotli.
pub(crate) struct Literal {
    pub(crate) text: String,
    pub(crate) shift: u8,
}

/// Writes the bytes with the shift that gives the shortest UTF-8.
pub(crate) fn encode(bytes: &[u8]) -> Literal {
    let mut counts = [0_usize; 256];
    for (count, value) in counts.iter_mut().zip(0..=u8::MAX) {
        *count = bytes.iter().filter(|byte| **byte == value).count();
    }
    let length = |shift: u8| -> usize {
        counts
            .iter()
            .zip(0..=u8::MAX)
            .map(|(count, value)| count * escaped(shift.wrapping_sub(value)).len())
            .sum()
    };
    let shift = (0..=255).min_by_key(|shift| length(*shift)).unwrap_or(0);
    let body: String = bytes.iter().map(|byte| escaped(shift.wrapping_sub(*byte))).collect();
    Literal { text: format!("\"{body}\""), shift }
}

fn escaped(character: u8) -> String {
    match character {
        // Legal as it is, but not everything between here and a browser is made for it.
        0 => "\\x00".to_owned(),
        b'\n' => "\\n".to_owned(),
        b'\r' => "\\r".to_owned(),
        b'"' | b'\\' => format!("\\{}", char::from(character)),
        _ => char::from(character).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(literal: &Literal) -> Vec<u8> {
        let body = literal.text.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
        let body = body.replace("\\x00", "\0").replace("\\n", "\n").replace("\\r", "\r");
        let body = body.replace("\\\"", "\"").replace("\\\\", "\\");
        body.chars()
            .map(|character| literal.shift.wrapping_sub(u8::try_from(u32::from(character)).unwrap()))
            .collect()
    }

    #[test]
    fn every_byte_comes_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&bytes)), bytes);
    }

    #[test]
    fn the_shift_spares_frequent_bytes_their_escape() {
        let literal = encode(&[0, 0, 0, 0]);
        assert_eq!(literal.text.len(), 6);
    }
}
