use std::fmt::Write as _;

use super::names::{instances, name};
use super::{Account, Found, Profile};
use crate::snapshot::literal::quoted;

/// A file that a repository begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// In the repository.
    pub path: &'static str,
    /// What stands in it.
    pub text: String,
    /// What that is, in a few words.
    pub what: String,
}

/// What a repository begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Began {
    /// Its files; the one that makes it a repository is the last.
    pub files: Vec<File>,
    /// The real instances; none where it is simulated.
    pub instances: Vec<String>,
    /// What to capture first of them, as a pattern to be filled in.
    pub capture: Option<String>,
}

/// The lines of `.gitignore`.
const IGNORED: [&str; 2] = [".opsctl/", "snapshots/"];

/// Where nobody says, the region that the tools of AWS have in their examples.
const REGION: &str = "us-east-1";

/// What a repository begins with where this was found.
pub fn began(found: &Found) -> Began {
    let mut instances = instances(&found.contexts);
    let clusters = (!instances.is_empty()).then(|| clusters(&found.contexts, &instances));
    let account = found.account.as_ref().map(|account| {
        let instance = free("aws", &instances);
        instances.push(instance.clone());
        (account, instance)
    });
    let capture = match (instances.first(), &clusters) {
        (Some(first), Some(_)) => Some(format!("{first}:deployment/NAMESPACE/*")),
        (Some(first), None) => Some(format!("{first}:ecs-service/CLUSTER/*")),
        (None, _) => None,
    };
    let mut files = Vec::new();
    let mut config = String::from(HEAD);
    let mut what = if instances.is_empty() {
        files.push(file("worlds/k8s.toml", WORLD, "what is live in it at first"));
        files.push(file("states/baseline.toml", SIMULATED_BASELINE, "what is normal: two deployments"));
        config.push_str(SIMULATED);
        "one simulated instance, k8s".to_owned()
    } else {
        let pattern = capture.as_deref().unwrap_or_default();
        files.push(file("states/baseline.toml", &baseline(pattern), "what is normal: comments only so far"));
        config.extend(clusters);
        match found.contexts.len() {
            0 => String::new(),
            1 => format!("an instance of Kubernetes: {}", instances[0]),
            many => format!("instances of Kubernetes: {}", instances[..many].join(", ")),
        }
    };
    if let Some((account, instance)) = account {
        config.push_str(&of_environment(account, &instance));
        let gap = if what.is_empty() { "" } else { "; " };
        let _ = write!(what, "{gap}an instance of AWS: {instance}");
    }
    files.push(file(".gitignore", IGNORE, "leaves .opsctl/ and snapshots/ out"));
    let is_instance =
        |name: &String| found.account.as_ref().is_some_and(|account| account.profile.as_ref() == Some(name));
    let profiles: Vec<&Profile> = found.profiles.iter().filter(|profile| !is_instance(&profile.name)).collect();
    config.push_str(&accounts(&profiles, &instances));
    config.push_str(TAIL);
    let what = match profiles.len() {
        0 => what,
        1 => format!("{what}; and a profile of AWS, as a comment"),
        many => format!("{what}; and {many} profiles of AWS, as comments"),
    };
    files.push(file("opsctl.toml", &config, &what));
    Began { files, instances, capture }
}

/// This name, or with a number where there is an instance of it.
fn free(wanted: &str, taken: &[String]) -> String {
    let numbered = (2..).map(|number| format!("{wanted}-{number}"));
    let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or_default()
}

/// The account whose credentials are in the environment.
fn of_environment(account: &Account, instance: &str) -> String {
    let profile = account.profile.as_ref().map(|name| format!("profile = {}\n", quoted(name))).unwrap_or_default();
    format!(
        "\n# The account of AWS that {} names: one region of it. Another region is an instance, too.\n\
         [provider.{instance}]\ntype = \"aws\"\nregion = {}\n{profile}",
        account.by,
        quoted(&account.region)
    )
}

fn file(path: &'static str, text: &str, what: &str) -> File {
    File { path, text: text.to_owned(), what: what.to_owned() }
}

/// The lines that a `.gitignore` lacks.
pub fn ignored(text: &str) -> Vec<&'static str> {
    let has = |line: &str| text.lines().any(|other| other.trim().trim_matches('/') == line.trim_matches('/'));
    IGNORED.into_iter().filter(|line| !has(line)).collect()
}

