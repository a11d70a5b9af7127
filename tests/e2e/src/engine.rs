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
    /// Further options, JSON text.
    options: &'static str,
}

/// What becomes of third-party cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThirdPartyCookies {
    /// A frame of another site has the cookies that its site has elsewhere.
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

    /// What the driver is told. Each session gets a fresh profile from its driver.
    ///
    /// # Errors
    /// When the row's options are not JSON.
    pub(crate) fn capabilities(&self, cookies: ThirdPartyCookies) -> Result<Capabilities> {
        let wrong = |why| Failure::wrong(format!("The options of {} are not JSON: {why}.", self.name));
        let mut options: Map<String, Value> = serde_json::from_str(self.options).map_err(wrong)?;
        let mut arguments = self.arguments.to_vec();
        let mut preferences: Map<String, Value> =
            self.preferences.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let are_blocked = cookies == ThirdPartyCookies::Blocked;
        match self.cookies {
            CookiePreference::Preference { name, allowed, blocked } => {
                preferences.insert(name.to_owned(), json!(if are_blocked { blocked } else { allowed }));
            }
            CookiePreference::Argument { allowed, blocked } => {
                arguments.push(if are_blocked { blocked } else { allowed });
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
                    engine.capabilities(cookies).unwrap().get(engine.options_key).unwrap().clone()
                });
            assert!(allowed["args"].is_array(), "{}", engine.name);
            assert_ne!(allowed, blocked, "{}", engine.name);
        }
    }
}
