//! The browsers' differences, as data: how each driver is started and what it must be told. No other file knows a browser.
//!
//! Drivers switch the popup blocker off unless told otherwise; each row keeps it on, because a user's browser has it on. What becomes
//! of third-party cookies is the browser's own preference. Certificates that nobody trusts are taken.

use crate::{Failure, Result};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use thirtyfour::Capabilities;

/// One browser and its WebDriver.
#[derive(Debug)]
pub struct Engine {
    /// The name by which `E2E_ENGINE` chooses it.
    pub name: &'static str,
    /// The driver's program.
    pub(crate) driver: &'static str,
    /// How the driver is told its port; the number follows, in the same word if this ends with `=`.
    pub(crate) port_option: &'static str,
    browser_name: &'static str,
    options_key: &'static str,
    /// Names on PATH, or paths, of the browser; the first that exists is used.
    programs: &'static [&'static str],
    arguments: &'static [&'static str],
    preferences: &'static [(&'static str, bool)],
    cookies: CookiePreference,
    private: PrivateWindows,
    /// How the browser is told where its profile lies; the path follows, in the same word if this ends with `=`. Empty: it keeps none.
    profile_option: &'static str,
    /// Whether the driver can tell the browser how much a site may store.
    sets_quotas: bool,
    /// Whether a click opens a window in a tab that the driver opened, as it does in one that the user opened.
    clicks_in_driver_tabs_open_windows: bool,
    /// Further options, JSON text.
    options: &'static str,
}

/// What a browser is started with.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// What becomes of third-party cookies.
    pub cookies: ThirdPartyCookies,
    /// Whether its windows are private ones.
    pub private: bool,
    /// Where it lies, for a browser that is to be started with it again; else the driver makes a fresh one.
    pub folder: Option<PathBuf>,
}

impl From<ThirdPartyCookies> for Profile {
    fn from(cookies: ThirdPartyCookies) -> Self {
        Self { cookies, ..Self::default() }
    }
}

/// What becomes of third-party cookies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThirdPartyCookies {
    /// A frame of another site has the cookies that its site has elsewhere.
    #[default]
    Allowed,
    /// It has not.
    Blocked,
}

