use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use opsctl_api::{Address, Fault, Hop, Live, Pattern, Query, Reading, Selector, Wanted, Write};

use crate::call::Failed;
use crate::kinds::served;
use crate::provider::Site;

/// All that is asked of one kind.
#[derive(Default)]
pub(crate) struct Need<'a> {
    /// The paths of resources, each with the receipt of the write that is asked about.
    pub(crate) one: BTreeMap<&'a str, Option<&'a str>>,
    /// Patterns, with the tags that their members must have.
    pub(crate) many: Vec<(&'a Pattern, &'a BTreeMap<String, String>)>,
    /// Which settings; `None` for all of them.
    settings: Option<BTreeSet<&'a str>>,
}

/// What was read of one kind.
#[derive(Default)]
pub(crate) struct Found {
    /// By path, with all settings that were asked for at least.
    pub(crate) there: BTreeMap<String, Entry>,
    /// Resources that could not be read, by path.
    pub(crate) faults: BTreeMap<String, Fault>,
    /// Why there may be more than was found.
    pub(crate) partly: Option<Fault>,
}

/// One resource.
pub(crate) struct Entry {
    pub(crate) live: Live,
    pub(crate) tags: BTreeMap<String, String>,
}

impl<'a> Need<'a> {
    /// Whether a setting is asked for of any resource; of one with keys, whether any of its keys is.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let of = |key: &&str| *key == name || key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        self.settings.as_ref().is_none_or(|keys| keys.iter().any(of))
    }

    /// The keys that are asked for of a setting with keys; none where all are.
    pub(crate) fn keys_of(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let keys = self.settings.iter().flatten().copied();
        keys.filter(move |key| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    }

    /// What the paths begin with that each pattern stands for.
    pub(crate) fn beginnings(&self) -> BTreeSet<&'a str> {
        let begin = |pattern: &'a Pattern| pattern.path().split('*').next().unwrap_or_default();
        self.many.iter().map(|(pattern, _)| begin(pattern)).collect()
    }

    /// What all patterns want at one place of the path; `None` where one of them leaves it open. Empty without patterns.
    pub(crate) fn bound(&self, place: usize) -> Option<BTreeSet<&'a str>> {
        self.many
            .iter()
            .map(|(pattern, _)| pattern.path().split('/').nth(place).filter(|part| !part.contains('*')))
            .collect()
    }

    /// Whether a pattern may have members of which this is the first part of the path.
    pub(crate) fn opens(&self, first: &str) -> bool {
        self.many.iter().any(|(pattern, _)| {
            let part = pattern.path().split('/').next().unwrap_or_default();
            part.split_once('*').map_or(part == first, |(begin, _)| first.starts_with(begin))
        })
    }

    /// Whether a pattern stands for this one.
    pub(crate) fn covers(&self, at: &Address) -> bool {
        self.many.iter().any(|(pattern, _)| pattern.matches(at))
    }

    /// Whether a resource is asked for: by its path, or by a pattern and its tags.
    /// Why a wildcard is too wide for an API that lists only what is in one `part`, such as `zone`.
    pub(crate) fn too_wide(&self, part: &str) -> Fault {
        let kinds = self.many.iter().filter_map(|(pattern, _)| pattern.as_str().split('/').next());
        let form = kinds.take(1).map(|kind| format!(", as in {kind}/{}/*", part.to_uppercase()));
        Fault::Invalid(format!("a wildcard must name the {part}{}", form.collect::<String>()))
    }

    pub(crate) fn asks(&self, site: Site<'_>, kind: &str, path: &str, tags: &BTreeMap<String, String>) -> bool {
        let chosen =
            |at: Address| self.many.iter().any(|(pattern, wanted)| pattern.matches(&at) && carries(tags, wanted));
        self.one.contains_key(path) || address(site, kind, path).is_some_and(chosen)
    }

    /// Whether members are chosen by their tags.
    pub(crate) fn by_tags(&self) -> bool {
        self.many.iter().any(|(_, tags)| !tags.is_empty())
    }

    fn add(&mut self, query: &'a Query) {
        match &query.at {
            Selector::One(at) => {
                let receipt = query.receipt.as_ref().map(|receipt| receipt.0.as_str());
                let known = self.one.entry(at.path()).or_default();
                *known = known.or(receipt);
            }
            Selector::Many { pattern, labels } => self.many.push((pattern, labels)),
        }
        match (&query.settings, &mut self.settings) {
            (Wanted::Only(keys), Some(known)) => known.extend(keys.iter().map(String::as_str)),
            (Wanted::All, settings) => *settings = None,
            (Wanted::Only(_), None) => {}
        }
    }

    /// What writes are about: their resources, with the settings that they move.
    pub(crate) fn of(writes: &'a [Write]) -> Self {
        let moved = |hop: &'a Hop| hop.edits.iter().chain(&hop.coupled).map(|edit| edit.setting.as_str());
        Self {
            one: writes.iter().map(|write| (write.hop.at.path(), None)).collect(),
            many: Vec::new(),
            settings: Some(writes.iter().flat_map(|write| moved(&write.hop)).collect()),
        }
    }
}

