//! Starts the demo, says where it is, and runs until Ctrl-C.

use demo::{Demo, Options};
use std::{error::Error, path::Path, process::ExitCode};
use tracing_subscriber::filter::LevelFilter;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_max_level(LevelFilter::WARN).with_writer(std::io::stderr).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("demo: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::of_project(Path::new(""))?.with_arguments(std::env::args().skip(1))?;
    let users: Vec<String> = options
        .estate
        .tenants
        .values()
        .flat_map(|tenant| &tenant.users)
        .map(|user| user.username.clone())
        .collect();
    let harness = options.serve_for.clone();
    let demo = Demo::start(options).await?;
    match harness {
        None => println!("The app:   {}", demo.address()),
        Some(harness) => {
            println!("Harness:   {}/ (what {harness} shows, with a broker)", demo.origin());
            println!("Graph:     {} (give it to your control instead of Microsoft's)", demo.graph());
        }
    }
    println!("Users:     {} (no password)", users.join(", "));
    println!("Stop with Ctrl-C.");
    tokio::signal::ctrl_c().await?;
    Ok(())
}
