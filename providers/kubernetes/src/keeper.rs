//! What the tools that keep objects as a repository has them do at the moment: Argo CD and Flux.

use std::collections::BTreeSet;
use std::time::Duration;

use opsctl_api::{Cx, Fault, Owner, parse_duration};
use serde::Deserialize;

use crate::client::Client;
use crate::fetch::{Fetch, Found, Key, Need, Selection};
use crate::object::{Api, Meta, Object};
use crate::owner::{Keeper, unread};

/// More Applications than this are listed together.
const FEW: usize = 3;

/// After a difference Argo CD waits so long (`--self-heal-timeout-seconds`).
const SELF_HEAL: Duration = Duration::from_secs(5);

static APPLICATIONS: Api = Api::of::<Application>("/apis/argoproj.io/v1alpha1", "applications");
static KUSTOMIZATIONS: Api = Api::of::<Kustomization>("/apis/kustomize.toolkit.fluxcd.io/v1", "kustomizations");
static HELM_RELEASES: Api = Api::of::<HelmRelease>("/apis/helm.toolkit.fluxcd.io/v2", "helmreleases");

/// The keepers as they were read.
pub(crate) struct Keepers {
    applications: Found,
    kustomizations: Found,
    helm_releases: Found,
    by_list: bool,
}

impl Keepers {
    /// Reads the objects of these tools.
    pub(crate) async fn read(client: &Client, cx: &Cx, keepers: &BTreeSet<Keeper>) -> Self {
        let (mut applications, mut kustomizations, mut helm_releases) = <(Need, Need, Need)>::default();
        for keeper in keepers {
            match keeper {
                Keeper::Argo(name) => drop(applications.selections.insert(by_name(name))),
                Keeper::Kustomization(key) => drop(kustomizations.objects.insert(key.clone())),
                Keeper::HelmRelease(key) => drop(helm_releases.objects.insert(key.clone())),
            }
        }
        let by_list = applications.selections.len() > FEW;
        if by_list {
            applications = Need { everywhere: true, ..Need::default() };
        }
        let fetch = |api| Fetch { client, cx, api };
        let fetches = [fetch(&APPLICATIONS), fetch(&KUSTOMIZATIONS), fetch(&HELM_RELEASES)];
        let (applications, kustomizations, helm_releases) = tokio::join!(
            fetches[0].gather(&applications),
            fetches[1].gather(&kustomizations),
            fetches[2].gather(&helm_releases),
        );
        Self { applications, kustomizations, helm_releases, by_list }
    }

    /// What a keeper does to these settings of an object of this kind.
    pub(crate) fn owner(&self, keeper: &Keeper, refers: &str, settings: &[String]) -> Option<Owner> {
        match keeper {
            Keeper::Argo(name) => {
                let title = format!("Argo CD application {name}");
                match self.application(name) {
                    Ok(application) => application.owner(title, refers, settings),
                    Err(fault) => Some(unread(title, Vec::new(), &fault)),
                }
            }
            Keeper::Kustomization(key) => {
                let title = format!("Flux kustomization {}/{}", key.0, key.1);
                Some(one::<Kustomization>(&self.kustomizations, key).map_or_else(
                    |fault| unread(title.clone(), Vec::new(), &fault),
                    |kustomization| kustomization.spec.owner(title.clone(), key, "kustomization"),
                ))
            }
            Keeper::HelmRelease(key) => {
                let title = format!("Flux helmrelease {}/{}", key.0, key.1);
                Some(one::<HelmRelease>(&self.helm_releases, key).map_or_else(
                    |fault| unread(title.clone(), Vec::new(), &fault),
                    |release| release.owner(title.clone(), key),
                ))
            }
        }
    }