impl Found {
    /// Nothing of what was asked for could be read.
    pub(crate) fn nothing(need: &Need<'_>, failed: Failed) -> Self {
        let mut found = Self::default();
        found.unread(need.one.keys().copied(), failed);
        found
    }

    /// Takes in a resource.
    pub(crate) fn add(&mut self, live: Live, tags: impl IntoIterator<Item = (String, String)>) {
        self.there.insert(live.at.path().to_owned(), Entry { live, tags: tags.into_iter().collect() });
    }

    /// These could not be read.
    pub(crate) fn failed<'p>(&mut self, paths: impl IntoIterator<Item = &'p str>, fault: &Fault) {
        self.faults.extend(paths.into_iter().map(|path| (path.to_owned(), fault.clone())));
    }

    /// These could not be read, and there may be more of what a pattern stands for; what is missing is no member of it.
    pub(crate) fn unread<'p>(&mut self, paths: impl IntoIterator<Item = &'p str>, failed: Failed) {
        self.failed(paths, &failed.fault);
        if !failed.is_missing() {
            self.partly = Some(failed.fault);
        }
    }

    /// The resource of a path.
    pub(crate) fn one(&self, path: &str) -> Result<&Live, Fault> {
        match (self.there.get(path), self.faults.get(path)) {
            (Some(entry), _) => Ok(&entry.live),
            (None, Some(fault)) => Err(fault.clone()),
            (None, None) => Err(Fault::Missing(format!("there is no {path}"))),
        }
    }
}

/// Reads what was asked, each kind as a whole, all kinds at once.
pub(crate) async fn read(site: Site<'_>, ask: &[Query]) -> Vec<Reading> {
    let mut needs: BTreeMap<&str, Need<'_>> = BTreeMap::new();
    for query in ask {
        let kind = query.at.kind().unwrap_or_default();
        let need = needs.entry(kind).or_insert_with(|| Need { settings: Some(BTreeSet::new()), ..Need::default() });
        need.add(query);
    }
    let found = join_all(needs.iter().filter_map(|(kind, need)| {
        let read = served(kind)?.calls.read;
        Some(async move { (*kind, read(site, need).await) })
    }));
    let found: BTreeMap<&str, Found> = found.await.into_iter().collect();
    ask.iter().map(|query| answer(query, &found)).collect()
}

fn answer(query: &Query, found: &BTreeMap<&str, Found>) -> Reading {
    let kind = query.at.kind().unwrap_or_default();
    let Some(found) = found.get(kind) else {
        return Reading::Fault(Fault::Missing(format!("AWS has no kind `{kind}`")));
    };
    match &query.at {
        Selector::One(at) => match found.one(at.path()) {
            Ok(live) => Reading::Members { found: vec![only(live.clone(), &query.settings)], complete: true },
            Err(fault) => Reading::Fault(fault),
        },
        Selector::Many { pattern, labels } => {
            let fits = |entry: &&Entry| pattern.matches(&entry.live.at) && carries(&entry.tags, labels);
            let members: Vec<Live> =
                found.there.values().filter(fits).map(|entry| only(entry.live.clone(), &query.settings)).collect();
            match &found.partly {
                // What a part of it was lost to in passing is not there the next time: all of it is asked again.
                Some(fault) if members.is_empty() || fault.is_passing() => Reading::Fault(fault.clone()),
                partly => Reading::Members { found: members, complete: partly.is_none() },
            }
        }
    }
}

fn carries(tags: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(name, value)| tags.get(name) == Some(value))
}

/// The settings that were asked for; what has no value is absent.
fn only(mut live: Live, wanted: &Wanted) -> Live {
    if let Wanted::Only(keys) = wanted {
        live.settings.retain(|key, _| keys.contains(key));
        for key in keys {
            live.settings.or_insert_with(key, || opsctl_api::LiveSetting::Absent);
        }
    }
    live
}

/// The address of a path of a kind; `None` where what AWS calls it is no path, which no name of AWS is.
pub(crate) fn address(site: Site<'_>, kind: &str, path: &str) -> Option<Address> {
    Address::new(site.instance, kind, path).ok()
}
