//! Short names between the WebAssembly module and its glue. wasm-bindgen's are long and carry hashes, which no compression shrinks, and
//! each stands in both: together 3 kB of brotli. wasm-opt shortens only what Emscripten writes.

use crate::run::Outcome;

const IMPORTS: u8 = 2;
const EXPORTS: u8 = 7;
/// The module's name for its glue.
const GLUE: &str = "\"./talxis_broker_bg.js\":";

/// Renames all imports and exports in both.
pub(crate) fn shorten(wasm: &[u8], glue: &str) -> Outcome<(Vec<u8>, String)> {
    rewrite(wasm, glue).ok_or_else(|| "The WebAssembly module and its glue do not fit together.".to_owned())
}

fn rewrite(wasm: &[u8], glue: &str) -> Option<(Vec<u8>, String)> {
    let (header, sections) = wasm.split_at_checked(8)?;
    let mut input = Reader(sections);
    let (mut module, mut glue) = (header.to_vec(), replace_once(glue, GLUE, "a:")?);
    while let Some(id) = input.byte() {
        let length = input.number()?;
        let content = input.take(length)?;
        let content = match id {
            IMPORTS => imports(&mut Reader(content), &mut glue)?,
            EXPORTS => exports(&mut Reader(content), &mut glue)?,
            _ => content.to_vec(),
        };
        module.push(id);
        push_bytes(&mut module, &content);
    }
    Some((module, glue))
}

/// Functions only: nothing else can be imported from glue.
fn imports(input: &mut Reader, glue: &mut String) -> Option<Vec<u8>> {
    let count = input.number()?;
    let mut section = Vec::new();
    push_number(&mut section, count);
    for index in 0..count {
        let (_module, name, short) = (input.name()?, input.name()?, short(index));
        *glue = replace_once(glue, &format!(" {name}: function("), &format!(" {short}: function("))?;
        push_bytes(&mut section, b"a");
        push_bytes(&mut section, short.as_bytes());
        section.push(input.byte().filter(|kind| *kind == 0)?);
        push_number(&mut section, input.number()?);
    }
    Some(section)
}

fn exports(input: &mut Reader, glue: &mut String) -> Option<Vec<u8>> {
    let count = input.number()?;
    let mut section = Vec::new();
    push_number(&mut section, count);
    let mut names = Vec::new();
    for index in 0..count {
        let short = short(index);
        push_bytes(&mut section, short.as_bytes());
        names.push((input.name()?, short));
        section.push(input.byte()?);
        push_number(&mut section, input.number()?);
    }
    let mut parts = glue.split("wasm.");
    let mut renamed = parts.next()?.to_owned();
    for part in parts {
        let end =
            part.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(part.len());
        let (name, rest) = part.split_at_checked(end)?;
        let known = names.iter().find(|(long, _)| *long == name);
        renamed.extend(["wasm.", known.map_or(name, |(_, short)| short.as_str()), rest]);
    }
    *glue = renamed;
    Some(section)
}

fn replace_once(text: &str, old: &str, new: &str) -> Option<String> {
    let (before, after) = text.split_once(old)?;
    (!after.contains(old)).then(|| [before, new, after].concat())
}

/// `a` to `z`, then `ba` and so on.
fn short(index: usize) -> String {
    let letter = |digit: usize| (b'a'..=b'z').map(char::from).nth(digit % 26).into_iter();
    if index < 26 {
        letter(index).collect()
    } else {
        short(index / 26).chars().chain(letter(index)).collect()
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// LEB128.
    fn number(&mut self) -> Option<usize> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn name(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        std::str::from_utf8(self.take(length)?).ok()
    }
}

fn push_number(to: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        to.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn push_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    push_number(to, bytes.len());
    to.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "import0 = { __wbg_now_12: function(x) {}, };\nreturn { \"./talxis_broker_bg.js\": import0 };\nwasm.memory.buffer; wasm.start(); wasm.starting();";

    fn module() -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        let mut imports = vec![1];
        push_bytes(&mut imports, b"./talxis_broker_bg.js");
        push_bytes(&mut imports, b"__wbg_now_12");
        imports.extend([0, 0]);
        module.push(IMPORTS);
        push_bytes(&mut module, &imports);
        let mut exports = vec![2];
        push_bytes(&mut exports, b"memory");
        exports.extend([2, 0]);
        push_bytes(&mut exports, b"start");
        exports.extend([0, 1]);
        module.push(EXPORTS);
        push_bytes(&mut module, &exports);
        module
    }

    #[test]
    fn module_and_glue_get_the_same_short_names() {
        let (module, glue) = shorten(&module(), SCRIPT).unwrap();
        assert_eq!(module, b"\0asm\x01\0\0\0\x02\x07\x01\x01a\x01a\0\0\x07\x09\x02\x01a\x02\0\x01b\0\x01");
        assert_eq!(
            glue,
            "import0 = { a: function(x) {}, };\nreturn { a: import0 };\nwasm.a.buffer; wasm.b(); wasm.starting();"
        );
    }

    #[test]
    fn an_import_that_the_glue_lacks_is_refused() {
        assert!(shorten(&module(), &SCRIPT.replace("__wbg_now_12", "__wbg_now_13")).is_err());
    }

    #[test]
    fn numbers_beyond_one_byte_survive() {
        let mut bytes = Vec::new();
        push_number(&mut bytes, 20_000);
        assert_eq!(Reader(&bytes).number(), Some(20_000));
    }

    #[test]
    fn short_names_differ() {
        let names: std::collections::BTreeSet<String> = (0..800).map(short).collect();
        assert_eq!(names.len(), 800);
    }
}
