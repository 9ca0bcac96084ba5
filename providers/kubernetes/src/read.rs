use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use opsctl_api::{Address, Cx, Fault, Live, Owner, Pattern, Query, Readiness, Reading, Receipt, Selector, Wanted};

use crate::client::Client;
use crate::fetch::{Fetch, Found, Key, Need, Selection};
use crate::keeper::Keepers;
use crate::kinds::{HPA, Hpa, Served, served};
use crate::object::Object;
use crate::owner::{Keeper, autoscaler, keepers, plain_owners, unread};
use crate::pods::Pods;
use crate::selector::written;
use crate::touch::touched;

/// The receipt of a write that made a resource fewer: it has become true once the pods too many are gone, and not before.
pub(crate) const FEWER: &str = "fewer";

/// A question, as the API takes it.
struct Asked<'a> {
    query: &'a Query,
    served: &'static Served,
    of: Of,
}

enum Of {
    Object(Key),
    /// All of a namespace, or of all.
    Whole(Option<String>),
    Selected(Selection),
}

/// Reads what was asked, each kind as a whole.
pub(crate) async fn read(client: &Client, cx: &Cx, instance: &str, ask: &[Query]) -> Vec<Reading> {
    let asked: Vec<Result<Asked<'_>, Fault>> = ask.iter().map(Asked::of).collect();
    let needs = needs(&asked);
    let gathered = join_all(needs.into_iter().map(async |(kind, (served, need))| {
        let found = Fetch { client, cx, api: &served.api }.gather(&need).await;
        (kind, found)
    }))
    .await;
    let view = View { instance, found: gathered.into_iter().collect() };
    let hpas = view.hpas();
    let (keepers, unready) = view.questions(asked.iter().flatten());
    let (keepers, pods) = tokio::join!(
        async { if keepers.is_empty() { None } else { Some(Keepers::read(client, cx, &keepers).await) } },
        async { if unready.is_empty() { None } else { Some(Pods::read(client, cx, &unready).await) } },
    );
    let beside = Beside { hpas, keepers, pods };
    asked
        .iter()
        .map(|asked| match asked {
            Ok(asked) => view.answer(asked, &beside),
            Err(fault) => Reading::Fault(fault.clone()),
        })
        .collect()
}

/// Namespace and name of a resource.
///
/// # Errors
/// They cannot be names in Kubernetes, and so must not become part of a request.
pub(crate) fn key(at: &Address) -> Result<Key, Fault> {
    match at.path().split_once('/') {
        Some((namespace, name)) if is_name(namespace) && is_name(name) => Ok((namespace.to_owned(), name.to_owned())),
        _ => Err(Fault::Invalid(format!("`{}` is no NAMESPACE/NAME of Kubernetes", at.path()))),
    }
}

/// Whether it is a DNS subdomain, as names in Kubernetes are.
fn is_name(part: &str) -> bool {
    let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    part.len() <= 253 && part.chars().all(named) && ends(part.chars().next()) && ends(part.chars().next_back())
}

impl<'a> Asked<'a> {
    fn of(query: &'a Query) -> Result<Self, Fault> {
        let kind = query.at.kind().unwrap_or_default();
        let served = served(kind).ok_or_else(|| Fault::Missing(format!("Kubernetes has no kind `{kind}`")))?;
        let of = match &query.at {
            Selector::One(at) => Of::Object(key(at)?),
            Selector::Many { pattern, labels } if labels.is_empty() => Of::Whole(namespace(pattern)?),
            Selector::Many { pattern, labels } => Of::Selected(Selection {
                namespace: namespace(pattern)?,
                by: "labelSelector",
                selector: written(labels),
            }),
        };
        Ok(Self { query, served, of })
    }

    /// Whether an autoscaler's hold on it matters.
    fn autoscaled(&self) -> Option<&'static str> {
        self.served.scale.filter(|setting| self.query.settings.wants(setting))
    }

    fn settling_down(&self) -> bool {
        self.query.receipt.as_ref() == Some(&Receipt(FEWER.to_owned()))
    }
}

/// The one namespace that a pattern is bound to.
fn namespace(pattern: &Pattern) -> Result<Option<String>, Fault> {
    match pattern.path().split_once('/') {
        None => Ok(None),
        Some((namespace, _)) if namespace.contains('*') => Ok(None),
        Some((namespace, _)) if is_name(namespace) => Ok(Some(namespace.to_owned())),
        Some((namespace, _)) => Err(Fault::Invalid(format!("`{namespace}` is no namespace of Kubernetes"))),
    }
}

