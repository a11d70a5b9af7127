//! The state of a running stand-in. Each part has a lock of its own, held for the time of a look-up; the directory is
//! handed out as a snapshot, so that nobody waits for anybody who signs.

use crate::{
    clock::Clock,
    directory::Directory,
    log::{Log, Request},
    seal::Seal,
    session::Browsers,
    site::Site,
    token::OriginCheck,
    weather::{Forecast, Place, Trouble},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

/// What is wrong with the next answer of /authorize.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mischief {
    /// It carries a `state` that the application never sent.
    ForeignState,
    /// Its code leads to an id_token with a `nonce` that the application never sent.
    ForeignNonce,
    /// It is this error of the table.
    Error(u32),
}

/// Settings that are not of the directory.
#[derive(Clone, Copy, Default)]
pub(crate) struct Settings {
    /// Whether sign-in pages carry `Cross-Origin-Opener-Policy`.
    pub(crate) coop: bool,
    pub(crate) origin_check: OriginCheck,
}

/// The state.
pub(crate) struct Shared {
    pub(crate) site: Site,
    pub(crate) clock: Clock,
    pub(crate) seal: Seal,
    directory: RwLock<Arc<Directory>>,
    settings: RwLock<Settings>,
    browsers: Mutex<Browsers>,
    /// Redeemed codes and when they would have expired.
    redeemed: Mutex<HashMap<String, u64>>,
    log: Mutex<Log>,
    forecast: Mutex<Forecast>,
    mischief: Mutex<VecDeque<Mischief>>,
}

impl Shared {
    pub(crate) fn new(site: Site, clock: Clock, seal: Seal, directory: Directory) -> Self {
        Self {
            site,
            clock,
            seal,
            directory: RwLock::new(Arc::new(directory)),
            settings: RwLock::default(),
            browsers: Mutex::default(),
            redeemed: Mutex::default(),
            log: Mutex::default(),
            forecast: Mutex::default(),
            mischief: Mutex::default(),
        }
    }

    /// The directory as it is now.
    pub(crate) fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the directory for whoever asks next.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Directory) -> T) -> T {
        change(Arc::make_mut(&mut self.directory.write().unwrap_or_else(PoisonError::into_inner)))
    }

    pub(crate) fn settings(&self) -> Settings {
        *self.settings.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, set: impl FnOnce(&mut Settings)) {
        set(&mut self.settings.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn browsers(&self) -> MutexGuard<'_, Browsers> {
        hold(&self.browsers)
    }

    /// Whether this code was not redeemed before; from now on it is.
    pub(crate) fn redeem(&self, code: &str, expires: u64) -> bool {
        let now = self.clock.now();
        let mut redeemed = hold(&self.redeemed);
        redeemed.retain(|_, expires| *expires > now);
        redeemed.insert(code.to_owned(), expires).is_none()
    }

    pub(crate) fn record(&self, request: Request) {
        hold(&self.log).push(request);
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        hold(&self.log).all()
    }

    pub(crate) fn clear_requests(&self) {
        hold(&self.log).clear();
    }

    pub(crate) fn forecast(&self) -> MutexGuard<'_, Forecast> {
        hold(&self.forecast)
    }

    /// The trouble that meets a request, after any delay it meets first.
    pub(crate) async fn weather(
        &self,
        place: Place,
        client_id: Option<&str>,
        user: Option<&str>,
    ) -> Option<Trouble> {
        let trouble = self.forecast().strike(place, client_id, user);
        match trouble {
            Some(Trouble::Delay { ms }) => {
                tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
                None
            }
            trouble => trouble,
        }
    }

    pub(crate) fn plan(&self, mischief: Mischief) {
        hold(&self.mischief).push_back(mischief);
    }

    pub(crate) fn mischief(&self) -> Option<Mischief> {
        hold(&self.mischief).pop_front()
    }
}

/// A panic elsewhere must not take the stand-in down with it: the value is still the value.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
