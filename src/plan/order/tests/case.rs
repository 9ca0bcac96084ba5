//! Cases: services with their needs, bounds and pools, and which changes there are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use opsctl_api::{Address, Edit, Live, LiveSetting, Relation, Settings, Value};
use proptest::prelude::*;

use super::super::super::diff::{Edits, Slot, slots};
use super::super::super::expand::{Expanded, Group, Item, Presence};
use super::super::{Order, What, order};
use crate::state::{Declared, Need, Resource, State, Target};

/// One service of a case: from how many replicas to how many, and which earlier ones it needs.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) from: i64,
    pub(super) to: i64,
    /// An edit without direction beside it.
    pub(super) config: bool,
    pub(super) needs: BTreeSet<usize>,
    pub(super) pool: bool,
    /// Bounds of what confines it: from and to.
    pub(super) bounds: Option<[(i64, i64); 2]>,
    /// Whether some of it are enough for what needs it.
    pub(super) enough: bool,
}

pub(super) fn cases() -> impl Strategy<Value = Vec<Service>> {
    let bounds = proptest::option::of((1_i64..4, 0_i64..5, 1_i64..4, 0_i64..5));
    let one = (
        0_i64..9,
        0_i64..9,
        any::<bool>(),
        proptest::collection::btree_set(0_usize..6, 0..3),
        any::<bool>(),
        bounds,
        any::<bool>(),
    );
    proptest::collection::vec(one, 1..6).prop_map(|list| {
        list.into_iter()
            .enumerate()
            .map(|(index, (from, to, config, needs, pool, bounds, enough))| Service {
                from,
                to,
                config,
                needs: needs.into_iter().filter(|&needed| needed < index).collect(),
                pool: pool && index % 2 == 0,
                // Bounds that hold what they confine, before and after.
                bounds: bounds.map(|(a, b, c, d)| {
                    let (low, high) = (from.max(1), to.max(1));
                    [((low - a).max(1), low + b), ((high - c).max(1), high + d)]
                }),
                enough,
            })
            .collect()
    })
}

pub(super) fn at(kind: &str, index: usize) -> Address {
    Address::new("sim", kind, &format!("s{index}")).unwrap()
}

pub(super) fn declared(at: Address, needs: Vec<Need>, pool: Option<String>) -> Resource {
    let declared = Declared {
        at: Target::One(at),
        place: None,
        needs,
        pool,
        after: Vec::new(),
        optional: false,
        timeout: None,
        drain_time: Duration::ZERO,
        enough: None,
        restarts_with: None,
    };
    Resource { declared: declared.into(), wants: Settings::new() }
}

pub(super) fn item(name: &str, at: Address, settings: &[(&str, i64)], relations: Vec<Relation>) -> Item {
    let kind = opsctl_sim::catalogue().kind(at.kind()).unwrap();
    let mut live = Live::new(at.clone());
    live.relations = relations;
    for (key, value) in settings {
        live.settings.insert((*key).to_owned(), LiveSetting::is(Value::Integer(*value), serde_json::Value::Null));
    }
    Item {
        at,
        kind,
        names: vec![name.to_owned()],
        goals: opsctl_api::Settings::new(),
        presence: Presence::Live(Arc::new(live)),
    }
}

pub(super) fn edit(setting: &str, from: i64, to: i64) -> Option<Edit> {
    let value = |n| Some(Value::Integer(n));
    (from != to).then(|| Edit { setting: setting.to_owned(), from: value(from), to: value(to) })
}

pub(super) struct Case {
    pub(super) due: BTreeSet<usize>,
    pub(super) state: State,
    pub(super) expanded: Expanded,
    pub(super) edits: Edits,
}

