//! The kept corpus and a number of changes to it, in each run of the tests; and each target's plants, which it must find.

use sts_fuzz::{Mutator, TARGETS};

/// Changed inputs for each target; `cargo xtask soak --only sts-fuzz` has half an hour.
const SOME: usize = 3_000;
/// Within so many a plant must be found.
const BUDGET: usize = 60_000;

#[test]
fn seeds_are_judged_rightly_and_the_good_ones_accepted() {
    for target in TARGETS {
        let seeds = target.corpus().unwrap();
        assert!(seeds.iter().any(|(name, _)| name.starts_with("good")), "{}", target.name);
        for (name, seed) in seeds {
            assert_eq!((target.check)(&seed, None), Ok(()), "{} {name}", target.name);
            assert_eq!((target.accepts)(&seed), name.starts_with("good"), "{} {name}", target.name);
        }
    }
}

#[test]
fn changed_seeds_are_judged_rightly() {
    for target in TARGETS {
        let (seeds, words) = (target.corpus().unwrap(), target.dictionary().unwrap());
        let mut mutator = Mutator::new(1, &seeds, &words);
        for step in 0..SOME {
            let input = mutator.next_input();
            assert_eq!((target.check)(&input, None), Ok(()), "{}, step {step}", target.name);
        }
    }
}

/// By changing good seeds only: those that show it already are left out.
#[test]
fn a_target_finds_each_check_that_is_removed() {
    for target in TARGETS {
        let (mut seeds, words) = (target.corpus().unwrap(), target.dictionary().unwrap());
        seeds.retain(|(name, _)| name.starts_with("good") || name.starts_with("start"));
        for plant in target.plants {
            let spared = seeds.iter().any(|(_, seed)| (target.check)(seed, Some(plant)).is_ok());
            assert!(spared, "{}: without {plant} everything is wrong", target.name);
            let mut mutator = Mutator::new(2, &seeds, &words);
            let found = (0..BUDGET).find(|_| (target.check)(&mutator.next_input(), Some(plant)).is_err());
            let Some(after) = found else { panic!("{}: nobody misses {plant}", target.name) };
            println!("{}: {plant} is missed after {after} inputs", target.name);
        }
    }
}
