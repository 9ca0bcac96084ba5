use crate::harness::{Repository, Said};

/// What a shell is offered for the last of these words.
fn offered(repository: &Repository, words: &[&str]) -> Vec<String> {
    let arguments = [&["--", "opsctl"], words].concat();
    let mut command = repository.command(&arguments);
    command.env("OPSCTL_COMPLETE", "bash").env("_CLAP_IFS", "\n");
    let output = command.env("_CLAP_COMPLETE_INDEX", words.len().to_string()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn test_states_overlays_kinds_and_codes_are_completed() {
    let repository = Repository::small();
    repository.write("states/broken.toml", "replicas = = 3");
    repository.write("states/night.toml", "over = \"baseline\"\n");
    assert_eq!(offered(&repository, &["plan", "b"]), ["baseline", "broken", "busy"]);
    assert_eq!(offered(&repository, &["apply", "busy+"]), ["busy+night"]);
    assert_eq!(offered(&repository, &["kinds", "conf"]), ["configmap"]);
    assert_eq!(offered(&repository, &["explain", "E0104"]), ["E0104"]);
    assert_eq!(offered(&repository, &["com"]), ["completions"]);
    let nowhere = Repository::of(&[]);
    assert!(offered(&nowhere, &["check", "b"]).is_empty());
    let folder = repository.path("states");
    assert_eq!(offered(&nowhere, &["-C", folder.to_str().unwrap(), "check", "ba"]), ["baseline"]);
}

#[test]
fn test_each_shell_has_its_function() {
    let nowhere = Repository::of(&[]);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let said = nowhere.done(&["completions", shell]);
        assert!(said.out.contains("OPSCTL_COMPLETE") && said.err.is_empty(), "{said}");
    }
    let said: Said = nowhere.ends(64, &["completions", "tcsh"]);
    assert!(said.err.contains("bash, elvish, fish, powershell, zsh"), "{said}");
}
