//! What to LIST and what to GET, and doing it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::future::join_all;
use http::Method;
use opsctl_api::{Cx, Fault};

use crate::client::{Call, Client};
use crate::fault::CallError;
use crate::object::{Api, Object, Page};

/// Up to so many objects of a namespace are read one by one; for more, the namespace is listed.
const FEW: usize = 3;
/// With more calls than this to make, the whole cluster is listed instead, unless it proves to be large.
const MANY_CALLS: usize = 10;
/// Objects on a page. Most lists fit on one; 1,000 Deployments are 3 MB, which a server gives in 0.1 s.
const PAGE: usize = 1000;
/// Reads under way at once.
const AT_ONCE: usize = 16;

/// Namespace and name.
pub(crate) type Key = (String, String);

/// What is to be read of one API.
#[derive(Debug, Default)]
pub(crate) struct Need {
    /// These objects.
    pub(crate) objects: BTreeSet<Key>,
    /// All objects of these namespaces.
    pub(crate) namespaces: BTreeSet<String>,
    /// All objects.
    pub(crate) everywhere: bool,
    /// What these selectors choose.
    pub(crate) selections: BTreeSet<Selection>,
}

/// The objects of a namespace, or of all, that a selector chooses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Selection {
    /// `None` for all namespaces.
    pub(crate) namespace: Option<String>,
    /// As a query: `labelSelector`, `fieldSelector`.
    pub(crate) by: &'static str,
    /// As the API takes it.
    pub(crate) selector: String,
}

/// What was read.
#[derive(Default)]
pub(crate) struct Found {
    objects: BTreeMap<Key, Box<dyn Object>>,
    selected: BTreeMap<Selection, Vec<Key>>,
    faults: BTreeMap<Scope, Fault>,
}

/// What a call was about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    All,
    Namespace(String),
    Object(Key),
    Selection(Selection),
}

impl Need {
    /// The calls that a namespace by itself needs: GET for few, LIST for more.
    fn by_namespace(&self) -> Vec<Scope> {
        let mut named: BTreeMap<&String, Vec<&Key>> = BTreeMap::new();
        for key in self.objects.iter().filter(|(namespace, _)| !self.namespaces.contains(namespace)) {
            named.entry(&key.0).or_default().push(key);
        }
        let whole = self.namespaces.iter().cloned().map(Scope::Namespace);
        let named = named.into_iter().flat_map(|(namespace, keys)| match keys.len() {
            ..=FEW => keys.into_iter().cloned().map(Scope::Object).collect(),
            _ => vec![Scope::Namespace(namespace.clone())],
        });
        whole.chain(named).collect()
    }

    /// The objects that a LIST of this scope is for; `None` where it is for all of them.
    fn wanted(&self, scope: &Scope) -> Option<BTreeSet<Key>> {
        match scope {
            Scope::Namespace(namespace) if !self.namespaces.contains(namespace) => {
                let from = self.objects.range((namespace.clone(), String::new())..);
                Some(from.take_while(|(of, _)| of == namespace).cloned().collect())
            }
            _ => None,
        }
    }
}

impl Found {
    /// One object.
    pub(crate) fn one(&self, key: &Key) -> Result<&dyn Object, Fault> {
        if let Some(object) = self.objects.get(key) {
            return Ok(&**object);
        }
        let scopes = [Scope::Object(key.clone()), Scope::Namespace(key.0.clone()), Scope::All];
        match scopes.iter().find_map(|scope| self.faults.get(scope)) {
            Some(fault) => Err(fault.clone()),
            None => Err(Fault::Missing(format!("{}/{}", key.0, key.1))),
        }
    }

    /// The objects of a namespace or of all, and what kept some of them from being read.
    pub(crate) fn all(&self, namespace: Option<&str>) -> (Vec<&dyn Object>, Option<&Fault>) {
        let objects: Vec<&dyn Object> = match namespace {
            None => self.objects.values().map(|object| &**object).collect(),
            Some(namespace) => {
                let from = self.objects.range((namespace.to_owned(), String::new())..);
                from.take_while(|((of, _), _)| of == namespace).map(|(_, object)| &**object).collect()
            }
        };
        (objects, self.fault(namespace))
    }

    /// What kept some objects of a namespace, or of all, from being read.
    pub(crate) fn fault(&self, namespace: Option<&str>) -> Option<&Fault> {
        let own = namespace.and_then(|namespace| self.faults.get(&Scope::Namespace(namespace.to_owned())));
        own.or_else(|| self.faults.get(&Scope::All))
    }

