//! A build's context: a folder as a tar stream, without what its `.dockerignore` names.

use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tar::{EntryType, Header};
use tokio::sync::mpsc::Sender;

use super::ignored::Ignored;

/// The file that says what is no part of the context.
const IGNORE_FILE: &str = ".dockerignore";
/// The name in the stream of a Dockerfile that is not below the context's root.
const OUTSIDE: &str = ".mainstay.Dockerfile";
/// Bytes of a piece of the stream.
const PIECE: usize = 64 * 1024;

/// A folder and a Dockerfile to build from.
#[derive(Debug)]
pub struct Context {
    root: PathBuf,
    /// The Dockerfile's name in the stream.
    dockerfile: String,
    /// The text of one that is not below the root.
    outside: Option<Vec<u8>>,
    ignored: Ignored,
    ignore_text: Option<String>,
}

impl Context {
    /// The context in `root`, with the Dockerfile of this path; `Dockerfile` in `root` where not said.
    ///
    /// # Errors
    /// What cannot be read or is not understood, in words.
    pub fn open(root: &Path, dockerfile: Option<&Path>) -> Result<Self, String> {
        let real = |path: &Path, what: &str| {
            std::fs::canonicalize(path)
                .map_err(|error| format!("{what} {} cannot be read: {error}", path.display()))
        };
        let real_root = real(root, "the context")?;
        if !real_root.is_dir() {
            return Err(format!("the context {} is no folder", root.display()));
        }
        let given = dockerfile.map_or_else(|| root.join("Dockerfile"), Path::to_owned);
        let real_file = real(&given, "the Dockerfile")?;
        let (dockerfile, outside) = match real_file.strip_prefix(&real_root) {
            Ok(below) => (stream_name(below)?, None),
            Err(_) => {
                let text = std::fs::read(&real_file)
                    .map_err(|error| format!("the Dockerfile {} cannot be read: {error}", given.display()))?;
                (OUTSIDE.to_owned(), Some(text))
            }
        };
        let file = real_root.join(IGNORE_FILE);
        let mut ignore_text = match std::fs::read_to_string(&file) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(format!("{} cannot be read: {error}", file.display())),
        };
        let ignored = Ignored::parse(ignore_text.as_deref().unwrap_or_default())
            .map_err(|error| format!("{}: {error}", root.display()))?;
        if outside.is_some() {
            // The builder reads both and then forgets them, so that no COPY finds what is not there.
            let before = ignore_text.unwrap_or_else(|| format!("{IGNORE_FILE}\n"));
            ignore_text = Some(format!("{before}\n{OUTSIDE}\n"));
        }
        Ok(Self { root: real_root, dockerfile, outside, ignored, ignore_text })
    }

    /// The Dockerfile's name in the stream.
    pub(super) fn dockerfile(&self) -> &str {
        &self.dockerfile
    }

    /// Sends the stream, piece by piece; ends early where nobody reads on. Blocks.
    ///
    /// # Errors
    /// What cannot be read, in words; the reader then gets an error, too, so that no half of it is built.
    pub(super) fn send(&self, to: &Sender<std::io::Result<Bytes>>) -> Result<(), String> {
        let mut pieces = Pieces { to, piece: Vec::with_capacity(PIECE), closed: false };
        let sent = self.write(&mut pieces).and_then(|()| pieces.flush());
        match sent {
            Err(_) if pieces.closed => Ok(()),
            Err(error) => {
                drop(to.blocking_send(Err(std::io::Error::other("the context cannot be read"))));
                Err(format!("the context {}: {error}", self.root.display()))
            }
            Ok(()) => Ok(()),
        }
    }

    fn write(&self, to: &mut impl Write) -> std::io::Result<()> {
        let mut archive = tar::Builder::new(to);
        if let Some(text) = &self.outside {
            put(&mut archive, OUTSIDE, text)?;
        }
        if let Some(text) = &self.ignore_text {
            put(&mut archive, IGNORE_FILE, text.as_bytes())?;
        }
        self.write_folder(&mut archive, Path::new(""))?;
        archive.finish()
    }

    /// What is in a folder, in the order of names, so that the same folder is always the same stream.
    fn write_folder<W: Write>(&self, archive: &mut tar::Builder<W>, folder: &Path) -> std::io::Result<()> {
        let listed = std::fs::read_dir(self.root.join(folder)).map_err(|error| of(folder, &error))?;
        let mut names =
            listed.map(|entry| entry.map(|entry| entry.file_name())).collect::<std::io::Result<Vec<_>>>()?;
        names.sort();
        for name in names {
            let path = folder.join(&name);
            if path == Path::new(IGNORE_FILE) {
                continue;
            }
            // The builder has to see its Dockerfile, whatever is said of it.
            let left_out = self.ignored.has(&path) && path != Path::new(&self.dockerfile);
            let on_disk = self.root.join(&path);
            let about = std::fs::symlink_metadata(&on_disk).map_err(|error| of(&path, &error))?;
            if !left_out {
                self.write_entry(archive, &path, &about).map_err(|error| of(&path, &error))?;
            }
            let hides_dockerfile = || Path::new(&self.dockerfile).starts_with(&path);
            if about.is_dir() && !(left_out && self.ignored.is_plain() && !hides_dockerfile()) {
                self.write_folder(archive, &path)?;
            }
        }
        Ok(())
    }

    fn write_entry<W: Write>(
        &self,
        archive: &mut tar::Builder<W>,
        path: &Path,
        about: &std::fs::Metadata,
    ) -> std::io::Result<()> {
        let on_disk = self.root.join(path);
        // Whoever has the files here: in an image they are root's, as from any other client.
        let mut header = header(about.permissions().mode(), u64::try_from(about.mtime()).unwrap_or(0));
        if about.is_symlink() {
            header.set_entry_type(EntryType::Symlink);
            header.set_size(0);
            return archive.append_link(&mut header, path, std::fs::read_link(on_disk)?);
        }
        if about.is_dir() {
            header.set_entry_type(EntryType::Directory);
            header.set_size(0);
            return archive.append_data(&mut header, path, std::io::empty());
        }
        if !about.is_file() {
            // Sockets, pipes and devices are no part of an image.
            return Ok(());
        }
        header.set_size(about.len());
        // A log that grows meanwhile would spoil what follows; one that shrinks is an error of the archive's.
        let file = std::fs::File::open(on_disk)?;
        let mut exactly = Exactly { file, left: about.len() };
        archive.append_data(&mut header, path, &mut exactly)?;
        if exactly.left > 0 {
            return Err(std::io::Error::other("it has shrunk while it was read"));
        }
        Ok(())
    }
}

