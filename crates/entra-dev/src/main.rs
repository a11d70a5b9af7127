//! Serves an estate until Ctrl-C and says where; README.md shows how.

use entra_dev::{Clock, Entra, Options};
use estate::{Certificates, Estate};
use std::{env, error::Error, path::Path, process::ExitCode};

const USAGE: &str = "usage: entra-dev <estate.toml> [--listen 127.0.0.1:8400] [--app http://app.localhost:8300] \
                     [--certificates folder] [--control 127.0.0.1:8401] [--tls]";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("entra-dev: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut estate = None;
    let mut listen = "127.0.0.1:8400".parse()?;
    let mut app = "http://app.localhost:8300".to_owned();
    let mut folder = env::temp_dir().join("entra-dev-certificates");
    let (mut control, mut tls) = (None, false);
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(USAGE);
        match argument.as_str() {
            "--listen" => listen = value()?.parse()?,
            "--app" => app = value()?,
            "--certificates" => folder = value()?.into(),
            "--control" => control = Some(value()?.parse()?),
            "--tls" => tls = true,
            _ => estate = Some(Estate::load(Path::new(&argument))?),
        }
    }
    let estate = estate.ok_or(USAGE)?;
    let certificates = Certificates::ensure(&estate, &folder)?;
    let options = Options { estate, app, certificates, listen, clock: Clock::system() };
    let entra = if tls { Entra::start_tls(options).await? } else { Entra::start(options).await? };
    println!("entra-dev answers at {} (certificates in {})", entra.origin(), folder.display());
    if let Some(pem) = entra.authority_pem() {
        let file = folder.join("authority.pem");
        std::fs::write(&file, pem)?;
        println!("its clients must trust {}", file.display());
    }
    if let Some(control) = control {
        println!("scenarios are controlled at http://{}", entra.open_control(control).await?);
    }
    tokio::signal::ctrl_c().await?;
    Ok(())
}