    /// What a selector chose, and what kept some of it from being read.
    pub(crate) fn selected(&self, selection: &Selection) -> (Vec<&dyn Object>, Option<&Fault>) {
        let keys = self.selected.get(selection).into_iter().flatten();
        let objects = keys.filter_map(|key| self.objects.get(key)).map(|object| &**object).collect();
        (objects, self.faults.get(&Scope::Selection(selection.clone())))
    }

    fn take(&mut self, object: Box<dyn Object>) -> Key {
        let key = (object.meta().namespace.clone(), object.meta().name.clone());
        self.objects.insert(key.clone(), object);
        key
    }

    fn merge(&mut self, other: Self) {
        self.objects.extend(other.objects);
        self.selected.extend(other.selected);
        self.faults.extend(other.faults);
    }
}

/// Reads objects of one API.
pub(crate) struct Fetch<'a> {
    pub(crate) client: &'a Client,
    pub(crate) cx: &'a Cx,
    pub(crate) api: &'a Api,
}

impl Fetch<'_> {
    /// Reads all that is needed, with as few calls as that takes.
    pub(crate) async fn gather(&self, need: &Need) -> Found {
        let mut found = Found::default();
        let mut scopes = if need.everywhere { vec![Scope::All] } else { need.by_namespace() };
        if scopes.len() > MANY_CALLS {
            scopes = self.wide(need, &mut found).await;
        }
        scopes.extend(need.selections.iter().cloned().map(Scope::Selection));
        let calls = scopes.into_iter().map(|scope| async {
            match scope {
                Scope::Object(key) => self.get(key).await,
                scope => self.list(need, scope).await,
            }
        });
        let mut calls = futures_util::stream::iter(calls).buffer_unordered(AT_ONCE);
        while let Some(some) = calls.next().await {
            found.merge(some);
        }
        found
    }

    /// Lists the cluster as long as that is cheaper than what is still needed by itself, which it returns.
    async fn wide(&self, need: &Need, found: &mut Found) -> Vec<Scope> {
        let mut token = None;
        let mut missing =
            Need { objects: need.objects.clone(), namespaces: need.namespaces.clone(), ..Need::default() };
        loop {
            match self.page(&Scope::All, token.as_deref()).await {
                Ok(page) => {
                    for object in page.items {
                        missing.objects.remove(&found.take(object));
                    }
                    token = page.next;
                    let left = missing.by_namespace();
                    if token.is_none() || left.is_empty() {
                        return Vec::new();
                    }
                    if left.len() <= FEW * pages(page.remaining) {
                        return left;
                    }
                }
                // Whoever does not answer this does not answer a hundred others either.
                Err(error) if error.fault().is_passing() => {
                    found.faults.insert(Scope::All, error.fault());
                    return Vec::new();
                }
                // Not allowed for all namespaces: each by itself.
                Err(_) => return need.by_namespace(),
            }
        }
    }

    /// All pages of a LIST, or as many as are cheaper than to get each object that is still missing. A token that has expired
    /// in between (410) starts it again, once.
    async fn list(&self, need: &Need, scope: Scope) -> Found {
        // Of a list for some: those that were not on a page yet.
        let mut missing = need.wanted(&scope);
        let mut restarted = false;
        let mut token: Option<String> = None;
        let mut found = Found::default();
        let mut keys = Vec::new();
        loop {
            match self.page(&scope, token.as_deref()).await {
                Ok(page) => {
                    for object in page.items {
                        let key = found.take(object);
                        if let Some(missing) = &mut missing {
                            missing.remove(&key);
                        }
                        keys.push(key);
                    }
                    token = page.next;
                    if token.is_none() {
                        break;
                    }
                    if let Some(missing) = missing.take_if(|missing| missing.len() <= FEW * pages(page.remaining)) {
                        for some in join_all(missing.into_iter().map(|key| self.get(key))).await {
                            found.merge(some);
                        }
                        break;
                    }
                }
                Err(error) if error.code() == Some(410) && !restarted => {
                    (restarted, token) = (true, None);
                    (found, keys, missing) = (Found::default(), Vec::new(), need.wanted(&scope));
                }
                Err(error) => {
                    found.faults.insert(scope.clone(), error.fault());
                    break;
                }
            }
        }
        if let Scope::Selection(selection) = scope {
            found.selected.insert(selection, keys);
        }
        found
    }

    async fn get(&self, key: Key) -> Found {
        let mut found = Found::default();
        match self.body(&key).await.and_then(|body| self.read(&Scope::Object(key.clone()), &body, self.api.one)) {
            Ok(object) => drop(found.take(object)),
            Err(error) => drop(found.faults.insert(Scope::Object(key), error.fault())),
        }
        found
    }

    /// One object as the API gives it.
    pub(crate) async fn body(&self, (namespace, name): &Key) -> Result<Vec<u8>, CallError> {
        let Api { base, plural, .. } = self.api;
        let call = Call {
            verb: format!("GET {plural}"),
            action: format!("get {plural} in {namespace}"),
            method: Method::GET,
            uri: format!("{base}/namespaces/{namespace}/{plural}/{name}"),
            patch: None,
        };
        self.client.call(self.cx, call).await
    }

    async fn page(&self, scope: &Scope, token: Option<&str>) -> Result<Page, CallError> {
        let Api { base, plural, .. } = self.api;
        let namespace = match scope {
            Scope::All => None,
            Scope::Namespace(namespace) => Some(namespace),
            Scope::Object((namespace, _)) => Some(namespace),
            Scope::Selection(selection) => selection.namespace.as_ref(),
        };
        let within = namespace.map_or_else(String::new, |namespace| format!("/namespaces/{namespace}"));
        let call = Call {
            verb: format!("LIST {plural}"),
            action: format!("list {plural} in {}", namespace.map_or("all namespaces", String::as_str)),
            method: Method::GET,
            uri: format!("{base}{within}/{plural}?{}", query(scope, token)),
            patch: None,
        };
        let body = self.client.call(self.cx, call).await?;
        self.read(scope, &body, self.api.page)
    }

    fn read<T>(&self, scope: &Scope, body: &[u8], read: fn(&[u8]) -> serde_json::Result<T>) -> Result<T, CallError> {
        let action = || format!("read {} of {scope:?}", self.api.plural);
        read(body).map_err(|source| CallError::Garbled { action: action(), source })
    }
}