/// An error and which file it is about.
fn of(path: &Path, error: &std::io::Error) -> std::io::Error {
    std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn stream_name(path: &Path) -> Result<String, String> {
    path.to_str().map(str::to_owned).ok_or_else(|| format!("the path {} is no UTF-8", path.display()))
}

fn header(mode: u32, modified: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(mode & 0o7777);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(modified);
    header
}

fn put<W: Write>(archive: &mut tar::Builder<W>, name: &str, text: &[u8]) -> std::io::Result<()> {
    let mut header = header(0o644, 0);
    header.set_size(u64::try_from(text.len()).unwrap_or(u64::MAX));
    archive.append_data(&mut header, name, text)
}

/// So many bytes of a file and no more.
struct Exactly {
    file: std::fs::File,
    left: u64,
}

impl Read for Exactly {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = (&mut self.file).take(self.left).read(buffer)?;
        self.left -= u64::try_from(read).unwrap_or(0);
        Ok(read)
    }
}

/// A writer whose bytes go to a channel.
struct Pieces<'a> {
    to: &'a Sender<std::io::Result<Bytes>>,
    piece: Vec<u8>,
    /// Nobody reads any more.
    closed: bool,
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let piece = Bytes::from(std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE)));
        if !piece.is_empty() && self.to.blocking_send(Ok(piece)).is_err() {
            self.closed = true;
            return Err(std::io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A folder with these files, of which one whose text begins with `->` is a link.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            match text.strip_prefix("->") {
                Some(target) => std::os::unix::fs::symlink(target, path).unwrap(),
                None => std::fs::write(path, text).unwrap(),
            }
        }
        root
    }

    /// The names in the stream, with what a file has.
    fn streamed(context: &Context) -> BTreeMap<String, String> {
        let mut bytes = Vec::new();
        context.write(&mut bytes).unwrap();
        let mut archive = tar::Archive::new(&bytes[..]);
        let mut found = BTreeMap::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            assert_eq!((entry.header().uid().unwrap(), entry.header().gid().unwrap()), (0, 0));
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let link = entry.link_name().unwrap().map(|target| format!("->{}", target.display()));
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            found.insert(name, link.unwrap_or(text));
        }
        found
    }

    #[test]
    fn a_folder_becomes_a_stream_without_what_it_ignores_but_with_its_dockerfile() {
        let root = folder(&[
            ("docker/Dockerfile", "FROM scratch"),
            (".dockerignore", "docker\n*.log\n!kept.log"),
            ("a.log", "no"),
            ("kept.log", "yes"),
            ("src/main", "code"),
            ("src/link", "->main"),
        ]);
        let context = Context::open(root.path(), Some(&root.path().join("docker/Dockerfile"))).unwrap();
        let found = streamed(&context);
        let names: Vec<&str> = found.keys().map(|name| name.trim_end_matches('/')).collect();
        assert_eq!(names, [".dockerignore", "docker/Dockerfile", "kept.log", "src", "src/link", "src/main"]);
        assert_eq!((found["src/link"].as_str(), found["src/main"].as_str()), ("->main", "code"));
        assert_eq!(context.dockerfile(), "docker/Dockerfile");
    }

    #[test]
    fn a_dockerfile_from_elsewhere_goes_along_and_is_hidden_from_copy() {
        let (root, elsewhere) = (folder(&[("a", "a")]), folder(&[("Other", "FROM scratch")]));
        let context = Context::open(root.path(), Some(&elsewhere.path().join("Other"))).unwrap();
        let found = streamed(&context);
        assert_eq!(found[context.dockerfile()], "FROM scratch");
        assert_eq!(found[".dockerignore"], ".dockerignore\n\n.mainstay.Dockerfile\n");
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let root = folder(&[("a", "a")]);
        let said = Context::open(root.path(), None).unwrap_err();
        assert!(said.contains("the Dockerfile") && said.contains("cannot be read"), "{said}");
        let said = Context::open(&root.path().join("a"), None).unwrap_err();
        assert!(said.contains("is no folder"), "{said}");
    }
}
