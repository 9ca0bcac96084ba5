use std::fs::File;
use std::io;
use std::path::Path;

use fs_err as fs;
use git2::{IndexEntry, IndexTime, Oid, Repository, RepositoryState};

use super::files::Files;

/// Lets one opsctl write at a time, so that the folder shows the newest commit. The kernel frees it with the process.
///
/// `None` where the file system knows no such lock: the branch is moved by compare-and-swap anyway.
pub(super) fn lock(repository: &Repository) -> Option<File> {
    let file = File::options().create(true).append(true).open(repository.commondir().join("opsctl.lock")).ok()?;
    file.lock().ok()?;
    Some(file)
}

/// Shows a snapshot in the folder, as `git checkout` would, so that `git status`, `git blame` and an editor see it.
///
/// The commit stands whether or not this succeeds, and nothing is ever read from here; so a failure is left to `git status`. In
/// the middle of the operator's own merge, index and folder are theirs.
pub(super) fn show(repository: &Repository, files: &Files) {
    if let Some(folder) = repository.workdir()
        && repository.state() == RepositoryState::Clean
    {
        let _ = place(repository, folder, files);
    }
}

fn place(repository: &Repository, folder: &Path, files: &Files) -> io::Result<()> {
    let mut index = repository.index().map_err(io::Error::other)?;
    for (name, content) in files.each() {
        let path = folder.join(name);
        match content {
            Some(content) => {
                let beside = folder.join(format!(".{name}.new"));
                fs::write(&beside, content)?;
                fs::rename(&beside, &path)?;
                index.add_frombuffer(&entry(name), content).map_err(io::Error::other)?;
            }
            None => {
                if let Err(error) = fs::remove_file(&path)
                    && error.kind() != io::ErrorKind::NotFound
                {
                    return Err(error);
                }
                index.remove_path(Path::new(name)).map_err(io::Error::other)?;
            }
        }
    }
    index.write().map_err(io::Error::other)
}

/// An entry whose times are unknown: git compares the content once and then remembers them.
fn entry(name: &str) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: git2::FileMode::Blob.into(),
        uid: 0,
        gid: 0,
        file_size: 0,
        id: Oid::ZERO_SHA1,
        flags: 0,
        flags_extended: 0,
        path: name.as_bytes().to_vec(),
    }
}
