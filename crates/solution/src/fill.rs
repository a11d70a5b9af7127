//! Fills the templates of `pkg-template/solution/`: whose solution it is, which web resources are in it, and the texts in every language.
//!
//! Ids must stay what they are from build to build, and must not be those of another solution: each is committed here for our own prefix,
//! and follows from it and the prefix for any other.

use crate::{Options, Refused, Source};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// One text in one language.
#[derive(Clone, Debug)]
pub struct Text {
    /// What Power Apps calls the language.
    pub lcid: String,
    /// Which text it is.
    pub key: String,
    /// The text.
    pub text: String,
}

/// The texts of the solution, in the order of their languages.
#[derive(Clone, Debug, Default)]
pub struct Texts(pub Vec<Text>);

/// Why nothing can be made of it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// An option has a value that Dataverse would refuse.
    #[error(transparent)]
    Option(#[from] Refused),
    /// A template is missing.
    #[error("the template {0} is missing")]
    Template(&'static str),
    /// A template says something that nobody fills in.
    #[error("a template has {0}, which nothing fills in")]
    Placeholder(String),
    /// The web resources are not those that the solution has.
    #[error(
        "the web resource {0} is not in both the packed files and the list of crates/solution/src/fill.rs"
    )]
    WebResource(String),
}

/// The web resources by name below the prefix, with their titles and ids.
const RESOURCES: [(&str, &str, &str); 6] = [
    ("_tokenmanagement.js", "Token Broker", "7a1e0c52-5d0b-4c39-9f8e-2b6d31c0a001"),
    ("_/tokenbroker/icon.svg", "Token Broker: icon", "7a1e0c52-5d0b-4c39-9f8e-2b6d31c0a002"),
    ("_/tokenbroker/redirect.html", "Token Broker: redirect page", "7a1e0c52-5d0b-4c39-9f8e-2b6d31c0a003"),
    (
        "_/tokenbroker/redirect.js",
        "Token Broker: script of the redirect page",
        "7a1e0c52-5d0b-4c39-9f8e-2b6d31c0a004",
    ),
    ("_/tokenbroker/status.html", "Token Broker: sign-in status", "7a1e0c52-5d0b-4c39-9f8e-2b6d31c0a005"),
    (
        "_/tokenbroker/status.js",
        "Token Broker: script of the sign-in status",
        "7a1e0c52-5d0b-4c39-9f8e-2b6d31c0a006",
    ),
];

/// The broker's own, and the prefix whose ids are written above.
const BROKER: &str = "_tokenmanagement.js";
const OWN_PREFIX: &str = "talxis";

/// Makes the unpacked form of templates and packed web resources.
///
/// # Errors
/// When an option cannot be, or templates, files and this list do not fit together.
pub fn fill(
    templates: &Source,
    resources: &Source,
    texts: &Texts,
    options: &Options,
) -> Result<Source, FillError> {
    options.check()?;
    let prefix = &options.prefix;
    let template = |name: &'static str| templates.text(name).ok_or(FillError::Template(name));
    let variable = "environmentvariabledefinition.xml";
    let setting = "settingdefinition.xml";
    let mut files = vec![
        ("Other/Solution.xml".to_owned(), template("Solution.xml")?.to_owned()),
        ("Other/Relationships.xml".to_owned(), template("Relationships.xml")?.to_owned()),
        (
            format!("environmentvariabledefinitions/{prefix}_TokenBrokerConfig/{variable}"),
            template(variable)?.to_owned(),
        ),
        (format!("settingdefinitions/{prefix}_TokenBrokerEnabled/{setting}"), template(setting)?.to_owned()),
    ];
    let mut customizations = template("Customizations.xml")?.to_owned();
    if options.ribbon {
        let ribbon = template("RibbonCustomization.xml")?.to_owned();
        files.push(("Other/RibbonCustomization.xml".to_owned(), ribbon));
    } else {
        customizations = customizations.replace("  <RibbonDiffXml />\n", "");
    }
    files.push(("Other/Customizations.xml".to_owned(), customizations));

    let mut left = resources.0.clone();
    left.insert(format!("{prefix}_/tokenbroker/icon.svg"), template("icon.svg")?.as_bytes().to_vec());
    let mut source = Source::default();
    for (rest, title, id) in RESOURCES {
        let name = [prefix, rest].concat();
        let content = left.remove(&name).ok_or_else(|| FillError::WebResource(name.clone()))?;
        let id = options.id(rest, id);
        let described = template("WebResource.data.xml")?
            .replace("@@id@@", &id)
            .replace("@@name@@", &name)
            .replace("@@title@@", title)
            .replace("@@type@@", type_of(&name))
            .replace("@@file@@", &file_name(&name, &id));
        files.push((format!("WebResources/{name}.data.xml"), described));
        source.0.insert(format!("WebResources/{name}"), content);
    }
    if let Some(name) = left.into_keys().next() {
        return Err(FillError::WebResource(name));
    }
    for (path, text) in files {
        source.0.insert(path, filled(&text, options, texts)?.into_bytes());
    }
    Ok(source)
}

impl Options {
    /// A web resource's id.
    fn id(&self, rest: &str, own: &str) -> String {
        if let (BROKER, Some(guid)) = (rest, &self.webresource_guid) {
            return guid.to_ascii_lowercase();
        }
        if self.prefix == OWN_PREFIX {
            return own.to_owned();
        }
        let mut id = String::new();
        for byte in Sha256::digest(format!("{own} {}", self.prefix)).iter().take(16) {
            _ = write!(id, "{byte:02x}");
        }
        // As a GUID of version 8, which is anybody's (RFC 9562 §5.8).
        id.replace_range(12..13, "8");
        id.replace_range(16..17, "8");
        for at in [20, 16, 12, 8] {
            id.insert(at, '-');
        }
        id
    }