/// What is to be read of each kind; with what is scaled, the HPAs beside it.
fn needs(asked: &[Result<Asked<'_>, Fault>]) -> BTreeMap<&'static str, (&'static Served, Need)> {
    let mut needs: BTreeMap<&'static str, (&'static Served, Need)> = BTreeMap::new();
    let mut need_of = |served: &'static Served, widen: &mut dyn FnMut(&mut Need)| {
        widen(&mut needs.entry(served.kind.name).or_insert_with(|| (served, Need::default())).1);
    };
    for asked in asked.iter().flatten() {
        need_of(asked.served, &mut |need| match &asked.of {
            Of::Object(key) => drop(need.objects.insert(key.clone())),
            Of::Whole(Some(namespace)) => drop(need.namespaces.insert(namespace.clone())),
            Of::Whole(None) => need.everywhere = true,
            Of::Selected(selection) => drop(need.selections.insert(selection.clone())),
        });
        if asked.autoscaled().is_some() {
            need_of(&HPA, &mut |need| match &asked.of {
                Of::Object((namespace, _))
                | Of::Whole(Some(namespace))
                | Of::Selected(Selection { namespace: Some(namespace), .. }) => {
                    need.namespaces.insert(namespace.clone());
                }
                Of::Whole(None) | Of::Selected(_) => need.everywhere = true,
            });
        }
    }
    needs
}

/// All that was read, from which each question is answered.
struct View<'a> {
    instance: &'a str,
    found: BTreeMap<&'static str, Found>,
}

/// The HPAs of each target: namespace, kind and name.
type Hpas<'a> = BTreeMap<(&'a str, &'a str, &'a str), Vec<&'a Hpa>>;

/// What was found beside it, or asked because of it.
struct Beside<'a> {
    hpas: Hpas<'a>,
    keepers: Option<Keepers>,
    pods: Option<Pods>,
}

impl View<'_> {
    fn objects(&self, asked: &Asked<'_>) -> (Vec<&dyn Object>, Option<Fault>) {
        let Some(found) = self.found.get(asked.served.kind.name) else { return (Vec::new(), None) };
        let (objects, fault) = match &asked.of {
            Of::Object(key) => {
                return match found.one(key) {
                    Ok(object) => (vec![object], None),
                    Err(fault) => (Vec::new(), Some(fault)),
                };
            }
            Of::Whole(namespace) => found.all(namespace.as_deref()),
            Of::Selected(selection) => found.selected(selection),
        };
        (objects, fault.cloned())
    }

    fn hpas(&self) -> Hpas<'_> {
        let mut hpas = Hpas::new();
        let found = self.found.get(HPA.kind.name).map(|found| found.all(None).0);
        for object in found.into_iter().flatten() {
            if let Some(hpa) = (object as &dyn std::any::Any).downcast_ref::<Hpa>() {
                let target = (hpa.meta().namespace.as_str(), hpa.target().kind.as_str(), hpa.target().name.as_str());
                hpas.entry(target).or_default().push(hpa);
            }
        }
        hpas
    }

    /// What is to be asked further: the tools that keep these objects, and the pods of those that are not ready.
    fn questions<'b>(
        &self,
        asked: impl Iterator<Item = &'b Asked<'b>>,
    ) -> (BTreeSet<Keeper>, Vec<(&dyn Object, bool)>) {
        let mut all = BTreeSet::new();
        let mut unready = Vec::new();
        for asked in asked {
            for object in self.objects(asked).0 {
                all.extend(keepers(asked.served, object.meta()));
                match object.readiness(asked.settling_down()) {
                    Readiness::Failed(_) => unready.push((object, true)),
                    Readiness::Progressing { .. } => unready.push((object, false)),
                    Readiness::Ready | Readiness::Unknown => {}
                }
            }
        }
        (all, unready)
    }

    fn answer(&self, asked: &Asked<'_>, beside: &Beside<'_>) -> Reading {
        let (objects, fault) = self.objects(asked);
        let mut found: Vec<Live> = objects
            .into_iter()
            .filter_map(|object| self.live(asked, object, beside))
            .filter(|live| asked.fits(&live.at))
            .collect();
        found.sort_by(|a, b| a.at.cmp(&b.at));
        match fault {
            Some(fault) if found.is_empty() => Reading::Fault(fault),
            fault => Reading::Members { found, complete: fault.is_none() },
        }
    }

    fn live(&self, asked: &Asked<'_>, object: &dyn Object, beside: &Beside<'_>) -> Option<Live> {
        let meta = object.meta();
        let path = format!("{}/{}", meta.namespace, meta.name);
        // No name that the API gives is refused.
        let at = Address::new(self.instance, asked.served.kind.name, &path).ok()?;
        let keys = match &asked.query.settings {
            Wanted::All => object.keys(),
            Wanted::Only(keys) => keys.iter().cloned().collect(),
        };
        let readiness = object.readiness(asked.settling_down());
        let readiness = match &beside.pods {
            Some(pods) => pods.explain(object, readiness),
            None => readiness,
        };
        Some(Live {
            relations: object.relations(&at),
            owners: self.owners(asked, object, &keys, beside),
            touched: touched(&meta.managed_fields, &keys, asked.served.paths),
            settings: keys.into_iter().map(|key| (key.clone(), object.setting(&key))).collect(),
            version: meta.resource_version.clone(),
            readiness,
            at,
        })
    }

    fn owners(&self, asked: &Asked<'_>, object: &dyn Object, settings: &[String], beside: &Beside<'_>) -> Vec<Owner> {
        let meta = object.meta();
        let keepers = keepers(asked.served, meta);
        let mut owners = plain_owners(meta, &keepers);
        if let Some(read) = &beside.keepers {
            owners.extend(keepers.iter().filter_map(|keeper| read.owner(keeper, asked.served.refers, settings)));
        }
        if let Some(setting) = asked.autoscaled() {
            let target = (meta.namespace.as_str(), asked.served.refers, meta.name.as_str());
            let hpas = beside.hpas.get(&target).into_iter().flatten();
            owners.extend(hpas.map(|hpa| autoscaler(self.instance, hpa, setting)));
            let fault = self.found.get(HPA.kind.name).and_then(|found| found.fault(Some(&meta.namespace)));
            owners.extend(
                fault.map(|fault| unread("an HPA, if there is one".to_owned(), vec![setting.to_owned()], fault)),
            );
        }
        owners
    }
}