/// Without a resourceVersion: "0" may be answered from a stale cache, and ignores the limit.
fn query(scope: &Scope, token: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(format!("limit={PAGE}"));
    if let Scope::Selection(selection) = scope {
        query.append_pair(selection.by, &selection.selector);
    }
    if let Some(token) = token {
        query.append_pair("continue", token);
    }
    query.finish()
}

/// How many pages are still to come; one, where the server does not tell how many objects are.
fn pages(remaining: Option<u64>) -> usize {
    remaining.and_then(|count| usize::try_from(count).ok()).map_or(1, |count| count.div_ceil(PAGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(objects: &[(&str, usize)], namespaces: &[&str]) -> Need {
        let objects = objects
            .iter()
            .flat_map(|(namespace, count)| (0..*count).map(|number| ((*namespace).to_owned(), format!("d-{number}"))));
        Need {
            objects: objects.collect(),
            namespaces: namespaces.iter().map(|namespace| (*namespace).to_owned()).collect(),
            ..Need::default()
        }
    }

    #[test]
    fn test_few_are_read_one_by_one_and_many_are_listed() {
        let shown = |need: Need| {
            let scopes = need.by_namespace();
            scopes
                .into_iter()
                .map(|scope| match scope {
                    Scope::Object((namespace, name)) => format!("GET {namespace}/{name}"),
                    Scope::Namespace(namespace) => format!("LIST {namespace}"),
                    other => format!("{other:?}"),
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(shown(need(&[("cdn", 2), ("media", 4)], &[])), ["GET cdn/d-0", "GET cdn/d-1", "LIST media"]);
        assert_eq!(shown(need(&[("cdn", 2)], &["cdn"])), ["LIST cdn"]);
        assert!(shown(need(&[], &[])).is_empty());
    }

    #[test]
    fn test_what_was_not_found_is_missing_only_where_its_scope_was_read() {
        let mut found = Found::default();
        let key = |namespace: &str| (namespace.to_owned(), "edge".to_owned());
        assert!(matches!(found.one(&key("cdn")), Err(Fault::Missing(_))));
        found.faults.insert(Scope::Namespace("cdn".into()), Fault::Denied("no".into()));
        assert!(matches!(found.one(&key("cdn")), Err(Fault::Denied(_))));
        assert!(matches!(found.one(&key("media")), Err(Fault::Missing(_))));
        assert!(found.all(Some("cdn")).1.is_some() && found.all(Some("media")).1.is_none());
        assert!(found.all(None).1.is_none());
    }
}
