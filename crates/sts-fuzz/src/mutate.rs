//! Changes that a stranger could make, from a number: the same in each run, so that a failure is found again.

/// A source of changed inputs.
pub struct Mutator<'a> {
    state: u64,
    seeds: &'a [(String, Vec<u8>)],
    words: &'a [String],
}

impl<'a> Mutator<'a> {
    /// Over these seeds and words.
    #[must_use]
    pub fn new(number: u64, seeds: &'a [(String, Vec<u8>)], words: &'a [String]) -> Self {
        Self { state: number, seeds, words }
    }

    /// The next input: one of the seeds with one to three changes.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.seed();
        for _ in 0..=self.below(3) {
            self.change(&mut input);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        match self.below(8) {
            0 => {
                let byte = u8::try_from(self.below(256)).unwrap_or_default();
                if let Some(place) = input.get_mut(at) {
                    *place = byte;
                }
            }
            1 => {
                let end = (at + self.below(40)).min(input.len());
                input.drain(at..end);
            }
            2 => {
                let word = self.word();
                input.splice(at..at, word);
            }
            // Much of one byte.
            3 => {
                let many = vec![b'a'; self.below(20_000)];
                input.splice(at..at, many);
            }
            // The end of another.
            4 => {
                let other = self.seed();
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend(other.into_iter().skip(from));
            }
            5 => self.repeat(input),
            // A word of the language in the place of another, which is what a stranger would do.
            _ => {
                let word = self.word();
                let places: Vec<usize> = input
                    .windows(word.len().max(1))
                    .enumerate()
                    .filter_map(|(at, window)| (window == word.as_slice()).then_some(at))
                    .collect();
                let other = self.word();
                if let Some(at) = places.get(self.below(places.len().max(1))) {
                    input.splice(*at..*at + word.len(), other);
                }
            }
        }
    }

    /// A part of it again, from one separator to the next.
    fn repeat(&mut self, input: &mut Vec<u8>) {
        let separator = [b'&', b',', b'\n'].get(self.below(3)).copied().unwrap_or(b'&');
        let parts: Vec<Vec<u8>> = input.split(|byte| *byte == separator).map(<[u8]>::to_vec).collect();
        let part = parts.get(self.below(parts.len())).cloned().unwrap_or_default();
        input.push(separator);
        input.extend(part);
    }

    fn seed(&mut self) -> Vec<u8> {
        let at = self.below(self.seeds.len());
        self.seeds.get(at).map(|seed| seed.1.clone()).unwrap_or_default()
    }

    fn word(&mut self) -> Vec<u8> {
        let at = self.below(self.words.len());
        self.words.get(at).map(|word| word.as_bytes().to_vec()).unwrap_or_default()
    }

    /// A number below this one (SplitMix64).
    fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((word ^ (word >> 31)) % (end.max(1) as u64)).unwrap_or_default()
    }
}
