//! `talxis-sts <configuration.toml>`: starts the Security Token Service and runs until it is told to stop.
//!
//! Everything is decided in the library; this file only knows about processes.

use std::{error::Error, path::Path, process::ExitCode};
use sts::{Clock, Config, Server};
use tracing::level_filters::LevelFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: talxis-sts <configuration.toml>");
        return ExitCode::from(2);
    };
    match run(Path::new(&path)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("talxis-sts: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(configuration: &Path) -> Result<(), Box<dyn Error>> {
    tracing::subscriber::set_global_default(sts::log::subscriber(std::io::stderr, LevelFilter::INFO))?;
    let server = Server::start(Config::load(configuration)?, Clock::system()).await?;
    println!("{}", server.origin());
    told_to_stop().await?;
    server.shutdown().await;
    Ok(())
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
