use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use camino::Utf8PathBuf;
use git2::{Commit, Oid, Repository};

use super::StoreError;

/// Puts on the disk what a commit has and its parent has not. libgit2 syncs nothing by itself, and `core.fsyncObjectFiles`,
/// the switch that would make it, is one of which git warns at every call.
pub(super) fn objects(repository: &Repository, commit: Oid, parent: Option<&Commit<'_>>) -> Result<(), StoreError> {
    let known: Vec<Oid> = parent.and_then(|parent| parent.tree().ok()).map(|tree| ids(&tree)).unwrap_or_default();
    let tree = repository.find_commit(commit).and_then(|commit| commit.tree());
    let new = tree.map(|tree| ids(&tree)).unwrap_or_default().into_iter().filter(|id| !known.contains(id));
    for id in new.chain([commit]) {
        let hex = id.to_string();
        let (folder, file) = hex.split_at(2);
        let folder = repository.commondir().join("objects").join(folder);
        sync(&folder.join(file))?;
        sync(&folder)?;
    }
    Ok(())
}

/// Puts a branch on the disk.
pub(super) fn branch(repository: &Repository, branch: &str) -> Result<(), StoreError> {
    let file = repository.commondir().join(branch);
    sync(&file)?;
    file.parent().map_or(Ok(()), sync)
}

/// A tree's own id, and those of what is in it.
fn ids(tree: &git2::Tree<'_>) -> Vec<Oid> {
    tree.iter().map(|entry| entry.id()).chain([tree.id()]).collect()
}

fn sync(path: &Path) -> Result<(), StoreError> {
    match File::open(path).and_then(|file| file.sync_all()) {
        // An object that was there before may have been packed; then it is on the disk.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(source) => {
            let path = Utf8PathBuf::from(path.to_string_lossy().into_owned());
            Err(StoreError::File { path, doing: "synced to the disk", source })
        }
        Ok(()) => Ok(()),
    }
}
