//! Files that appear whole or not at all: written under a temporary name in
//! the same folder, synced, renamed, and the folder synced.
//!
//! A crash at any moment leaves the old file or the new one under the final
//! name, never a part of either. Nothing here ever writes into a file that
//! already has its final name, and nothing else in the library creates files.

use std::ffi::OsString;
use std::fmt::Debug;
use std::fs::{File, FileType, OpenOptions, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What the library asks of a file system. Every method does the real thing by
/// default; tests put disks in its place that are full, die or refuse.
pub trait Disk: Debug + Send + Sync {
    /// Creates a file that must not exist, not even as a dangling link.
    fn create_new(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }

    /// Appends all the bytes to a file that [`Disk::create_new`] gave.
    fn write(&self, file: &mut File, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let _ = path;
        file.write_all(bytes)
    }

    /// Returns once the contents of the file are on the medium.
    fn sync(&self, file: &File, path: &Path) -> io::Result<()> {
        let _ = path;
        file.sync_all()
    }

    /// Gives a file another name, replacing what has that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    /// Removes a file or a link, not what a link points to.
    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    /// Creates one folder in a folder that exists.
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir(path)
    }

    /// Returns once the names in a folder are on the medium.
    ///
    /// Some network file systems, and all of Windows, have no such operation;
    /// there a rename is as durable as the system makes it.
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        if cfg!(not(unix)) {
            return Ok(());
        }
        match File::open(path)?.sync_all() {
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
            other => other,
        }
    }

    /// Opens a file for reading.
    fn open(&self, path: &Path) -> io::Result<File> {
        File::open(path)
    }

    /// Opens a file for [`Disk::try_lock`], which network file systems grant
    /// only to writers. Nothing is written through it.
    fn open_to_lock(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).open(path)
    }

    /// The names in a folder with what they are, in no particular order. Links
    /// are named as links, whatever they point to.
    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, FileType)>> {
        std::fs::read_dir(path)?
            .map(|entry| entry.and_then(|it| Ok((it.file_name(), it.file_type()?))))
            .collect()
    }

    /// Takes the kernel's exclusive lock on an open file without waiting. The
    /// lock ends when the file is closed, also by the death of the process.
    fn try_lock(&self, file: &File) -> Result<(), TryLockError> {
        file.try_lock()
    }
}

/// The file system as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {}

/// What a file system refused. Where a file was to be written, under its final
/// name stands what stood there before: the old file, or nothing.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The disk, a quota or a limit on file sizes leaves no room.
    #[error("{}: no room on the disk: {} needed ({source})", .path.display(), room(*.bytes))]
    Full {
        /// The file that was to be written.
        path: PathBuf,
        /// The size of that file; none for a folder or an empty file, which
        /// need room for their name alone.
        bytes: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused for another reason.
    #[error("{}: cannot {step}: {source}", .path.display())]
    Io {
        /// The file or folder concerned.
        path: PathBuf,
        /// What was tried, as a verb phrase.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl DiskError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Full { .. } => "make room or choose another disk; running the same command again resumes",
            Self::Io { .. } => "check that the folder exists and that you may read and write there",
        }
    }

    /// Sorts what the system said into no room and all else.
    pub fn new(path: &Path, step: &'static str, bytes: u64, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::Full { path, bytes, source }
            }
            _ => Self::Io { path, step, source },
        }
    }
}

fn room(bytes: u64) -> String {
    if bytes == 0 { "one more name is".to_owned() } else { format!("{bytes} bytes are") }
}

impl From<DiskError> for io::Error {
    fn from(error: DiskError) -> Self {
        let (DiskError::Full { source, .. } | DiskError::Io { source, .. }) = &error;
        Self::new(source.kind(), error)
    }
}

/// Writes a whole file: after this returns the bytes are on the medium under
/// that name; if it fails, or the machine does, the name means what it meant
/// before. What stood at the name is replaced; a symbolic link is replaced
/// itself, not followed.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    Ok(write_atomic_on(&RealDisk, path, bytes)?)
}

/// [`write_atomic`] for contents that should not lie in memory as a whole.
pub fn write_atomic_with(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let buffered = |sink: &mut Sink<'_>| {
        let mut out = BufWriter::with_capacity(1 << 16, sink);
        fill(&mut out)?;
        out.flush()
    };
    Ok(replace(&RealDisk, path, None, buffered)?)
}

