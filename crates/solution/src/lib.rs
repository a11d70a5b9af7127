//! The Dataverse solution that a maker imports (contract §3): made from templates, packed, unpacked, and checked. It reads and writes
//! bytes and text only; what the web resources do is not its business.
//!
//! - [`fill`]: the templates and the packed files become the unpacked source form, as SolutionPackager would lay it out
//! - [`Source`]: that form; [`pack`] makes a managed or an unmanaged zip of it and [`unpack`] the way back, byte for byte
//! - [`check`]: reads any solution, ours or one that Microsoft exported, and says what an import would stumble over

mod archive;
pub mod check;
mod fill;
mod options;
mod pack;
mod source;

pub use archive::{Archive, ArchiveError};
pub use fill::{FillError, Texts, fill};
pub use options::{Options, Refused};
pub use pack::{Kind, PackError, pack, unpack};
pub use source::Source;
