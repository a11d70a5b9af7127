//! The program itself as a child process, and a balancer in front of several.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sts-operations").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The program, as a child.
pub(crate) struct Program(Child);

impl Program {
    /// Starts it; the address that it says.
    pub(crate) fn start(configuration: &Path) -> (Self, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_talxis-sts"));
        let mut child =
            command.arg(configuration).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        (Self(child), said.trim().to_owned())
    }

    pub(crate) fn terminate(&self) {
        let kill = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn ended_well(&mut self) -> bool {
        self.0.wait().unwrap().success()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Gives each new connection to the next of these addresses in turn, as balancers do; its own origin.
pub(crate) async fn balancer(origins: &[String]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = format!("http://{}", listener.local_addr().unwrap());
    let addresses: Vec<String> =
        origins.iter().map(|origin| origin.trim_start_matches("http://").to_owned()).collect();
    tokio::spawn(async move {
        for address in addresses.iter().cycle() {
            let (mut caller, _) = listener.accept().await.unwrap();
            let address = address.clone();
            tokio::spawn(async move {
                let mut process = TcpStream::connect(address).await.unwrap();
                copy_bidirectional(&mut caller, &mut process).await.ok();
            });
        }
    });
    own
}
