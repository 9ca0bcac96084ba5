use std::path::Path;

use crate::harness::Repository;

/// A copy of an operations repository of this project, with other texts in place of some.
pub(super) fn copy(folder: &str, others: &[(&str, &str)]) -> Repository {
    let repository = Repository::of(&[]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    for part in ["", "states", "worlds", "connections"] {
        let entries = std::fs::read_dir(folder.join(part)).into_iter().flatten();
        for path in entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            let to = path.strip_prefix(&folder).unwrap().to_str().unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            repository.write(to, &others.iter().fold(text, |text, (this, with)| text.replace(this, with)));
        }
    }
    repository
}
