//! Measures the Security Token Service beside its peers: one load generator, one identity provider, one set of tokens.
//!
//! `sts-bench --server PROGRAM [--json] [--seconds N] [--users 1,1000,…]`. Each server runs as a child on its own processors,
//! because memory and time of processor cannot be read from inside. It decides nothing about what is good: it prints rows.

mod authority;
mod child;
mod load;
mod peers;
mod report;
mod tokens;

use authority::Authority;
use child::Child;
use load::{Failure, Load, Measured};
use peers::Peer;
use report::Report;
use std::{process::ExitCode, time::Duration};
use tokens::Tokens;

/// Connections of the generator, the same for every server.
const CONNECTIONS: usize = 16;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sts-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What was asked for on the command line.
struct Options {
    server: String,
    json: bool,
    seconds: u64,
    users: Vec<usize>,
}

fn options() -> Result<Options, Failure> {
    let mut options =
        Options { server: String::new(), json: false, seconds: 4, users: vec![1, 1_000, 3_000, 100_000] };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--server" => options.server = value()?,
            "--json" => options.json = true,
            "--seconds" => options.seconds = value()?.parse()?,
            "--users" => options.users = value()?.split(',').map(str::parse).collect::<Result<_, _>>()?,
            other => return Err(format!("what is {other}?").into()),
        }
    }
    if options.server.is_empty() {
        return Err("--server must name the talxis-sts program".into());
    }
    Ok(options)
}

fn run() -> Result<(), Failure> {
    let options = options()?;
    child::stay_on_own_processors();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let most = options.users.iter().copied().max().unwrap_or(1);
    eprintln!("signing client tokens of {most} users");
    let (listener, origin) = Authority::bind()?;
    let tokens = Tokens::sign(most, &origin).map_err(|_| "tokens cannot be signed")?;
    let authority = Authority::serve(listener, tokens.key_set())?;
    let mut report = Report::new(format!(
        "{CONNECTIONS} connections, {} s each; servers on one processor, generator and identity provider on another",
        options.seconds
    ));
    for peer in peers::all(&options.server) {
        runtime.block_on(measure(&peer, &tokens, &authority, &origin, &options, &mut report))?;
    }
    report.print(options.json);
    Ok(())
}

/// All rows of one server.
async fn measure(
    peer: &Peer,
    tokens: &Tokens,
    authority: &Authority,
    origin: &str,
    options: &Options,
    report: &mut Report,
) -> Result<(), Failure> {
    for users in options.users.iter().copied().filter(|users| *users <= peer.most_users) {
        let child = Child::start(peer, origin)?;
        let load = Load::new(child.address(), tokens.requests(users), CONNECTIONS);
        let idle = child.resident();
        eprintln!("{}: {users} users, filling", peer.name);
        // Every user once, which is a miss each: one at a time for the uncached figures, then all of them.
        if users >= 1_000 {
            let slice = Load::new(child.address(), tokens.requests(500), 1).once().await?;
            report.uncached(peer.name, users, &slice, &authority.direct(500).await?);
        }
        load.once().await?;
        let filled = child.resident();
        eprintln!("{}: {users} users, measuring", peer.name);
        load.run(Duration::from_millis(500)).await?;
        let before = child.processor_time();
        let own = child::own_processor_time();
        let cached: Measured = load.run(Duration::from_secs(options.seconds)).await?;
        let spent = child.processor_time().saturating_sub(before);
        let generator = child::own_processor_time().saturating_sub(own);
        report.cached(peer.name, users, &cached, spent, generator);
        report.memory(peer.name, users, idle, filled);
    }
    Ok(())
}
