use std::fmt::Write as _;

use super::names::{instances, name};
use super::{Found, Profile};
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
}

/// The lines of `.gitignore`.
const IGNORED: [&str; 2] = [".opsctl/", "snapshots/"];

/// Where nobody says, the region that the tools of AWS have in their examples.
const REGION: &str = "us-east-1";

/// What a repository begins with where this was found.
pub fn began(found: &Found) -> Began {
    let instances = instances(&found.contexts);
    let mut files = Vec::new();
    let mut config = String::from(HEAD);
    let what = if instances.is_empty() {
        files.push(file("worlds/k8s.toml", WORLD, "what is live in it at first"));
        files.push(file("states/baseline.toml", SIMULATED_BASELINE, "what is normal: two deployments"));
        config.push_str(SIMULATED);
        "one simulated instance, k8s".to_owned()
    } else {
        files.push(file("states/baseline.toml", &baseline(&instances[0]), "what is normal: comments only so far"));
        config.push_str(&clusters(&found.contexts, &instances));
        let many = if instances.len() == 1 { "an instance" } else { "instances" };
        format!("{many} of Kubernetes: {}", instances.join(", "))
    };
    files.push(file(".gitignore", IGNORE, "leaves .opsctl/ and snapshots/ out"));
    config.push_str(&accounts(&found.profiles));
    config.push_str(TAIL);
    let what = match found.profiles.len() {
        0 => what,
        1 => format!("{what}; and a profile of AWS, as a comment"),
        many => format!("{what}; and {many} profiles of AWS, as comments"),
    };
    files.push(file("opsctl.toml", &config, &what));
    Began { files, instances }
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

fn accounts(profiles: &[Profile]) -> String {
    let mut text = String::new();
    if !profiles.is_empty() {
        text.push_str("\n# The profiles of AWS. Take the `#` away where opsctl shall set something.\n");
    }
    for profile in profiles {
        let instance = match profile.name.as_str() {
            "default" => "aws".to_owned(),
            other => format!("aws-{}", name(other)),
        };
        let region = profile.region.as_deref().unwrap_or(REGION);
        let _ = write!(
            text,
            "#\n# [provider.{instance}]\n# type = \"aws\"\n# region = {}\n# profile = {}\n",
            quoted(region),
            quoted(&profile.name)
        );
    }
    text
}

fn baseline(instance: &str) -> String {
    format!(
        "\
# What is normal: the state that all others extend. `opsctl capture baseline '{instance}:deployment/NAMESPACE/*'` writes what is live
# behind these lines, to be cut down to what is really turned. By hand it would be:
#
# summary = \"One region serves, minimum spend\"
#
# [resource.edge]                               # a name, which means the same in every state
# at = \"{instance}:deployment/NAMESPACE/NAME\"
# replicas = 2                                  # or {{ at_least = 2 }}: more may run
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
