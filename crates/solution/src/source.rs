//! The unpacked form, by path: what goes into version control, and what `pac solution pack` takes (powerapps.md §4.2).

use std::{collections::BTreeMap, fs, io, path::Path};

/// Files by path, with slashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source(pub BTreeMap<String, Vec<u8>>);

impl Source {
    /// Reads a folder.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut source = Self::default();
        source.read_below(folder, "")?;
        Ok(source)
    }

    fn read_below(&mut self, folder: &Path, path: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = [path, &entry.file_name().to_string_lossy()].concat();
            if entry.file_type()?.is_dir() {
                self.read_below(&entry.path(), &[&name, "/"].concat())?;
            } else {
                self.0.insert(name, fs::read(entry.path())?);
            }
        }
        Ok(())
    }

    /// Writes it into a folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        for (path, content) in &self.0 {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().unwrap_or(folder))?;
            fs::write(file, content)?;
        }
        Ok(())
    }

    /// A file's text.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.0.get(path)?).ok()
    }
}