/// Makes a folder that must not exist yet, whole or not at all: `fill` writes
/// into a hidden folder beside it, which is then renamed.
pub fn create_folder_with(path: &Path, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let disk = RealDisk;
    if std::fs::symlink_metadata(path).is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "the path does not end in a file name"))?;
    let folder = folder_of(path);
    let mut n = 0;
    let hidden = loop {
        let hidden = folder.join(temporary_name(&name.to_string_lossy(), n));
        match disk.create_dir(&hidden) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && n < 10_000 => n += 1,
            Err(error) => return Err(error),
            Ok(()) => break hidden,
        }
    };
    let done = fill(&hidden).and_then(|()| disk.sync_dir(&hidden)).and_then(|()| disk.rename(&hidden, path));
    if done.is_err() {
        // The first error is the one to report.
        let _ = std::fs::remove_dir_all(&hidden);
    }
    done.and_then(|()| disk.sync_dir(folder))
}

/// [`write_atomic`] on a given disk, in one write.
pub fn write_atomic_on(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    replace(disk, path, Some(bytes.len() as u64), |sink| sink.write_all(bytes))
}

/// The one sequence of steps. `size` is the file's size where it is known
/// beforehand; it is for messages only.
fn replace(
    disk: &dyn Disk,
    path: &Path,
    size: Option<u64>,
    fill: impl FnOnce(&mut Sink<'_>) -> io::Result<()>,
) -> Result<(), DiskError> {
    let fail = |step, asked, source| DiskError::new(path, step, size.unwrap_or(asked), source);
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "the path does not end in a file name"))
        .map_err(|source| fail("write", 0, source))?;
    let folder = folder_of(path);
    let (file, temporary) = create_temporary(disk, folder, &name.to_string_lossy())
        .map_err(|source| fail("create a temporary file beside it", 0, source))?;
    let mut sink = Sink { disk, file, path: &temporary, asked: 0 };
    let filled = fill(&mut sink).map_err(|source| fail("write", sink.asked, source));
    let Sink { file, asked, .. } = sink;
    let synced =
        filled.and_then(|()| disk.sync(&file, &temporary).map_err(|source| fail("sync", asked, source)));
    // Some systems refuse to rename an open file.
    drop(file);
    let renamed = synced.and_then(|()| {
        disk.rename(&temporary, path).map_err(|source| fail("rename into place", asked, source))
    });
    if renamed.is_err() {
        // The first error is the one to report; a temporary file that cannot
        // be removed either is a stray that later writers step around.
        let _ = disk.remove(&temporary);
    }
    renamed.and_then(|()| disk.sync_dir(folder).map_err(|source| fail("sync its folder", asked, source)))
}

