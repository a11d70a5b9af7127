//! Measures the Security Token Service beside its peers: one load generator, one identity provider, one set of tokens.
//!
//! `sts-bench --server PROGRAM --scripts FOLDER [--json] [--seconds N] [--users 1,1000,…] [--only ours,best]`. Each server runs as a
//! child on its own processors, because memory and time of processor cannot be read from inside. It decides nothing about what is
//! good: it prints rows. With `--soak N` it measures nothing, and sends so many exchanges to ours to see that each is answered rightly.

mod authority;
mod child;
mod load;
mod peers;
mod report;
mod secure;
mod soak;
mod tokens;

use authority::Authority;
use child::{Child, Estate};
use load::{Failure, Load, Measured};
use peers::Peer;
use report::Report;
use secure::Secure;
use std::{path::PathBuf, process::ExitCode, time::Duration};
use tokens::{Holder, SCOPE, Tokens};

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
    scripts: PathBuf,
    json: bool,
    seconds: u64,
    users: Vec<usize>,
    only: Option<String>,
    soak: Option<usize>,
}

fn options() -> Result<Options, Failure> {
    let mut options = Options {
        server: String::new(),
        scripts: PathBuf::new(),
        json: false,
        seconds: 4,
        users: vec![1, 1_000, 3_000, 100_000],
        only: None,
        soak: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--server" => options.server = value()?,
            "--scripts" => options.scripts = value()?.into(),
            "--only" => options.only = Some(value()?),
            "--soak" => options.soak = Some(value()?.parse()?),
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
    let holders =
        if options.soak.is_some() { soak::holders() } else { (0..most).map(Holder::user).collect() };
    eprintln!("signing {} client tokens", holders.len());
    let (listener, origin) = Authority::bind()?;
    let tokens = Tokens::sign(&holders, &origin).map_err(|_| "tokens cannot be signed")?;
    let secure = Secure::new()?;
    let authority = Authority::serve(listener, &secure, tokens.key_set())?;
    let estate =
        Estate { authority: &origin, server: &options.server, scripts: &options.scripts, secure: &secure };
    if let Some(count) = options.soak {
        return runtime.block_on(soak::soak(count, &tokens, &authority, &estate));
    }
    let mut report = Report::new(format!(
        "{CONNECTIONS} connections, {} s each; servers on one processor, generator and identity provider on another, TLS between \
         them and the identity provider",
        options.seconds
    ));
    let chosen =
        |peer: &Peer| options.only.as_ref().is_none_or(|only| only.split(',').any(|one| one == peer.name));
    for peer in peers::ALL.iter().filter(|peer| chosen(peer)) {
        runtime.block_on(measure(peer, &tokens, &authority, &estate, &options, &mut report))?;
    }
    report.print(options.json);
    Ok(())
}

/// All rows of one server.
async fn measure(
    peer: &Peer,
    tokens: &Tokens,
    authority: &Authority,
    estate: &Estate<'_>,
    options: &Options,
    report: &mut Report,
) -> Result<(), Failure> {
    for users in options.users.iter().copied().filter(|users| *users <= peer.most_users) {
        let child = Child::start(peer, estate)?;
        let load = Load::new(child.address(), tokens.requests(users, SCOPE), CONNECTIONS);
        let idle = child.resident();
        eprintln!("{}: {users} users, filling", peer.name);
        // Every user once, which is a miss each: one at a time for the uncached figures, then all of them.
        if users >= 1_000 {
            let slice = Load::new(child.address(), tokens.requests(500, SCOPE), 1).once().await?;
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
