//! What the README shows is what the program says.

use std::path::Path;

use crate::harness::Repository;

/// The example at the root, in a folder of its own.
fn example() -> Repository {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repository = Repository::of(&[]);
    repository.write("opsctl.toml", &std::fs::read_to_string(root.join("opsctl.toml")).unwrap());
    for folder in ["states", "worlds"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
            repository.write(&name, &std::fs::read_to_string(&path).unwrap());
        }
    }
    repository
}

#[test]
fn test_the_plan_in_the_readme_is_the_one_of_the_example() {
    let said = example().done(&["plan", "dr-active"]).out;
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    // The digest follows from the version of the format too.
    let (page, _) = said.split_once("Plan ").unwrap();
    assert!(readme.contains(page), "put this into README.md:\n{said}");
}
