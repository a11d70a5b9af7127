//! A script of `node/` or `python/` as a process of its own. It gets what it is to do as its argument and says what came of
//! it as JSON, one value a line; the first line names the package that runs, and this prints it.

use crate::{Failure, Result, built, here, packages, system};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// A running script. It ends with this.
pub struct Script {
    name: String,
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

/// The package that a script runs.
#[derive(Deserialize)]
struct Introduction {
    package: String,
    version: String,
}

impl Script {
    /// Starts a script of `node/`. `ca` is the file of a certificate authority to trust besides the system's.
    ///
    /// # Errors
    /// When packages cannot be installed, or the script does not start.
    pub async fn node(file: &str, wanted: &Value, ca: Option<&Path>) -> Result<Self> {
        let folder = packages::node()?;
        let mut command = Command::new("node");
        command.args(["--import", "./localhost.mjs", file]).current_dir(folder);
        command.envs(ca.map(|ca| ("NODE_EXTRA_CA_CERTS", ca)));
        Self::start(file, command, wanted).await
    }

    /// Starts a script of `python/`; `ca` as above.
    ///
    /// # Errors
    /// As above.
    pub async fn python(file: &str, wanted: &Value, ca: Option<&Path>) -> Result<Self> {
        let mut command = Command::new(packages::python()?);
        command.arg(file).current_dir(here().join("python"));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.envs(ca.map(|ca| ("REQUESTS_CA_BUNDLE", ca)));
        Self::start(file, command, wanted).await
    }

    /// Starts this very program again, with `wanted` as its argument.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn own(name: &str, wanted: &Value) -> Result<Self> {
        let program = std::env::current_exe().map_err(system(name))?;
        Self::start(name, Command::new(program), wanted).await
    }

    async fn start(file: &str, mut command: Command, wanted: &Value) -> Result<Self> {
        let log = log_of(file)?;
        let mut process = command
            .arg(wanted.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).map_err(system(log.display().to_string()))?)
            .kill_on_drop(true)
            .spawn()
            .map_err(system(file))?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(Failure::wrong(format!("{file} cannot be talked to.")));
        };
        let output = BufReader::new(output).lines();
        let mut script = Self { name: file.to_owned(), process, input, output };
        let Introduction { package, version } = script.next().await?;
        announce(&package, &version);
        Ok(script)
    }

    /// The script's process id.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// The next thing that the script says.
    ///
    /// # Errors
    /// When it ends instead, or says something else.
    pub async fn next<T: DeserializeOwned>(&mut self) -> Result<T> {
        let line = self.output.next_line().await.map_err(system(&self.name))?;
        let line = line.ok_or_else(|| {
            Failure::wrong(format!(
                "{} ended early: its last words are in target/interop/{0}.log.",
                self.name
            ))
        })?;
        serde_json::from_str(&line)
            .map_err(|why| Failure::wrong(format!("{} said {line}: {why}.", self.name)))
    }

    /// Says something to the script.
    ///
    /// # Errors
    /// When it has ended.
    pub async fn tell(&mut self, value: &Value) -> Result {
        self.input.write_all(format!("{value}\n").as_bytes()).await.map_err(system(&self.name))
    }
}

/// Names a foreign package in the test's line of the output. Written to the real output, which tests otherwise keep back.
pub fn announce(package: &str, version: &str) {
    let mut output = std::io::stdout();
    let _ = write!(output, "[{package} {version}] ").and_then(|()| output.flush());
}

/// Where a script's complaints go.
fn log_of(file: &str) -> Result<PathBuf> {
    let folder = built("interop");
    fs::create_dir_all(&folder).map_err(system("target/interop"))?;
    Ok(folder.join(format!("{file}.log")))
}
