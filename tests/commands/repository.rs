use crate::harness::Repository;

#[test]
fn test_no_repository() {
    let nowhere = Repository::of(&[]);
    let said = nowhere.opsctl(&["plan", "baseline"]);
    let folder = nowhere.path("").canonicalize().unwrap();
    insta::assert_snapshot!(said.err.replace(folder.to_str().unwrap(), "FOLDER"), @"
    error: there is no opsctl.toml in FOLDER or above it
      = go into an operations repository, name one with -C DIR, or make one: opsctl init
    ");
    assert_eq!(said.exit, Some(1));
}

#[test]
fn test_it_is_found_from_a_folder_below_and_named_from_anywhere() {
    let repository = Repository::small();
    let folder = repository.path("states");
    repository.done(&["-C", folder.to_str().unwrap(), "plan", "baseline"]);
    let said = repository.opsctl(&["-C", "nowhere", "plan", "baseline"]);
    assert_eq!(said.exit, Some(1), "{said}");
}

#[test]
fn test_paths_of_the_command_line_are_relative_to_where_one_stands() {
    let repository = Repository::small();
    repository.done(&["-C", "states", "plan", "busy", "--out", "plan.json"]);
    assert!(repository.path("states/plan.json").exists());
}

#[test]
fn test_mistakes_of_opsctl_toml_and_of_a_world() {
    let repository = Repository::small();
    repository.append("opsctl.toml", "\n[provider.gcp]\ntype = \"gcloud\"\n");
    insta::assert_snapshot!(repository.opsctl(&["states"]), @r#"
    --- stderr
    error[E0203]: unknown provider `gcloud`
       ┌ opsctl.toml:12:8
    12 │ type = "gcloud"
       │        ^^^^^^^^
       = there are: aws, kubernetes, sim

    1 error in 1 file; opsctl explain E0203 says more.
    Nothing was changed.
    --- exit 1
    "#);
    let repository = Repository::small();
    repository.append("opsctl.toml", "worlds = 3\n");
    repository.append("world.toml", "replicsa = 3\n");
    insta::assert_snapshot!(repository.opsctl(&["states"]), @"
    --- stderr
    error[E0204]: a simulated provider has no `worlds`; it has: emulates, world
       ┌ opsctl.toml:10:1
    10 │ worlds = 3
       │ ^^^^^^

    error[E0204]: unknown setting `replicsa` of kind route53-record
       ┌ world.toml:24:1
    24 │ replicsa = 3
       │ ^^^^^^^^

    2 errors in 2 files; opsctl explain E0204 says more.
    Nothing was changed.
    --- exit 1
    ");
}

/// Keys, types, options and paths: who mends one thing hears of all.
#[test]
fn test_all_mistakes_of_opsctl_toml_come_in_one_run() {
    let repository = Repository::small();
    let text = "[provider.gcp]\ntyp = \"kubernetes\"\n[provider.dns]\ntype = \"gcloud\"\n\
                [provider.lab]\ntype = \"sim\"\nworld = \"lab.toml\"\n[guard]\nmax_resources = \"many\"\n";
    repository.append("opsctl.toml", text);
    repository.append("world.toml", "\n[resource.db]\nat = \"gcp:deployment/data/db\"\nreplicas = 1\n");
    let said = repository.opsctl(&["states"]).to_string().replace(repository.path("").to_str().unwrap(), "");
    insta::assert_snapshot!(said, @r#"
    --- stderr
    error[E0103]: instance `gcp` has no `type`
       ┌ opsctl.toml:10:11
    10 │ [provider.gcp]
       │           ^^^
       = as in type = "kubernetes" or "sim"

    error[E0203]: unknown provider `gcloud`
       ┌ opsctl.toml:13:8
    13 │ type = "gcloud"
       │        ^^^^^^^^
       = there are: aws, kubernetes, sim

    error[E0204]: the world of `lab` cannot be read: failed to open file `lab.toml`: No such file or directory (os error 2)
       ┌ opsctl.toml:16:1
    16 │ world = "lab.toml"
       │ ^^^^^

    error[E0102]: `max_resources` takes an integer, found the string "many"
       ┌ opsctl.toml:18:17
    18 │ max_resources = "many"
       │                 ^^^^^^

    4 errors in 1 file; opsctl explain E0103 says more.
    Nothing was changed.
    --- exit 1
    "#);
}

#[test]
fn test_a_world_about_an_instance_that_is_not_there() {
    let repository = Repository::small();
    repository.append("world.toml", "\n[resource.db]\nat = \"lob:deployment/data/db\"\nreplicas = 1\n");
    insta::assert_snapshot!(repository.ends(1, &["states"]), @r#"
    --- stderr
    error[E0204]: world.toml is about `lob`, and there is no such instance
       ┌ world.toml:26:6
    26 │ at = "lob:deployment/data/db"
       │      ^^^^^^^^^^^^^^^^^^^^^^^^
       = the instances of opsctl.toml: aws, k8s

    1 error in 1 file; opsctl explain E0204 says more.
    Nothing was changed.
    --- exit 1
    "#);
}

#[test]
#[cfg(not(feature = "kubernetes"))]
fn test_a_provider_that_is_left_out_names_its_feature() {
    let repository = Repository::small();
    repository.append("opsctl.toml", "\n[provider.real]\ntype = \"kubernetes\"\ncontext = \"x\"\n");
    insta::assert_snapshot!(repository.opsctl(&["states"]), @r#"
    --- stderr
    error[E0204]: instance `real`: this opsctl was built without the provider `kubernetes`: cargo build --features kubernetes
       ┌ opsctl.toml:12:8
    12 │ type = "kubernetes"
       │        ^^^^^^^^^^^^

    1 error in 1 file; opsctl explain E0204 says more.
    Nothing was changed.
    --- exit 1
    "#);
}

/// Moved, deleted, without its branch, or set back: what was done here is missed, and nobody says that nothing was.
#[test]
fn test_a_history_that_is_gone_is_missed() {
    let gone: [fn(&Repository); 3] = [
        |repository| std::fs::remove_dir_all(repository.path("snapshots")).unwrap(),
        |repository| std::fs::remove_file(repository.path("snapshots/.git/refs/heads/main")).unwrap(),
        |repository| {
            let git = git2::Repository::open(repository.path("snapshots")).unwrap();
            let newest = git.head().unwrap().peel_to_commit().unwrap();
            let first = newest.parent(0).unwrap().parent(0).unwrap();
            git.reference("refs/heads/main", first.id(), true, "set back").unwrap();
        },
    ];
    for (set_back, gone) in gone.iter().enumerate().map(|(index, gone)| (index == 2, gone)) {
        let repository = Repository::small();
        repository.done(&["apply", "baseline", "-y"]);
        repository.done(&["apply", "busy", "-y"]);
        assert!(!repository.done(&["log"]).err.contains("warning"));
        gone(&repository);
        let said = repository.ends(1, &["status"]);
        if set_back {
            assert!(said.out.contains("The history does not have "), "{said}");
        } else {
            insta::allow_duplicates! { insta::assert_snapshot!(said, @"
            What was applied last is not known.
            The history does not have ID, which came later: what is told here is not all.
            No operation is open, nothing is owed, nobody holds the lock.
            --- stderr
            warning: ID was done here, by its journal in .opsctl, and the history in snapshots does not have it: where that was moved, deleted or set back, bring it back, or nothing of it can be rolled back
            --- exit 1
            "); }
        }
        let said = repository.ends(1, &["log"]);
        assert!(said.err.contains("the history in snapshots does not have it"), "{said}");
        assert!(!said.out.contains("Nothing was applied yet"), "{said}");
        let said = repository.done(&["plan", "drained"]);
        assert!(said.out.contains("now: what was applied last is not known"), "{said}");
        // What is done from now on is in a history again.
        repository.done(&["apply", "baseline", "-y"]);
        let said = repository.done(&["status"]);
        assert!(said.out.starts_with("baseline was applied") && !said.err.contains("warning"), "{said}");
    }
}

#[test]
fn test_something_else_stands_where_opsctl_works() {
    let repository = Repository::small();
    repository.write(".opsctl", "");
    for arguments in [&["status"][..], &["plan", "busy"], &["apply", "busy", "-y"], &["sim", "reset"]] {
        let said = repository.ends(1, arguments);
        assert!(said.err.contains("/.opsctl is no folder\n  = opsctl keeps its journal"), "{said}");
    }
}
