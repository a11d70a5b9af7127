//! How the service itself runs: its own TLS, its limits, its caches.

use super::{
    ConfigError,
    value::{Place, wrong},
};
use crate::limits::PerMinute;
use serde::Deserialize;
use std::{num::NonZeroU32, path::PathBuf, time::Duration};

/// The certificate under which this service speaks TLS itself.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) private_key: PathBuf,
}

/// How much of it one may use.
#[derive(Clone, Debug)]
pub(crate) struct LimitsConfig {
    /// False tokens of one address.
    pub(crate) address_per_minute: NonZeroU32,
    pub(crate) per_minute: PerMinute,
    pub(crate) connections: usize,
    pub(crate) connections_per_address: usize,
}

/// What it remembers, and where.
#[derive(Clone, Debug)]
pub(crate) struct CacheConfig {
    pub(crate) bytes: u64,
    pub(crate) redis: Option<RedisConfig>,
}

/// A second level that several processes share.
#[derive(Clone, Debug)]
pub(crate) struct RedisConfig {
    pub(crate) url_file: PathBuf,
    pub(crate) encryption_key_file: PathBuf,
    pub(crate) index_key_file: PathBuf,
    pub(crate) budget: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsEntry {
    certificate: String,
    private_key: String,
}

impl TlsEntry {
    pub(super) fn read(self, place: &Place<'_>) -> Result<TlsFiles, ConfigError> {
        Ok(TlsFiles {
            certificate: place.path("certificate", &self.certificate)?,
            private_key: place.path("private_key", &self.private_key)?,
        })
    }
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LimitsEntry {
    address_per_minute: u32,
    user_per_minute: u32,
    tenant_per_minute: u32,
    client_per_minute: u32,
    connections: usize,
    connections_per_address: usize,
}

impl Default for LimitsEntry {
    fn default() -> Self {
        Self {
            address_per_minute: 6_000,
            user_per_minute: 600,
            tenant_per_minute: 60_000,
            client_per_minute: 60_000,
            connections: 10_000,
            connections_per_address: 2_000,
        }
    }
}

impl LimitsEntry {
    pub(super) fn read(self, place: &Place<'_>) -> Result<LimitsConfig, ConfigError> {
        let positive = |name: &str| wrong(place.field(name), "must be at least 1");
        let limit = |name: &str, value| NonZeroU32::new(value).ok_or_else(|| positive(name));
        if self.connections == 0 {
            return Err(positive("connections"));
        }
        if self.connections_per_address == 0 {
            return Err(positive("connections_per_address"));
        }
        Ok(LimitsConfig {
            address_per_minute: limit("address_per_minute", self.address_per_minute)?,
            per_minute: PerMinute {
                user: limit("user_per_minute", self.user_per_minute)?,
                tenant: limit("tenant_per_minute", self.tenant_per_minute)?,
                client: limit("client_per_minute", self.client_per_minute)?,
            },
            connections: self.connections,
            connections_per_address: self.connections_per_address,
        })
    }
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CacheEntry {
    megabytes: u64,
    redis: Option<RedisEntry>,
}

impl Default for CacheEntry {
    fn default() -> Self {
        Self { megabytes: 64, redis: None }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RedisEntry {
    url_file: String,
    encryption_key_file: String,
    index_key_file: String,
    #[serde(default = "budget_ms")]
    budget_ms: u64,
}

fn budget_ms() -> u64 {
    50
}

impl CacheEntry {
    pub(super) fn read(self, place: &Place<'_>) -> Result<CacheConfig, ConfigError> {
        if self.megabytes == 0 {
            return Err(wrong(place.field("megabytes"), "must be at least 1"));
        }
        let redis = self.redis.map(|entry| {
            let place = place.at("redis");
            Ok(RedisConfig {
                url_file: place.path("url_file", &entry.url_file)?,
                encryption_key_file: place.path("encryption_key_file", &entry.encryption_key_file)?,
                index_key_file: place.path("index_key_file", &entry.index_key_file)?,
                budget: Duration::from_millis(entry.budget_ms.max(1)),
            })
        });
        Ok(CacheConfig { bytes: self.megabytes.saturating_mul(1024 * 1024), redis: redis.transpose()? })
    }
}