/// A temporary file being filled.
struct Sink<'a> {
    disk: &'a dyn Disk,
    file: File,
    path: &'a Path,
    /// Bytes that were to be written, including those that could not.
    asked: u64,
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.asked += bytes.len() as u64;
        self.disk.write(&mut self.file, self.path, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Creates a folder and the missing ones above it, durably.
pub fn ensure_dir(disk: &dyn Disk, path: &Path) -> Result<(), DiskError> {
    if path.is_dir() {
        return Ok(());
    }
    if path.parent().is_some() {
        ensure_dir(disk, folder_of(path))?;
    }
    let created = match disk.create_dir(path) {
        // Another worker was faster.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        other => other,
    };
    created
        .and_then(|()| disk.sync_dir(folder_of(path)))
        .map_err(|source| DiskError::new(path, "create the folder", 0, source))
}

/// The n-th temporary name for a file of that name: hidden, and short enough
/// for every file system even where the name itself is not.
pub fn temporary_name(name: &str, n: u32) -> String {
    let mut end = name.len().min(100);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!(".{}.{n}.tmp", &name[..end])
}

/// Creates the first temporary file whose name is free. Numbers rather than
/// process ids: exclusive creation makes them unique across machines too.
pub fn create_temporary(disk: &dyn Disk, folder: &Path, name: &str) -> io::Result<(File, PathBuf)> {
    let mut n = 0;
    loop {
        let path = folder.join(temporary_name(name, n));
        match disk.create_new(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && n < 10_000 => n += 1,
            Err(error) => return Err(error),
            Ok(file) => return Ok((file, path)),
        }
    }
}

/// The folder that holds a path's last name.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that refuses one step and counts what it was asked.
    #[derive(Debug)]
    struct Refusing(&'static str, ErrorKind);

    impl Refusing {
        fn gate(&self, step: &str) -> io::Result<()> {
            if step == self.0 { Err(self.1.into()) } else { Ok(()) }
        }
    }

    impl Disk for Refusing {
        fn write(&self, file: &mut File, _: &Path, bytes: &[u8]) -> io::Result<()> {
            file.write_all(&bytes[..bytes.len() / 2])?;
            self.gate("write")?;
            file.write_all(&bytes[bytes.len() / 2..])
        }
        fn sync(&self, _: &File, _: &Path) -> io::Result<()> {
            self.gate("sync")
        }
        fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
            self.gate("rename")?;
            std::fs::rename(from, to)
        }
    }

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("rivalry-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&path);
            ensure_dir(&RealDisk, &path.join("deep/er")).unwrap();
            Self(path.join("deep/er"))
        }

        fn names(&self) -> Vec<String> {
            let mut names: Vec<_> =
                RealDisk.list(&self.0).unwrap().into_iter().map(|it| it.0.into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(self.0.ancestors().nth(2).unwrap());
        }
    }

    #[test]
    fn a_failure_at_any_step_keeps_the_old_file_and_leaves_nothing_else() {
        let folder = Folder::new("steps");
        let path = folder.0.join("file");
        write_atomic(&path, b"old").unwrap();
        for (step, kind, message) in [
            ("write", ErrorKind::StorageFull, "no room on the disk: 8 bytes are needed"),
            ("sync", ErrorKind::QuotaExceeded, "no room on the disk: 8 bytes are needed"),
            ("write", ErrorKind::PermissionDenied, "cannot write: permission denied"),
            ("sync", ErrorKind::Other, "cannot sync: other error"),
            ("rename", ErrorKind::Other, "cannot rename into place: other error"),
        ] {
            let error = write_atomic_on(&Refusing(step, kind), &path, b"new file").unwrap_err().to_string();
            assert!(error.starts_with(&path.display().to_string()) && error.contains(message), "{error}");
            assert_eq!(std::fs::read(&path).unwrap(), b"old");
            assert_eq!(folder.names(), ["file"]);
        }
        write_atomic(&path, b"new file").unwrap();
        assert_eq!((std::fs::read(&path).unwrap().as_slice(), folder.names().len()), (&b"new file"[..], 1));
    }

    #[test]
    fn a_stream_is_written_whole_or_not_at_all() {
        let folder = Folder::new("stream");
        let path = folder.0.join("file");
        let long = vec![7; 300_000];
        write_atomic_with(&path, |out| long.chunks(1000).try_for_each(|chunk| out.write_all(chunk))).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), long);
        let error = write_atomic_with(&path, |out| {
            out.write_all(&long[..100_000])?;
            Err(io::Error::other("the source ran dry"))
        })
        .unwrap_err();
        assert!(error.to_string().ends_with("cannot write: the source ran dry"), "{error}");
        assert_eq!((std::fs::read(&path).unwrap(), folder.names()), (long, vec!["file".to_owned()]));
    }

    #[test]
    fn a_folder_appears_whole_or_not_at_all() {
        let folder = Folder::new("folders");
        let path = folder.0.join("data");
        let error = create_folder_with(&path, |hidden| {
            write_atomic(&hidden.join("a"), b"a")?;
            Err(io::Error::other("the source ran dry"))
        });
        assert_eq!(error.unwrap_err().to_string(), "the source ran dry");
        assert_eq!(folder.names(), [""; 0]);
        create_folder_with(&path, |hidden| write_atomic(&hidden.join("a"), b"a")).unwrap();
        assert_eq!(std::fs::read(path.join("a")).unwrap(), b"a");
        let again = create_folder_with(&path, |_| Ok(())).unwrap_err();
        assert_eq!((again.kind(), folder.names()), (ErrorKind::AlreadyExists, vec!["data".to_owned()]));
    }

    #[test]
    fn strays_are_stepped_around() {
        let folder = Folder::new("strays");
        for n in 0..3 {
            drop(RealDisk.create_new(&folder.0.join(temporary_name("file", n))).unwrap());
        }
        write_atomic(&folder.0.join("file"), b"whole").unwrap();
        assert_eq!(folder.names(), [".file.0.tmp", ".file.1.tmp", ".file.2.tmp", "file"]);
        assert_eq!(std::fs::read(folder.0.join("file")).unwrap(), b"whole");
    }

    #[test]
    fn names_may_be_long_and_must_be_names() {
        let folder = Folder::new("names");
        let long = "é".repeat(127);
        write_atomic(&folder.0.join(&long), b"x").unwrap();
        assert_eq!(folder.names(), [long]);
        let error = write_atomic(&folder.0.join(".."), b"x").unwrap_err().to_string();
        assert!(error.ends_with("cannot write: the path does not end in a file name"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_at_the_final_name_is_replaced_and_not_followed() {
        let folder = Folder::new("links");
        write_atomic(&folder.0.join("target"), b"untouched").unwrap();
        std::os::unix::fs::symlink("target", folder.0.join("file")).unwrap();
        write_atomic(&folder.0.join("file"), b"new").unwrap();
        assert_eq!(std::fs::read(folder.0.join("target")).unwrap(), b"untouched");
        assert!(std::fs::symlink_metadata(folder.0.join("file")).unwrap().is_file());
    }
}
