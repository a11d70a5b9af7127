//! A zip as Dataverse takes it: names with slashes at its root. What is written is the same for the same entries: no clock, no machine.

use std::io::{Cursor, Read, Write};
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// Entries in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archive(pub Vec<(String, Vec<u8>)>);

/// Why bytes are no archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The zip is broken.
    #[error("not a zip that can be read: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// An entry is broken.
    #[error("an entry of the zip cannot be read: {0}")]
    Entry(#[from] std::io::Error),
}

impl Archive {
    /// Reads a zip; folders are no entries.
    ///
    /// # Errors
    /// When the bytes are no zip, or an entry's checksum is wrong.
    pub fn read(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let mut zip = ZipArchive::new(Cursor::new(bytes))?;
        let mut entries = Vec::new();
        for at in 0..zip.len() {
            let mut file = zip.by_index(at)?;
            if file.is_dir() {
                continue;
            }
            let mut content = Vec::new();
            file.read_to_end(&mut content)?;
            // Some of Microsoft's tools write the separator of Windows.
            entries.push((file.name()?.replace('\\', "/"), content));
        }
        Ok(Self(entries))
    }

    /// The zip's bytes.
    ///
    /// # Errors
    /// When two entries have one name.
    pub fn write(&self) -> Result<Vec<u8>, ArchiveError> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        for (name, content) in &self.0 {
            zip.start_file(name.as_str(), options)?;
            zip.write_all(content)?;
        }
        Ok(zip.finish()?.into_inner())
    }

    /// The content of an entry.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(entry, _)| entry == name).map(|(_, content)| content.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_the_same_each_time() {
        let archive = Archive(vec![
            ("[Content_Types].xml".to_owned(), b"<Types />".to_vec()),
            ("a/b".to_owned(), vec![7; 9000]),
        ]);
        let bytes = archive.write().unwrap();
        assert_eq!(Archive::read(&bytes).unwrap(), archive);
        assert_eq!(archive.write().unwrap(), bytes);
    }

    #[test]
    fn a_damaged_entry_is_refused() {
        let mut bytes = Archive(vec![("a".to_owned(), b"hello, hello, hello".to_vec())]).write().unwrap();
        bytes[34] ^= 1;
        assert!(Archive::read(&bytes).is_err());
        assert!(Archive::read(b"no zip").is_err());
    }
}
