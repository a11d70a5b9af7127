//! What the demo is started with, and how a command line says it.

use estate::Estate;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Where the demo finds things.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who and what exists.
    pub estate: Estate,
    /// The zip of the solution; or a folder of web resources, whose tree is their names, and then there is no ribbon.
    pub solution: PathBuf,
    /// The module by which controls find the broker.
    pub module: PathBuf,
    /// The folder of the app look-alike.
    pub www: PathBuf,
    /// The folder of the control clients' certificates; missing ones are made.
    pub certificates: PathBuf,
    /// The app's port; the other parts take the five after it. 0 takes free ones.
    pub port: u16,
    /// Whether everything is over TLS, with certificates that are made at the start and that nobody trusts by himself.
    pub tls: bool,
    /// How long each answer of Entra and of the STS takes on its way.
    pub latency: Duration,
    /// Controls that are registered at Entra but that nobody told the STS about.
    pub unknown_to_sts: Vec<String>,
    /// The libraries of the account's forms, in the order in which they are loaded: names of web resources.
    pub form_libraries: Vec<String>,
    /// How the look-alike behaves where it is not by default, in words such as `csp=strict`; `www/switches.json` has them all.
    pub switches: Vec<String>,
    /// The address of a control's harness that gets a broker instead of the look-alike.
    pub serve_for: Option<String>,
}

/// Why a command line says nothing usable.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// There is no such option.
    #[error(
        "there is no option {0:?}: --estate, --solution, --www, --certificates, --port, --lookalike and --serve-for are known"
    )]
    Unknown(String),
    /// An option lacks its value.
    #[error("{0} needs a value")]
    NoValue(String),
    /// A port is not a number.
    #[error("--port needs a number below 65531, not {0:?}")]
    Port(String),
    /// An address is none.
    #[error("--serve-for needs the address of a harness, such as http://localhost:8181, not {0:?}")]
    Address(String),
    /// The estate cannot be used.
    #[error(transparent)]
    Estate(#[from] estate::EstateError),
}

impl Options {
    /// The project's own files, below its root.
    ///
    /// # Errors
    /// When the estate cannot be used.
    pub fn of_project(root: &Path) -> Result<Self, UsageError> {
        Ok(Self {
            estate: Estate::load(&root.join("www/estate.toml"))?,
            solution: Self::packed_solution(root, true),
            module: root.join("dist/npm/index.js"),
            www: root.join("www"),
            certificates: root.join("target/demo/certificates"),
            port: 0,
            tls: false,
            latency: Duration::ZERO,
            unknown_to_sts: Vec::new(),
            form_libraries: vec!["contoso_account.js".to_owned()],
            switches: Vec::new(),
            serve_for: None,
        })
    }

    /// The zip that `cargo xtask dist` made, managed, which has the ribbon, or not; the folder where there is none.
    #[must_use]
    pub fn packed_solution(root: &Path, managed: bool) -> PathBuf {
        let folder = root.join("dist/solution");
        let zips = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let found =
            zips.filter(|path| path.extension().is_some_and(|extension| extension == "zip")).find(|path| {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                stem.ends_with("_managed") == managed
            });
        found.unwrap_or(folder)
    }

    /// Changes what the words of a command line name.
    ///
    /// # Errors
    /// When a word is not known, or its value cannot be used.
    pub fn with_arguments(mut self, words: impl IntoIterator<Item = String>) -> Result<Self, UsageError> {
        let mut words = words.into_iter();
        while let Some(option) = words.next() {
            let Some(value) = words.next() else { return Err(UsageError::NoValue(option)) };
            match option.as_str() {
                "--estate" => self.estate = Estate::load(Path::new(&value))?,
                "--solution" => self.solution = value.into(),
                "--www" => self.www = value.into(),
                "--certificates" => self.certificates = value.into(),
                "--lookalike" => self.switches = value.split(',').map(str::to_owned).collect(),
                "--serve-for" if reqwest::Url::parse(&value).is_ok_and(|url| url.has_host()) => {
                    self.serve_for = Some(value);
                }
                "--serve-for" => return Err(UsageError::Address(value)),
                "--port" => match value.parse() {
                    Ok(port) if port <= u16::MAX - 5 => self.port = port,
                    _ => return Err(UsageError::Port(value)),
                },
                _ => return Err(UsageError::Unknown(option)),
            }
        }
        Ok(self)
    }
}
