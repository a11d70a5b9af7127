//! What an import would stumble over.
use crate::{Archive, ArchiveError};
use std::{fmt, path::Path};
/// Something.
#[derive(Debug)]
pub struct Finding(String);
impl Finding { /// x
pub fn is_error(&self)->bool{true}}
impl fmt::Display for Finding { fn fmt(&self, f:&mut fmt::Formatter<'_>)->fmt::Result{f.write_str(&self.0)}}
/// x
pub fn check(_: &[u8]) -> Vec<Finding> { Vec::new() }
/// x
pub fn ribbons_by_schema(_: &Archive, _: &Path) -> Result<Vec<Finding>, ArchiveError> { Ok(Vec::new()) }
/// x
pub fn differences(_: &Archive, _: &Archive) -> Vec<Finding> { Vec::new() }