/// How a browser is told that.
#[derive(Debug)]
enum CookiePreference {
    /// A preference, with its value for each.
    Preference { name: &'static str, allowed: u8, blocked: u8 },
    /// An argument for each.
    Argument { allowed: &'static str, blocked: &'static str },
}

/// How a browser is told that its windows are private.
#[derive(Debug)]
enum PrivateWindows {
    Argument(&'static str),
    Preference(&'static str),
    /// They always are: what WebKit's driver automates is an ephemeral session.
    Always,
}

const ENGINES: [Engine; 3] = [
    Engine {
        name: "chromium",
        driver: "chromedriver",
        port_option: "--port=",
        browser_name: "chrome",
        options_key: "goog:chromeOptions",
        programs: &["chromium", "google-chrome", "chrome"],
        arguments: &[
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1320,900",
        ],
        preferences: &[],
        cookies: CookiePreference::Preference {
            name: "profile.cookie_controls_mode",
            allowed: 0,
            blocked: 1,
        },
        private: PrivateWindows::Argument("--incognito"),
        profile_option: "--user-data-dir=",
        sets_quotas: true,
        clicks_in_driver_tabs_open_windows: true,
        options: r#"{"excludeSwitches": ["disable-popup-blocking"]}"#,
    },
    Engine {
        name: "firefox",
        driver: "geckodriver",
        port_option: "--port",
        browser_name: "firefox",
        options_key: "moz:firefoxOptions",
        programs: &["firefox-esr", "firefox"],
        arguments: &["-headless"],
        preferences: &[("dom.disable_open_during_load", true)],
        // Blocked is what Firefox does by itself: each site has jars of its own within each other site.
        cookies: CookiePreference::Preference {
            name: "network.cookie.cookieBehavior",
            allowed: 0,
            blocked: 5,
        },
        private: PrivateWindows::Preference("browser.privatebrowsing.autostart"),
        profile_option: "-profile",
        sets_quotas: false,
        clicks_in_driver_tabs_open_windows: true,
        options: "{}",
    },
    Engine {
        name: "webkit",
        driver: "WebKitWebDriver",
        port_option: "--port=",
        browser_name: "MiniBrowser",
        options_key: "webkitgtk:browserOptions",
        programs: &[
            "MiniBrowser",
            "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
            "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
        ],
        arguments: &["--automation"],
        preferences: &[],
        cookies: CookiePreference::Argument { allowed: "--cookies-policy=always", blocked: "--enable-itp" },
        private: PrivateWindows::Always,
        profile_option: "",
        sets_quotas: false,
        clicks_in_driver_tabs_open_windows: false,
        options: "{}",
    },
];

impl Engine {
    /// The one that `E2E_ENGINE` names; Chromium where it names none.
    ///
    /// # Errors
    /// When it names one that is not in the table.
    pub fn chosen() -> Result<&'static Self> {
        let name = std::env::var("E2E_ENGINE").unwrap_or_else(|_| "chromium".to_owned());
        ENGINES.iter().find(|engine| engine.name == name).ok_or_else(|| {
            Failure::wrong(format!("E2E_ENGINE names {name:?}, which no row of the table has."))
        })
    }

    /// Whether a browser that was closed can be started again with the profile that it had, in windows that are not private.
    #[must_use]
    pub fn keeps_profiles(&self) -> bool {
        !self.profile_option.is_empty()
    }

    /// Whether a test can have a site's storage full; else it has to pretend.
    #[must_use]
    pub fn sets_quotas(&self) -> bool {
        self.sets_quotas
    }

    /// Whether a click opens a window in a tab that the driver opened.
    #[must_use]
    pub fn clicks_in_driver_tabs_open_windows(&self) -> bool {
        self.clicks_in_driver_tabs_open_windows
    }

    /// What the driver is told.
    ///
    /// # Errors
    /// When the row's options are not JSON.
    pub(crate) fn capabilities(&self, profile: &Profile) -> Result<Capabilities> {
        let wrong = |why| Failure::wrong(format!("The options of {} are not JSON: {why}.", self.name));
        let mut options: Map<String, Value> = serde_json::from_str(self.options).map_err(wrong)?;
        let mut arguments: Vec<String> = self.arguments.iter().map(|word| (*word).to_owned()).collect();
        let mut preferences: Map<String, Value> =
            self.preferences.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let are_blocked = profile.cookies == ThirdPartyCookies::Blocked;
        match self.cookies {
            CookiePreference::Preference { name, allowed, blocked } => {
                preferences.insert(name.to_owned(), json!(if are_blocked { blocked } else { allowed }));
            }
            CookiePreference::Argument { allowed, blocked } => {
                arguments.push((if are_blocked { blocked } else { allowed }).to_owned());
            }
        }
        match self.private {
            PrivateWindows::Argument(argument) if profile.private => arguments.push(argument.to_owned()),
            PrivateWindows::Preference(name) if profile.private => {
                preferences.insert(name.to_owned(), json!(true));
            }
            _ => {}
        }
        if let Some(folder) = profile.folder.as_ref().filter(|_| self.keeps_profiles()) {
            let (option, path) = (self.profile_option, folder.display().to_string());
            if option.ends_with('=') {
                arguments.push([option, &path].concat());
            } else {
                arguments.extend([option.to_owned(), path]);
            }
        }
        options.insert("args".to_owned(), json!(arguments));
        if !preferences.is_empty() {
            options.insert("prefs".to_owned(), preferences.into());
        }
        if let Some(program) = self.programs.iter().find_map(|program| find(program)) {
            options.insert("binary".to_owned(), json!(program));
        }
        let mut capabilities = Capabilities::new();
        capabilities.set("browserName", self.browser_name)?;
        capabilities.set("acceptInsecureCerts", true)?;
        capabilities.set(self.options_key, options)?;
        Ok(capabilities)
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_can_be_told_to_its_driver() {
        for engine in &ENGINES {
            let [allowed, blocked] =
                [ThirdPartyCookies::Allowed, ThirdPartyCookies::Blocked].map(|cookies| {
                    engine.capabilities(&cookies.into()).unwrap().get(engine.options_key).unwrap().clone()
                });
            assert!(allowed["args"].is_array(), "{}", engine.name);
            assert_ne!(allowed, blocked, "{}", engine.name);
            let private = Profile { private: true, folder: Some("/x/y".into()), ..Profile::default() };
            let private = engine.capabilities(&private).unwrap().get(engine.options_key).unwrap().clone();
            assert_eq!(private == allowed, engine.name == "webkit", "{}", engine.name);
            assert_eq!(private.to_string().contains("/x/y"), engine.keeps_profiles(), "{}", engine.name);
        }
    }
}
