//! `STS_FUZZ_TARGET=form|token|config` under libFuzzer, with the feature `coverage`; `cargo xtask soak --only sts-fuzz` builds and runs it.
//! Without that feature it only says so: the tests of this crate run the corpus and a number of changes to it.
#![cfg_attr(feature = "coverage", no_main)]

#[cfg(feature = "coverage")]
mod led_by_coverage {
    use std::{env, sync::LazyLock};
    use sts_fuzz::{TARGETS, Target};

    static TARGET: LazyLock<Option<&Target>> = LazyLock::new(|| {
        let name = env::var("STS_FUZZ_TARGET").unwrap_or_default();
        TARGETS.iter().find(|target| target.name == name)
    });

    static PLANT: LazyLock<Option<String>> = LazyLock::new(|| env::var("STS_FUZZ_PLANT").ok());

    libfuzzer_sys::fuzz_target!(|input: &[u8]| {
        let verdict = match *TARGET {
            None => Err("STS_FUZZ_TARGET names no target".to_owned()),
            Some(target) => (target.check)(input, PLANT.as_deref()),
        };
        if let Err(why) = verdict {
            // libFuzzer keeps the input of a process that ends so.
            eprintln!("{why}");
            std::process::abort();
        }
    });
}

#[cfg(not(feature = "coverage"))]
fn main() {
    eprintln!("This is for cargo xtask soak --only sts-fuzz, which builds it with the feature coverage.");
}
