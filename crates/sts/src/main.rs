//! `talxis-sts <configuration.toml>` starts the Security Token Service; `check-config` and `doctor` look before that.
//!
//! Everything is decided in the library; this file only knows about processes.

use std::{error::Error, path::Path, process::ExitCode};
use sts::{Clock, Config, Grade, Server};

/// With a full cache glibc's allocator looks long for each buffer of a request; this one does not.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "\
usage: talxis-sts <configuration.toml>                start the service, until SIGTERM
       talxis-sts check-config <configuration.toml>   read it and every file that it names
       talxis-sts doctor <configuration.toml>         also try Entra: keys, and every credential in every tenant";

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["check-config", path] => examine(Path::new(path), false).await,
        ["doctor", path] => examine(Path::new(path), true).await,
        [path] if !path.starts_with('-') => run(Path::new(path)).await.map(|()| ExitCode::SUCCESS),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("talxis-sts: {error}");
        ExitCode::FAILURE
    })
}

async fn run(configuration: &Path) -> Result<(), Box<dyn Error>> {
    let config = Config::load(configuration)?;
    tracing::subscriber::set_global_default(sts::log::subscriber(std::io::stderr, config.log_level()))?;
    let server = Server::start(config, Clock::system()).await?;
    println!("{}", server.origin());
    if let Some(private) = server.private_address() {
        println!("metrics and details: http://{private}");
    }
    told_to_stop().await?;
    server.shutdown().await;
    Ok(())
}

/// Says what was found; fails if something is wrong.
async fn examine(configuration: &Path, ask_entra: bool) -> Result<ExitCode, Box<dyn Error>> {
    let findings = sts::examine(Config::load(configuration)?, &Clock::system(), ask_entra).await?;
    for finding in &findings {
        println!("{finding}");
    }
    let wrong = findings.iter().filter(|finding| finding.grade == Grade::Bad).count();
    println!("{} looked at, {wrong} wrong", findings.len());
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(unix)]
async fn told_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn told_to_stop() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
