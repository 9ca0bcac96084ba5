use std::process::Command;

use crate::harness::{Repository, Said};

/// `opsctl` where nothing of the machine that runs the tests is found, but what the test has put there.
fn command(folder: &Repository, arguments: &[&str]) -> Command {
    let mut command = folder.command(arguments);
    command.env("HOME", folder.path("home"));
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    command
}

fn init(folder: &Repository) -> Said {
    Said::by(&mut command(folder, &["init"]))
}

fn read(folder: &Repository, path: &str) -> String {
    std::fs::read_to_string(folder.path(path)).unwrap()
}

#[test]
fn test_where_nothing_is_found_it_is_simulated_and_runs() {
    let folder = Repository::of(&[]);
    insta::assert_snapshot!(init(&folder), @"
    A new operations repository:

      opsctl.toml           one simulated instance, k8s
      .gitignore            leaves .opsctl/ and snapshots/ out
      states/baseline.toml  what is normal: two deployments
      worlds/k8s.toml       what is live in it at first

    Next:

      opsctl plan baseline    what would be changed, in which order
      opsctl apply baseline   does it
      opsctl kinds            what can be set
    ");
    insta::assert_snapshot!(read(&folder, "opsctl.toml"), @r#"
    # What opsctl talks to, and what no plan may do. All paths in it are relative to this folder.

    # A simulated cluster: nothing real is touched, so try anything. Every address begins with its name. For a real one, put in place
    # of these three lines type = "kubernetes" and context = "NAME", as `kubectl config get-contexts` lists it.
    [provider.k8s]
    type = "sim"
    emulates = "kubernetes"
    world = "worlds/k8s.toml"

    # Before and after each apply, what is live is committed here: a git repository of its own, made on first use.
    [snapshots]
    path = "snapshots"

    # What no plan may do, whoever asks for it.
    [guard]
    protect = ["*:*/kube-system/*"]
    max_resources = 40
    "#);
    insta::assert_snapshot!(read(&folder, ".gitignore"), @"
    # Journal, lock and simulated worlds of a checkout; and the snapshots, which are a git repository of their own.
    .opsctl/
    snapshots/
    ");
    insta::assert_snapshot!(folder.done(&["plan", "baseline"]), @"
    baseline   Two of each serve   now: nothing was applied yet

      k8s  sim kubernetes  simulated k8s

    Steps                                           waits until  after
      1 + k8s  deployment/shop/api  replicas 1 → 2  ready
      2 + k8s  deployment/shop/web  replicas 1 → 2  ready        1

    Accepted  2 of 2 in a dry run
    Time      unknown: no earlier operation tells
    Way back  2 steps, nothing is irreversible

    2 to change, 0 as they should be.   5 API calls: k8s 5.   Plan HASH
    Nothing was changed. To do it: opsctl apply baseline
    ");
    folder.done(&["apply", "baseline", "-y"]);
    insta::assert_snapshot!(folder.done(&["plan", "baseline"]), @"baseline: nothing to change. 2 settings of 2 resources read from k8s are as they should be.");
}

#[test]
fn test_nothing_is_written_over() {
    let folder = Repository::of(&[(".gitignore", "/target\n"), ("states/mine.toml", "summary = \"mine\"\n")]);
    insta::assert_snapshot!(init(&folder), @"
    A new operations repository:

      opsctl.toml           one simulated instance, k8s
      worlds/k8s.toml       what is live in it at first
      states/baseline.toml  there are states already
      .gitignore            is there already; add to it: .opsctl/ snapshots/

    Next:

      opsctl states   what the states set, beside what is live
      opsctl kinds    what can be set
    ");
    assert_eq!(read(&folder, ".gitignore"), "/target\n");
    assert!(!folder.path("states/baseline.toml").exists());
    folder.done(&["states"]);
    insta::assert_snapshot!(init(&folder), @"
    --- stderr
    error: this folder is an operations repository already: it has an opsctl.toml
      = opsctl states shows what it has; opsctl init -C DIR makes another one
    --- exit 1
    ");
}

#[test]
fn test_a_folder_that_is_not_there_is_made() {
    let folder = Repository::of(&[]);
    let said = Said::by(&mut command(&folder, &["init", "-C", "new/ops", "--json"]));
    let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(document["written"][0], "opsctl.toml");
    assert_eq!(document["next"][0], "opsctl plan baseline");
    folder.done(&["-C", "new/ops", "plan", "baseline"]);
    let said = Said::by(&mut command(&folder, &["plan", "baseline", "-C", "other"]));
    assert!(said.exit == Some(1) && !folder.path("other").exists(), "{said}");
}

#[cfg(feature = "kubernetes")]
const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: lab
clusters:
- {name: east, cluster: {server: 'https://127.0.0.1:1'}}
contexts:
- {name: 'arn:aws:eks:us-east-1:123456789012:cluster/prod-east', context: {cluster: east, user: ana}}
- {name: lab, context: {cluster: east, user: ana}}
users:
- {name: ana, user: {token: hunter2}}
";

#[cfg(all(feature = "kubernetes", feature = "aws"))]
const CREDENTIALS: &str = "[default]\naws_access_key_id = AKIAHUNTER\naws_secret_access_key = hunter2\n";

#[cfg(all(feature = "kubernetes", feature = "aws"))]
#[test]
fn test_what_is_found_becomes_instances() {
    let folder = Repository::of(&[
        ("home/.kube/config", KUBECONFIG),
        ("home/.aws/credentials", CREDENTIALS),
        ("home/.aws/config", "[default]\nregion = eu-west-1\n[profile prod]\nsso_session = corp\n"),
    ]);
    insta::assert_snapshot!(init(&folder), @"
    A new operations repository:

      opsctl.toml           instances of Kubernetes: prod-east, lab; and 2 profiles of AWS, as comments
      .gitignore            leaves .opsctl/ and snapshots/ out
      states/baseline.toml  what is normal: comments only so far

    Next:

      opsctl capture baseline 'prod-east:deployment/NAMESPACE/*'   writes what is live into it
      opsctl kinds                                                 what can be set
    ");
    insta::assert_snapshot!(read(&folder, "opsctl.toml"), @r#"
    # What opsctl talks to, and what no plan may do. All paths in it are relative to this folder.

    # The contexts of the kubeconfig, an instance each. Take out what opsctl shall not touch, and choose the names now: every
    # address begins with one, as in prod-east:deployment/NAMESPACE/NAME.
    [provider.prod-east]
    type = "kubernetes"
    context = "arn:aws:eks:us-east-1:123456789012:cluster/prod-east"

    [provider.lab]
    type = "kubernetes"
    context = "lab"

    # The profiles of AWS. Take the `#` away where opsctl shall set something.
    #
    # [provider.aws]
    # type = "aws"
    # region = "eu-west-1"
    # profile = "default"
    #
    # [provider.aws-prod]
    # type = "aws"
    # region = "us-east-1"
    # profile = "prod"

    # Before and after each apply, what is live is committed here: a git repository of its own, made on first use.
    [snapshots]
    path = "snapshots"

    # What no plan may do, whoever asks for it.
    [guard]
    protect = ["*:*/kube-system/*"]
    max_resources = 40
    "#);
    insta::assert_snapshot!(read(&folder, "states/baseline.toml"), @r#"
    # What is normal: the state that all others extend. `opsctl capture baseline 'prod-east:deployment/NAMESPACE/*'` writes what is live
    # behind these lines, to be cut down to what is really turned. By hand it would be:
    #
    # summary = "One region serves, minimum spend"
    #
    # [resource.edge]                               # a name, which means the same in every state
    # at = "prod-east:deployment/NAMESPACE/NAME"
    # replicas = 2                                  # or { at_least = 2 }: more may run
    # needs = ["origin"]                            # first up after it, first down before it
    #
    # Another state has extends = "baseline", and only what is otherwise there. What can be set: opsctl kinds
    "#);
    for file in ["opsctl.toml", "states/baseline.toml", ".gitignore"] {
        assert!(!read(&folder, file).to_lowercase().contains("hunter"));
    }
    insta::assert_snapshot!(Said::by(&mut command(&folder, &["plan", "baseline"])), @"baseline: nothing to change, for it sets nothing that was looked at.");
    // What is a comment becomes an instance as it stands.
    let mut config = read(&folder, "opsctl.toml");
    for start in ["[", "type", "region", "profile"] {
        config = config.replace(&format!("\n# {start}"), &format!("\n{start}"));
    }
    folder.write("opsctl.toml", &config);
    let said = Said::by(&mut command(&folder, &["plan", "baseline"]));
    assert_eq!(said.exit, Some(0), "{said}");
    assert_eq!(config.matches("\n[provider.").count(), 4);
}

/// Keys in the environment, as a job has them, are an account like any other.
#[cfg(feature = "aws")]
#[test]
fn test_the_account_of_the_environment_becomes_an_instance() {
    let folder = Repository::of(&[("home/.aws/config", "[default]\nregion = eu-west-1\n")]);
    let mut command = command(&folder, &["init"]);
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAHUNTER"), ("AWS_SECRET_ACCESS_KEY", "hunter2"), ("AWS_REGION", "us-west-2")];
    insta::assert_snapshot!(Said::by(command.envs(keys)), @"
    A new operations repository:

      opsctl.toml           an instance of AWS: aws; and a profile of AWS, as a comment
      .gitignore            leaves .opsctl/ and snapshots/ out
      states/baseline.toml  what is normal: comments only so far

    Next:

      opsctl capture baseline 'aws:ecs-service/CLUSTER/*'   writes what is live into it
      opsctl kinds                                          what can be set
    ");
    let config = read(&folder, "opsctl.toml");
    insta::assert_snapshot!(config.split("\n# Before").next().unwrap(), @r#"
    # What opsctl talks to, and what no plan may do. All paths in it are relative to this folder.

    # The account of AWS that AWS_ACCESS_KEY_ID names: one region of it. Another region is an instance, too.
    [provider.aws]
    type = "aws"
    region = "us-west-2"

    # The profiles of AWS. Take the `#` away where opsctl shall set something.
    #
    # [provider.aws-2]
    # type = "aws"
    # region = "eu-west-1"
    # profile = "default"
    "#);
    insta::assert_snapshot!(read(&folder, "states/baseline.toml"), @r#"
    # What is normal: the state that all others extend. `opsctl capture baseline 'aws:ecs-service/CLUSTER/*'` writes what is live
    # behind these lines, to be cut down to what is really turned. By hand it would be:
    #
    # summary = "One region serves, minimum spend"
    #
    # [resource.edge]                               # a name, which means the same in every state
    # at = "aws:ecs-service/CLUSTER/NAME"
    # desired_count = 2                             # or { at_least = 2 }: more may run
    # needs = ["origin"]                            # first up after it, first down before it
    #
    # Another state has extends = "baseline", and only what is otherwise there. What can be set: opsctl kinds
    "#);
    assert!(!config.to_lowercase().contains("hunter") && !folder.path("worlds").exists());
    assert_eq!(Said::by(&mut self::command(&folder, &["plan", "baseline"])).exit, Some(0));
}

#[cfg(feature = "kubernetes")]
#[test]
fn test_variables_name_other_files() {
    let folder = Repository::of(&[
        ("home/.kube/config", KUBECONFIG),
        ("one", &KUBECONFIG.replace("lab", "one")),
        ("two", "users: [\n  token: hunter2"),
        ("aws", "[profile audit]\n"),
    ]);
    let mut command = command(&folder, &["init"]);
    let said = Said::by(command.env("KUBECONFIG", "one:missing:two").env("AWS_CONFIG_FILE", "aws"));
    insta::assert_snapshot!(said, @"
    A new operations repository:

      opsctl.toml           instances of Kubernetes: prod-east, one; and a profile of AWS, as a comment
      .gitignore            leaves .opsctl/ and snapshots/ out
      states/baseline.toml  what is normal: comments only so far

    Next:

      opsctl capture baseline 'prod-east:deployment/NAMESPACE/*'   writes what is live into it
      opsctl kinds                                                 what can be set
    --- stderr
    warning: not read: two: it is no kubeconfig: its YAML has a mistake, in line 1
    ");
}

#[test]
fn test_no_repository_among_the_states_of_one() {
    let folder = Repository::small();
    let said = Said::by(&mut command(&folder, &["-C", "states", "init"]));
    assert!(said.exit == Some(1) && said.err.contains("folder of states"), "{said}");
    assert!(!folder.path("states/opsctl.toml").exists());
}