fn clusters(contexts: &[String], instances: &[String]) -> String {
    let mut text = format!(
        "\n# The contexts of the kubeconfig, an instance each. Take out what opsctl shall not touch, and choose the names now: every\n\
         # address begins with one, as in {}:deployment/NAMESPACE/NAME.\n",
        instances[0]
    );
    for (nth, (context, instance)) in contexts.iter().zip(instances).enumerate() {
        let gap = if nth == 0 { "" } else { "\n" };
        let _ = write!(text, "{gap}[provider.{instance}]\ntype = \"kubernetes\"\ncontext = {}\n", quoted(context));
    }
    text
}

fn accounts(profiles: &[&Profile], taken: &[String]) -> String {
    let mut text = String::new();
    if !profiles.is_empty() {
        text.push_str("\n# The profiles of AWS. Take the `#` away where opsctl shall set something.\n");
    }
    for profile in profiles {
        let instance = match profile.name.as_str() {
            "default" => "aws".to_owned(),
            other => format!("aws-{}", name(other)),
        };
        let (instance, region) = (free(&instance, taken), profile.region.as_deref().unwrap_or(REGION));
        let _ = write!(
            text,
            "#\n# [provider.{instance}]\n# type = \"aws\"\n# region = {}\n# profile = {}\n",
            quoted(region),
            quoted(&profile.name)
        );
    }
    text
}

fn baseline(pattern: &str) -> String {
    let at = format!("at = \"{}NAME\"", pattern.trim_end_matches('*'));
    let setting = if pattern.contains(":deployment/") { "replicas = 2" } else { "desired_count = 2" };
    format!(
        "\
# What is normal: the state that all others extend. `opsctl capture baseline '{pattern}'` writes what is live
# behind these lines, to be cut down to what is really turned. By hand it would be:
#
# summary = \"One region serves, minimum spend\"
#
# [resource.edge]                               # a name, which means the same in every state
# {at}
# {setting:<45} # or {{ at_least = 2 }}: more may run
# needs = [\"origin\"]                            # first up after it, first down before it
#
# Another state has extends = \"baseline\", and only what is otherwise there. What can be set: opsctl kinds
"
    )
}

const HEAD: &str = "\
# What opsctl talks to, and what no plan may do. All paths in it are relative to this folder.
";

const SIMULATED: &str = "
# A simulated cluster: nothing real is touched, so try anything. Every address begins with its name. For a real one, put in place
# of these three lines type = \"kubernetes\" and context = \"NAME\", as `kubectl config get-contexts` lists it.
[provider.k8s]
type = \"sim\"
emulates = \"kubernetes\"
world = \"worlds/k8s.toml\"
";

const TAIL: &str = "
# Before and after each apply, what is live is committed here: a git repository of its own, made on first use.
[snapshots]
path = \"snapshots\"

# What no plan may do, whoever asks for it.
[guard]
protect = [\"*:*/kube-system/*\"]
max_resources = 40
";

const WORLD: &str = "\
# What is live at first in the simulated cluster. What happens there is kept in .opsctl/; `opsctl sim reset` begins anew.

[sim]
settle = \"2s\"                          # a change is ready after this long

[resource.api]
at = \"k8s:deployment/shop/api\"
replicas = 1

[resource.web]
at = \"k8s:deployment/shop/web\"
replicas = 1
";

const SIMULATED_BASELINE: &str = "\
# What is normal: the state that all others extend. Another state has extends = \"baseline\", and only what is otherwise there. What
# can be set: opsctl kinds

summary = \"Two of each serve\"

[resource.api]                          # a name, which means the same in every state
at = \"k8s:deployment/shop/api\"          # instance:kind/path
replicas = 2

[resource.web]
at = \"k8s:deployment/shop/web\"
replicas = { at_least = 2, restore = true } # more may run; what opsctl raised goes back
needs = [\"api\"]                         # first up after it, first down before it
";

const IGNORE: &str = "\
# Journal, lock and simulated worlds of a checkout; and the snapshots, which are a git repository of their own.
.opsctl/
snapshots/
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_what_an_ignore_file_lacks() {
        assert_eq!(ignored("target\n/.opsctl/\n"), ["snapshots/"]);
        assert!(ignored(IGNORE).is_empty());
        assert_eq!(ignored("# snapshots/\n"), IGNORED);
    }
}
