//! A server as a child of its own, kept on its own processors, and what the system says about it.

use crate::{load::Failure, peers::Peer};
use std::{
    fs, io,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child as Process, Command, Stdio},
    thread,
    time::Duration,
};

/// Servers have this processor for themselves; the generator and the identity provider have the others.
const SERVER_PROCESSOR: &str = "0";
const OWN_PROCESSORS: &str = "1";

/// A running server.
pub(crate) struct Child {
    process: Process,
    address: SocketAddr,
    folder: PathBuf,
}

impl Child {
    /// Starts it and waits until it says where it listens.
    pub(crate) fn start(peer: &Peer, authority: &str) -> Result<Self, Failure> {
        let folder = folder(peer.name)?;
        let arguments = peer.prepare(&folder, authority)?;
        let mut command = pinned(peer.program());
        let mut process = command
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|why| format!("{} could not be started: {why}", peer.program()))?;
        let mut said = String::new();
        let output = process.stdout.take().ok_or("the server has no output")?;
        BufReader::new(output).read_line(&mut said)?;
        let address = said.trim().trim_start_matches("http://").parse();
        let address = address.map_err(|_| format!("{} did not say where it listens: {said:?}", peer.name))?;
        // What it does by itself at the start is not part of any measurement.
        thread::sleep(Duration::from_millis(300));
        Ok(Self { process, address, folder })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        let kilobytes = line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok());
        kilobytes.unwrap_or(0) * 1_024
    }

    /// Time of processor that it has used.
    pub(crate) fn processor_time(&self) -> Duration {
        processor_time(&self.process.id().to_string())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Time of processor that this program has used, the identity provider included.
pub(crate) fn own_processor_time() -> Duration {
    processor_time("self")
}

/// Moves this program off the servers' processor.
pub(crate) fn stay_on_own_processors() {
    let own = std::process::id().to_string();
    let moved =
        Command::new("taskset").args(["-a", "-cp", OWN_PROCESSORS, &own]).stdout(Stdio::null()).status();
    if !moved.is_ok_and(|status| status.success()) {
        eprintln!("processors cannot be kept apart here: everybody shares all of them");
    }
}

fn pinned(program: &str) -> Command {
    let shared = !Command::new("taskset")
        .args(["-c", SERVER_PROCESSOR, "true"])
        .status()
        .is_ok_and(|status| status.success());
    if shared {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", SERVER_PROCESSOR, program]);
    command
}

/// User and system time of a process, from its `stat`: fields 14 and 15, in hundredths of a second.
fn processor_time(process: &str) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// An empty folder for a server's files.
fn folder(name: &str) -> io::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("sts-bench-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