impl Asked<'_> {
    /// Whether a resource that was read is one that was asked for.
    fn fits(&self, at: &Address) -> bool {
        match &self.query.at {
            Selector::One(one) => one.local() == at.local(),
            Selector::Many { pattern, .. } => pattern.matches(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(at: &str) -> Query {
        Query::one(at.parse().unwrap())
    }

    #[test]
    fn test_hpas_are_read_with_what_they_may_scale_and_only_then() {
        let replicas =
            Query { settings: Wanted::Only(["replicas".to_owned()].into()), ..one("k8s:deployment/cdn/edge") };
        let image = Query { settings: Wanted::Only(["image.ats".to_owned()].into()), ..one("k8s:deployment/media/x") };
        let all = Query {
            at: Selector::Many { pattern: Pattern::new("k8s:configmap/*"), labels: BTreeMap::new() },
            ..one("k8s:configmap/cdn/atc")
        };
        let asks = [replicas, image, all];
        let asked: Vec<_> = asks.iter().map(Asked::of).collect();
        let needs = needs(&asked);
        assert_eq!(needs["deployment"].1.objects.len(), 2);
        assert!(needs["hpa"].1.namespaces.iter().eq(["cdn"]));
        assert!(needs["configmap"].1.everywhere);
    }

    #[test]
    fn test_names_that_must_not_become_part_of_a_request() {
        for path in ["cdn/edge?x=1", "cdn/..", "../edge", "cdn/Edge", "cdn/a%2Fb", "cdn/-edge", "cdn/edge/scale"] {
            let at = Address::new("k8s", "deployment", path).unwrap();
            assert!(matches!(key(&at), Err(Fault::Invalid(_))), "{path}");
        }
        assert!(key(&"k8s:configmap/cdn/kube-root-ca.crt".parse().unwrap()).is_ok());
    }

    #[test]
    fn test_the_namespace_of_a_pattern() {
        for (pattern, expected) in
            [("k8s:deployment/media/*", Some("media")), ("k8s:deployment/m*/x", None), ("k8s:deployment/*", None)]
        {
            assert_eq!(namespace(&Pattern::new(pattern)).unwrap().as_deref(), expected, "{pattern}");
        }
        assert!(namespace(&Pattern::new("k8s:deployment/..?/*")).is_err());
    }
}
