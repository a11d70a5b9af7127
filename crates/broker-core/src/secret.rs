//! Text that must not leak: tokens, codes, verifiers (design, invariant 10). It has no `Debug`, no `Display`, no equality
//! and no serialisation; whoever needs the text says `expose`, which can be searched for.

use std::{hint::black_box, mem, rc::Rc};

/// A secret text. Clones share it; the last one to go overwrites it.
#[derive(Clone)]
pub struct Secret(Rc<Zeroed>);

struct Zeroed(String);

impl Secret {
    /// Takes a text in.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Rc::new(Zeroed(text)))
    }

    /// The text itself, for the one place that sends it or hands it out.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0.0
    }
}

impl Drop for Zeroed {
    /// Best effort: copies that the browser or the allocator made are out of reach.
    fn drop(&mut self) {
        let mut bytes = mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        black_box(&bytes);
    }
}