    /// The number from which Dataverse counts a publisher's choices; any that is the same each time.
    fn option_values(&self) -> u32 {
        self.prefix.bytes().fold(7_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 90_000) + 10_000
    }
}

fn filled(template: &str, options: &Options, texts: &Texts) -> Result<String, FillError> {
    let mut text = template
        .replace("@@prefix@@", &options.prefix)
        .replace("@@publisher@@", &options.publisher_id())
        .replace("@@publisher name@@", &options.publisher)
        .replace("@@version@@", &options.version)
        .replace("@@option values@@", &options.option_values().to_string())
        .replace("@@root components@@", &root_components(options))
        .replace("@@languages@@", &texts.languages());
    // A text is filled in where it stands; a list of languages has the indentation of its place.
    while let Some((before, rest)) = text.split_once("@@") {
        let (placeholder, after) = rest.split_once("@@").unwrap_or((rest, ""));
        let (form, key) = placeholder.split_once(' ').unwrap_or((placeholder, ""));
        let filled = texts
            .form(form, key)
            .filter(|filled| !filled.is_empty())
            .ok_or_else(|| FillError::Placeholder(placeholder.to_owned()))?;
        text = [before, &filled, after].concat();
    }
    Ok(text)
}

fn root_components(options: &Options) -> String {
    let component = |kind: u32, name: &str| {
        format!("      <RootComponent type=\"{kind}\" schemaName=\"{name}\" behavior=\"0\" />")
    };
    let mut lines = Vec::new();
    if options.ribbon {
        lines.push(component(50, ":RibbonDiffXml"));
    }
    lines.extend(RESOURCES.iter().map(|(rest, ..)| component(61, &[&options.prefix, *rest].concat())));
    lines.push(component(380, &format!("{}_TokenBrokerConfig", options.prefix)));
    lines.join("\n")
}

impl Texts {
    /// Reads lines of `lcid`, key and text with tabs between them; English first, because it is the solution's own.
    #[must_use]
    pub fn parse(lines: &str) -> Self {
        let mut texts: Vec<Text> = lines
            .lines()
            .filter_map(|line| {
                let mut parts = line.splitn(3, '\t').map(str::to_owned);
                Some(Text { lcid: parts.next()?, key: parts.next()?, text: parts.next()? })
            })
            .collect();
        texts.sort_by_key(|text| (text.lcid != ENGLISH, text.lcid.clone()));
        Self(texts)
    }

    fn languages(&self) -> String {
        let mut lines: Vec<String> =
            self.0.iter().map(|text| format!("    <Language>{}</Language>", text.lcid)).collect();
        lines.dedup();
        lines.join("\n")
    }

    fn form(&self, form: &str, key: &str) -> Option<String> {
        let all = |start: &str| {
            let lines: Vec<String> = self
                .of(key)
                .map(|text| format!("{}\"{}\" />", start.replace('#', &text.lcid), escaped(&text.text)))
                .collect();
            Some(lines.join("\n"))
        };
        match form {
            "text" => self.of(key).next().map(|text| escaped(&text.text)),
            "titles" => all("        <Title languagecode=\"#\" description="),
            "labels" => all("    <label languagecode=\"#\" description="),
            _ => None,
        }
    }

    fn of(&self, key: &str) -> impl Iterator<Item = &Text> {
        self.0.iter().filter(move |text| text.key == key)
    }
}

const ENGLISH: &str = "1033";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// The web resource type of a name. powerapps.md §3.1
fn type_of(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "html")) => "1",
        Some((_, "svg")) => "11",
        _ => "3",
    }
}

/// Where a web resource's content lies in the zip: its name without what is no letter or digit, and its id.
fn file_name(name: &str, id: &str) -> String {
    let name: String =
        name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
    format!("/WebResources/{name}{}", id.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{is_guid, tests::options};

    #[test]
    fn ids_are_committed_for_our_prefix_and_others_for_every_other() {
        let own = RESOURCES[0].2;
        assert_eq!(options("talxis").id(BROKER, own), own);
        let (a, b) = (options("abc").id(BROKER, own), options("abd").id(BROKER, own));
        assert!(is_guid(&a) && a != b && a != own && a == options("abc").id(BROKER, own), "{a} {b}");
        let taken = Options {
            webresource_guid: Some("ABCDEF00-0000-4000-8000-000000000001".to_owned()),
            ..options("abc")
        };
        assert_eq!(taken.id(BROKER, own), "abcdef00-0000-4000-8000-000000000001");
        assert_eq!(taken.id(RESOURCES[1].0, own), a, "only the broker is taken over");
    }

    #[test]
    fn a_text_is_filled_in_for_each_language_english_first() {
        let texts = Texts::parse("1029\tlabel\tStav & co.\n1033\tlabel\tStatus\n");
        let titles = filled("@@titles label@@", &options("abc"), &texts).unwrap();
        assert_eq!(
            titles,
            "        <Title languagecode=\"1033\" description=\"Status\" />\n        <Title languagecode=\"1029\" description=\"Stav &amp; co.\" />"
        );
        let why = filled("@@text nothing@@", &options("abc"), &texts).unwrap_err();
        assert_eq!(why, FillError::Placeholder("text nothing".to_owned()));
    }
}
