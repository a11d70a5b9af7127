//! A short run of every target, and the proof that each notices every check that is removed.

use fuzz::targets;

/// For each target; all of them together take a few seconds.
const EXECUTIONS: u32 = 20_000;

#[test]
fn every_judgement_keeps_its_rules() {
    for target in targets() {
        for seed in [1, 2] {
            let verdict = target.run(EXECUTIONS, seed, None);
            assert!(verdict.is_ok(), "{}: {}", target.name, verdict.unwrap_err());
        }
    }
}

#[test]
fn each_target_notices_each_check_that_is_removed() {
    for target in targets() {
        assert!(!target.plants.is_empty(), "{}", target.name);
        assert!(target.run(EXECUTIONS, 1, None).is_ok(), "{} notices something else", target.name);
        for plant in &target.plants {
            let verdict = target.run(EXECUTIONS, 1, Some(plant));
            assert!(verdict.is_err(), "{} does not notice that {plant} is not checked", target.name);
        }
    }
}
