//! A server as a child of its own, kept on its own processors, and what the system says about it.

use crate::{
    load::Failure,
    peers::{Peer, Place},
    secure::Secure,
};
use std::{
    fs, io,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child as Process, Command, Stdio},
    thread,
    time::Duration,
};

/// Servers have this processor for themselves; the generator and the identity provider have the others.
const SERVER_PROCESSOR: &str = "0";
const OWN_PROCESSORS: &str = "1";

/// What all servers are started with.
pub(crate) struct Estate<'a> {
    pub(crate) authority: &'a str,
    pub(crate) server: &'a str,
    pub(crate) scripts: &'a Path,
    pub(crate) secure: &'a Secure,
}

/// A running server.
pub(crate) struct Child {
    process: Process,
    address: SocketAddr,
    folder: PathBuf,
}

impl Child {
    /// Starts it and waits until it says where it listens.
    pub(crate) fn start(peer: &Peer, estate: &Estate) -> Result<Self, Failure> {
        let folder = folder(peer.name)?;
        let Estate { authority, server, scripts, secure } = *estate;
        let place = Place { folder: folder.clone(), authority, server, scripts };
        let words = (peer.prepare)(&place)?;
        let trusted = secure.write_trusted(&folder)?;
        let mut process = pinned(&words)
            .env("SSL_CERT_FILE", &trusted)
            .env("NODE_EXTRA_CA_CERTS", &trusted)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|why| format!("{} could not be started: {why}", words.join(" ")))?;
        let mut said = String::new();
        let output = process.stdout.take().ok_or("the server has no output")?;
        BufReader::new(output).read_line(&mut said)?;
        let address = said.trim().trim_start_matches("http://").parse();
        let address = address.map_err(|_| format!("{} did not say where it listens: {said:?}", peer.name))?;
        // What it does by itself at the start is not part of any measurement.
        thread::sleep(Duration::from_secs(1));
        Ok(Self { process, address, folder })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resident memory of the server and its own children, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        family(self.process.id()).iter().map(|process| resident(process)).sum()
    }

    /// Time of processor that they have used.
    pub(crate) fn processor_time(&self) -> Duration {
        family(self.process.id()).iter().map(|process| processor_time(process)).sum()
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

fn pinned(words: &[String]) -> Command {
    let shared = !Command::new("taskset")
        .args(["-c", SERVER_PROCESSOR, "true"])
        .status()
        .is_ok_and(|status| status.success());
    let taskset: &[&str] = if shared { &[] } else { &["taskset", "-c", SERVER_PROCESSOR] };
    let mut words = taskset.iter().copied().chain(words.iter().map(String::as_str));
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

/// A process and those that it started.
fn family(process: u32) -> Vec<String> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|child| child.parse().ok()).flat_map(family);
    std::iter::once(process.to_string()).chain(children).collect()
}

fn resident(process: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kilobytes = line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1_024
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