    fn application(&self, name: &str) -> Result<&Application, Fault> {
        let (objects, fault) =
            if self.by_list { self.applications.all(None) } else { self.applications.selected(&by_name(name)) };
        let (namespace, own) = parts(name);
        let application = objects.into_iter().filter_map(is::<Application>).find(|Application { metadata, .. }| {
            metadata.name == own && namespace.is_none_or(|namespace| metadata.namespace == namespace)
        });
        application.ok_or_else(|| fault.cloned().unwrap_or_else(|| Fault::Missing(format!("application {name}"))))
    }
}

/// An Application by its name, wherever Argo CD has it.
fn by_name(name: &str) -> Selection {
    let (namespace, name) = parts(name);
    Selection {
        namespace: namespace.map(str::to_owned),
        by: "fieldSelector",
        selector: format!("metadata.name={name}"),
    }
}

/// In another namespace than Argo CD's own, it is called `NAMESPACE_NAME`; neither may have a `_` itself.
fn parts(name: &str) -> (Option<&str>, &str) {
    name.split_once('_').map_or((None, name), |(namespace, name)| (Some(namespace), name))
}

fn one<'a, T: Object>(found: &'a Found, key: &Key) -> Result<&'a T, Fault> {
    let object = found.one(key)?;
    is::<T>(object).ok_or_else(|| Fault::Unexpected(format!("{}/{} is something else", key.0, key.1)))
}

fn is<T: Object>(object: &dyn Object) -> Option<&T> {
    (object as &dyn std::any::Any).downcast_ref()
}