pub(super) fn case(services: &[Service], back: bool) -> Case {
    let mut state = State { name: "test".into(), ..State::default() };
    let turn = |from, to| if back { (to, from) } else { (from, to) };
    let mut entries = Vec::new();
    for (index, service) in services.iter().enumerate() {
        let name = format!("s{index}");
        let (from, to) = turn(service.from, service.to);
        let needs = service.needs.iter().map(|n| Need { any_of: vec![format!("s{n}")], place: None }).collect();
        let pool = service.pool.then(|| "pool".to_owned());
        let mut resource = declared(at("service", index), needs, pool);
        Arc::make_mut(&mut resource.declared).enough = service.enough.then_some(1);
        state.resources.insert(name.clone(), resource);
        let mut edits: Vec<Edit> = edit("replicas", from, to).into_iter().collect();
        if service.config {
            let text = |text: &str| Some(Value::String(text.to_owned()));
            edits.push(Edit { setting: "version".into(), from: text("a"), to: text("b") });
        }
        entries.push((item(&name, at("service", index), &[("replicas", from)], Vec::new()), edits));
        if let Some([before, after]) = service.bounds {
            let (before, after) = if back { (after, before) } else { (before, after) };
            let name = format!("h{index}");
            state.resources.insert(name.clone(), declared(at("scaler", index), Vec::new(), None));
            let edits = edit("min", before.0, after.0).into_iter().chain(edit("max", before.1, after.1)).collect();
            let relations = vec![Relation::Confines(at("service", index))];
            let settings = [("min", before.0), ("max", before.1)];
            entries.push((item(&name, at("scaler", index), &settings, relations), edits));
        }
    }
    entries.sort_by(|a, b| a.0.at.cmp(&b.0.at));
    let mut expanded = Expanded::default();
    let mut edits = Vec::new();
    for (index, (item, own)) in entries.into_iter().enumerate() {
        let group = Group { items: vec![index], lacking: None };
        expanded.groups.insert(item.names[0].clone(), group);
        edits.push(slots(item.kind, own));
        expanded.items.push(item);
    }
    Case { due: BTreeSet::new(), state, expanded, edits }
}

/// Services without bounds: each from how many replicas to how many.
pub(super) fn plain(counts: &[(i64, i64)]) -> Case {
    let service = |&(from, to): &(i64, i64)| Service {
        from,
        to,
        config: false,
        needs: BTreeSet::new(),
        pool: false,
        bounds: None,
        enough: false,
    };
    case(&counts.iter().map(service).collect::<Vec<_>>(), false)
}

impl Case {
    pub(super) fn order(&self) -> Order {
        let mut problems = Vec::new();
        let order = order(&self.state, &self.expanded, &self.edits, &self.due, &mut problems);
        assert_eq!(problems, Vec::new());
        order
    }

    pub(super) fn find(&self, kind: &str, index: usize) -> Option<usize> {
        let at = at(kind, index);
        self.expanded.items.iter().position(|item| item.at == at)
    }

    pub(super) fn live(&mut self, item: usize) -> &mut Live {
        let Presence::Live(live) = &mut self.expanded.items[item].presence else { unreachable!() };
        Arc::make_mut(live)
    }

    pub(super) fn needs(&mut self, name: &str, any_of: &[&str]) {
        let need = Need { any_of: any_of.iter().map(|name| (*name).to_owned()).collect(), place: None };
        std::sync::Arc::make_mut(&mut self.state.resources.get_mut(name).unwrap().declared).needs.push(need);
    }
}

/// Which steps come before which, closed, by index.
pub(super) fn closure(order: &Order) -> Vec<BTreeSet<usize>> {
    let mut before: Vec<BTreeSet<usize>> = Vec::new();
    for step in &order.steps {
        let mut all = BTreeSet::new();
        for edge in &step.after {
            assert!(edge.step < before.len(), "a step comes after a later one");
            assert!(!edge.why.is_empty(), "an edge without a reason");
            all.insert(edge.step);
            all.extend(before[edge.step].iter().copied());
        }
        before.push(all);
    }
    before
}

pub(super) fn step_of(order: &Order) -> BTreeMap<(usize, Slot), usize> {
    let mut steps = BTreeMap::new();
    for (id, step) in order.steps.iter().enumerate() {
        if let What::Slots { item, slots } = &step.what {
            for &slot in slots {
                assert_eq!(steps.insert((*item, slot), id), None, "an edit in two steps");
            }
        }
    }
    steps
}
