//! Targets: each a way in for foreign input, an honest input with edits that a stranger could make, the product's own judgement of it,
//! and rules that every judgement keeps. The rules are written from the contract and the standards, not from the code.
//!
//! A target also has *plants*: the same judgement as it would be with one check removed. Removing a check is the same as making the
//! input pass it, so a plant mends the input and leaves the product alone. A target that does not notice its plants is worth nothing,
//! which `tests/fuzz.rs` sees to.

mod edit;
mod targets;

pub use targets::targets;

use proptest::{
    strategy::{BoxedStrategy, Strategy},
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};
use std::fmt::Debug;

/// What a rule says of a judgement: nothing, or which rule it breaks.
pub type Verdict = Result<(), String>;

/// A check by its name, and what makes an input pass it.
pub type Plant<C> = (&'static str, fn(&mut C));

type Run = Box<dyn Fn(&mut TestRunner, Option<&'static str>) -> Verdict>;

/// A way in for foreign input.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// The checks that can be removed from it.
    pub plants: Vec<&'static str>,
    run: Run,
}

impl Target {
    /// `judge` is the product; a plant changes the input so that one check passes; `rule` looks at both.
    pub fn new<C: Clone + Debug + 'static, J: 'static>(
        name: &'static str,
        inputs: impl Strategy<Value = C> + 'static,
        judge: fn(&C) -> J,
        rule: fn(&C, &J) -> Verdict,
        plants: &[Plant<C>],
    ) -> Self {
        let (inputs, mendings): (BoxedStrategy<C>, Vec<_>) = (inputs.boxed(), plants.to_vec());
        let run = move |runner: &mut TestRunner, plant: Option<&str>| {
            let mending = mendings.iter().find(|(name, _)| Some(*name) == plant).map(|(_, mend)| *mend);
            let tested = runner.run(&inputs, |input| {
                let mut judged = input.clone();
                if let Some(mend) = mending {
                    mend(&mut judged);
                }
                rule(&input, &judge(&judged)).map_err(TestCaseError::fail)
            });
            tested.map_err(|why| match why {
                TestError::Fail(rule, input) => format!("{rule}: {input:?}"),
                TestError::Abort(why) => why.to_string(),
            })
        };
        Self { name, plants: plants.iter().map(|(name, _)| *name).collect(), run: Box::new(run) }
    }

    /// Runs so many executions; equal seeds give equal inputs.
    ///
    /// # Errors
    /// The rule that was broken, and the smallest input that breaks it.
    pub fn run(&self, executions: u32, seed: u64, plant: Option<&'static str>) -> Verdict {
        let config = Config { cases: executions, failure_persistence: None, ..Config::default() };
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(seed.to_le_bytes()).for_each(|(to, from)| *to = from);
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        (self.run)(&mut TestRunner::new_with_rng(config, rng), plant)
    }
}

/// `rule` as a sentence, if it is broken.
pub(crate) fn must(holds: bool, rule: &str) -> Verdict {
    if holds { Ok(()) } else { Err(rule.to_owned()) }
}