/// An Application of `argoproj.io/v1alpha1`.
#[derive(Deserialize)]
struct Application {
    metadata: Meta,
    #[serde(default)]
    spec: ApplicationSpec,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ApplicationSpec {
    sync_policy: SyncPolicy,
    ignore_differences: Vec<Ignored>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SyncPolicy {
    automated: Option<Automated>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Automated {
    enabled: Option<bool>,
    self_heal: bool,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Ignored {
    kind: String,
    json_pointers: Vec<String>,
    jq_path_expressions: Vec<String>,
}

impl Application {
    /// `None` where it holds none of the settings: what it ignores it leaves alone.
    fn owner(&self, name: String, refers: &str, settings: &[String]) -> Option<Owner> {
        let ignored =
            self.spec.ignore_differences.iter().filter(|ignored| ignored.kind == refers || ignored.kind == "*");
        let replicas_ignored = ignored.into_iter().any(|ignored| {
            ignored.json_pointers.iter().any(|pointer| pointer == "/spec/replicas")
                || ignored.jq_path_expressions.iter().any(|path| path == ".spec.replicas")
        });
        let held: Vec<String> =
            settings.iter().filter(|setting| !(replicas_ignored && *setting == "replicas")).cloned().collect();
        if held.is_empty() {
            return None;
        }
        let automated = self.spec.sync_policy.automated.as_ref().filter(|automated| automated.enabled != Some(false));
        let (reverts, soon, does) = match automated {
            Some(Automated { self_heal: true, .. }) => (true, Some(SELF_HEAL), "puts back what its repository has"),
            Some(_) => (false, None, "sets what its repository has at the next commit there (automatic, no self-heal)"),
            None => (false, None, "sets what its repository has when somebody syncs it"),
        };
        Some(Owner {
            name,
            settings: if replicas_ignored { held } else { Vec::new() },
            within: None,
            off_at: None,
            reverts,
            soon,
            does: does.to_owned(),
            instead: "change it in its repository, or switch its self-heal off".to_owned(),
        })
    }
}

impl Object for Application {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

/// A Kustomization of `kustomize.toolkit.fluxcd.io/v1`.
#[derive(Deserialize)]
struct Kustomization {
    metadata: Meta,
    #[serde(default)]
    spec: FluxSpec,
}

impl Object for Kustomization {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

/// A HelmRelease of `helm.toolkit.fluxcd.io/v2`.
#[derive(Deserialize)]
struct HelmRelease {
    metadata: Meta,
    #[serde(default)]
    spec: FluxSpec,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct FluxSpec {
    suspend: bool,
    interval: String,
    drift_detection: DriftDetection,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct DriftDetection {
    mode: String,
}

impl FluxSpec {
    fn owner(&self, name: String, (namespace, of): &Key, kind: &str) -> Owner {
        let does = if self.suspend {
            "is suspended, and sets what its repository has once it is resumed"
        } else {
            "puts back what its repository has at each interval"
        };
        Owner {
            name,
            settings: Vec::new(),
            within: None,
            off_at: None,
            reverts: !self.suspend,
            soon: parse_duration(&self.interval).ok().filter(|_| !self.suspend),
            does: does.to_owned(),
            instead: format!("change it in its repository, or `flux suspend {kind} {of} -n {namespace}`"),
        }
    }
}

impl HelmRelease {
    /// Without drift detection a release changes nothing between upgrades.
    fn owner(&self, name: String, key: &Key) -> Owner {
        let owner = self.spec.owner(name, key, "helmrelease");
        if self.spec.suspend || self.spec.drift_detection.mode == "enabled" {
            return owner;
        }
        let does = "sets what its chart has at the next upgrade".to_owned();
        Owner { reverts: false, soon: None, does, ..owner }
    }
}

impl Object for HelmRelease {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application(spec: &str) -> Application {
        serde_json::from_str(&format!(r#"{{"metadata": {{"name": "streaming"}}, "spec": {spec}}}"#)).unwrap()
    }

    #[test]
    fn test_argo_reverts_only_with_self_heal() {
        let settings = ["image.ats".to_owned(), "replicas".to_owned()];
        for (spec, reverts) in [
            (r#"{"syncPolicy": {"automated": {"prune": true, "selfHeal": true}}}"#, true),
            (r#"{"syncPolicy": {"automated": {"enabled": false, "selfHeal": true}}}"#, false),
            (r#"{"syncPolicy": {"automated": {}}}"#, false),
            (r#"{"syncPolicy": {"syncOptions": ["CreateNamespace=true"]}}"#, false),
            ("{}", false),
        ] {
            let owner = application(spec).owner("x".into(), "Deployment", &settings).unwrap();
            assert_eq!(owner.reverts, reverts, "{spec}");
            assert!(owner.holds("replicas") && owner.holds("image.ats"));
        }
    }

    #[test]
    fn test_argo_leaves_alone_what_it_ignores() {
        let spec = r#"{"syncPolicy": {"automated": {"selfHeal": true}},
            "ignoreDifferences": [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]}"#;
        let settings = ["image.ats".to_owned(), "replicas".to_owned()];
        let owner = application(spec).owner("x".into(), "Deployment", &settings).unwrap();
        assert!(!owner.holds("replicas") && owner.holds("image.ats"));
        assert!(application(spec).owner("x".into(), "Deployment", &settings[1..]).is_none());
        assert!(application(spec).owner("x".into(), "StatefulSet", &settings).unwrap().holds("replicas"));
    }

    #[test]
    fn test_flux() {
        let key = ("flux-system".to_owned(), "apps".to_owned());
        let spec = |json: &str| serde_json::from_str::<FluxSpec>(json).unwrap();
        let active = spec(r#"{"interval": "10m0s"}"#).owner("x".into(), &key, "kustomization");
        assert_eq!((active.reverts, active.soon), (true, Some(Duration::from_secs(600))));
        let suspended = spec(r#"{"interval": "10m", "suspend": true}"#).owner("x".into(), &key, "kustomization");
        assert_eq!((suspended.reverts, suspended.soon), (false, None));
        for (json, reverts) in [(r#"{}"#, false), (r#"{"driftDetection": {"mode": "enabled"}}"#, true)] {
            let release = HelmRelease { metadata: Meta::default(), spec: spec(json) };
            assert_eq!(release.owner("x".into(), &key).reverts, reverts);
        }
    }
}
