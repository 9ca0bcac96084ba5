//! The order held against a naive model: a matrix of required pairs over both positions of every resource.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use opsctl_api::{Address, Edit, Live, LiveSetting, Readiness, Relation, Settings, Value};
use proptest::prelude::*;

use super::super::diff::{Edits, Slot, slots};
use super::super::expand::{Expanded, Group, Item, Presence};
use super::{Order, What, order};
use crate::state::{Declared, Need, OnFailure, Resource, State, Target};

/// One service of a case: from how many replicas to how many, and which earlier ones it needs.
#[derive(Debug, Clone)]
struct Service {
    from: i64,
    to: i64,
    /// An edit without direction beside it.
    config: bool,
    needs: BTreeSet<usize>,
    pool: bool,
    /// Bounds of what confines it: from and to.
    bounds: Option<[(i64, i64); 2]>,
}

fn cases() -> impl Strategy<Value = Vec<Service>> {
    let bounds = proptest::option::of((1_i64..4, 0_i64..5, 1_i64..4, 0_i64..5));
    let one =
        (0_i64..9, 0_i64..9, any::<bool>(), proptest::collection::btree_set(0_usize..6, 0..3), any::<bool>(), bounds);
    proptest::collection::vec(one, 1..6).prop_map(|list| {
        list.into_iter()
            .enumerate()
            .map(|(index, (from, to, config, needs, pool, bounds))| Service {
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
            })
            .collect()
    })
}

fn at(kind: &str, index: usize) -> Address {
    Address::new("sim", kind, &format!("s{index}")).unwrap()
}

fn declared(at: Address, needs: Vec<Need>, pool: Option<String>) -> Resource {
    let declared = Declared {
        at: Target::One(at),
        place: None,
        needs,
        pool,
        after: Vec::new(),
        optional: false,
        timeout: None,
        drain_time: Duration::ZERO,
    };
    Resource { declared: declared.into(), wants: Settings::new() }
}

fn item(name: &str, at: Address, settings: &[(&str, i64)], relations: Vec<Relation>) -> Item {
    let kind = opsctl_sim::catalogue().kind(at.kind()).unwrap();
    let mut live = Live::new(at.clone());
    live.relations = relations;
    for (key, value) in settings {
        live.settings.insert((*key).to_owned(), LiveSetting::is(Value::Integer(*value), serde_json::Value::Null));
    }
    Item { at, kind, names: vec![name.to_owned()], goals: BTreeMap::new(), presence: Presence::Live(Arc::new(live)) }
}

fn edit(setting: &str, from: i64, to: i64) -> Option<Edit> {
    let value = |n| Some(Value::Integer(n));
    (from != to).then(|| Edit { setting: setting.to_owned(), from: value(from), to: value(to) })
}

struct Case {
    state: State,
    expanded: Expanded,
    edits: Edits,
}

fn case(services: &[Service], back: bool) -> Case {
    let mut state = State {
        name: "test".into(),
        summary: String::new(),
        digest: String::new(),
        rto: None,
        confirm: false,
        on_failure: OnFailure::Stop,
        tolerates_unreachable: Vec::new(),
        resources: BTreeMap::new(),
        checks: Vec::new(),
    };
    let turn = |from, to| if back { (to, from) } else { (from, to) };
    let mut entries = Vec::new();
    for (index, service) in services.iter().enumerate() {
        let name = format!("s{index}");
        let (from, to) = turn(service.from, service.to);
        let needs = service.needs.iter().map(|n| Need { any_of: vec![format!("s{n}")], place: None }).collect();
        let pool = service.pool.then(|| "pool".to_owned());
        state.resources.insert(name.clone(), declared(at("service", index), needs, pool));
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
        let group = Group { items: vec![index], unreachable: None };
        expanded.groups.insert(item.names[0].clone(), group);
        edits.push(slots(item.kind, own));
        expanded.items.push(item);
    }
    Case { state, expanded, edits }
}

impl Case {
    fn order(&self) -> Order {
        let mut problems = Vec::new();
        let order = order(&self.state, &self.expanded, &self.edits, &mut problems);
        assert_eq!(problems, Vec::new());
        order
    }

    fn find(&self, kind: &str, index: usize) -> Option<usize> {
        let at = at(kind, index);
        self.expanded.items.iter().position(|item| item.at == at)
    }

    /// All pairs that the rule requires, closed, over the slots that are edited.
    fn required(&self, services: &[Service]) -> BTreeSet<((usize, Slot), (usize, Slot))> {
        let nodes: Vec<(usize, Slot)> =
            (0..self.expanded.items.len()).flat_map(|item| Slot::ALL.map(|slot| (item, slot))).collect();
        let id = |node: (usize, Slot)| node.0 * 6 + node.1 as usize;
        let mut before = vec![vec![false; nodes.len()]; nodes.len()];
        let mut add = |a: (usize, Slot), b: (usize, Slot)| before[id(a)][id(b)] = true;
        for item in 0..self.expanded.items.len() {
            for pair in Slot::ALL.windows(2) {
                add((item, pair[0]), (item, pair[1]));
            }
        }
        let pool: Vec<usize> =
            (0..services.len()).filter(|&s| services[s].pool).filter_map(|s| self.find("service", s)).collect();
        for &a in &pool {
            for &b in &pool {
                add((a, Slot::FloorUp), (b, Slot::FloorDown));
            }
        }
        for (index, service) in services.iter().enumerate() {
            let a = self.find("service", index).unwrap();
            if let Some(h) = self.find("scaler", index) {
                add((h, Slot::CeilingUp), (a, Slot::CeilingUp));
                add((a, Slot::FloorUp), (h, Slot::FloorUp));
                add((h, Slot::FloorDown), (a, Slot::FloorDown));
                add((a, Slot::CeilingDown), (h, Slot::CeilingDown));
            }
            for &needed in &service.needs {
                let b = self.find("service", needed).unwrap();
                add((b, Slot::FloorUp), (a, Slot::CeilingUp));
                add((a, Slot::CeilingDown), (b, Slot::FloorDown));
                if let Some(h) = self.find("scaler", needed) {
                    add((h, Slot::FloorUp), (a, Slot::CeilingUp));
                    add((a, Slot::CeilingDown), (h, Slot::FloorDown));
                }
            }
        }
        for k in 0..nodes.len() {
            for i in 0..nodes.len() {
                if before[i][k] {
                    let through = before[k].clone();
                    before[i].iter_mut().zip(through).for_each(|(pair, more)| *pair |= more);
                }
            }
        }
        let real = |node: &(usize, Slot)| self.edits[node.0].contains_key(&node.1);
        let mut pairs = BTreeSet::new();
        for &a in nodes.iter().filter(|node| real(node)) {
            for &b in nodes.iter().filter(|node| real(node)) {
                if before[id(a)][id(b)] {
                    pairs.insert((a, b));
                }
            }
        }
        pairs
    }
}

/// Which steps come before which, closed, by index.
fn closure(order: &Order) -> Vec<BTreeSet<usize>> {
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

/// A legal order that is as far from the plan's own as can be: of what is free the last is taken.
fn latest_first(order: &Order) -> Vec<usize> {
    let mut done: Vec<usize> = Vec::new();
    while done.len() < order.steps.len() {
        let free =
            |id: &usize| !done.contains(id) && order.steps[*id].after.iter().all(|edge| done.contains(&edge.step));
        let next = (0..order.steps.len()).rev().find(free).unwrap();
        done.push(next);
    }
    done
}

fn step_of(order: &Order) -> BTreeMap<(usize, Slot), usize> {
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Each required pair is kept, and nothing else is: what one step must come before is required of one of its edits.
    #[test]
    fn test_the_order_is_the_closure_of_the_required_pairs(services in cases()) {
        let case = case(&services, false);
        let order = case.order();
        let (before, steps, required) = (closure(&order), step_of(&order), case.required(&services));
        let edited: usize = case.edits.iter().map(BTreeMap::len).sum();
        prop_assert_eq!(steps.len(), edited, "every edit has its step");
        for (a, b) in &required {
            let (a_step, b_step) = (steps[a], steps[b]);
            prop_assert!(a_step == b_step && a.0 == b.0 || before[b_step].contains(&a_step), "{a:?} before {b:?}");
        }
        for (node, &step) in &steps {
            for earlier in steps.iter().filter(|(_, id)| before[step].contains(id)) {
                let of = |id: usize| steps.iter().filter(move |(_, other)| **other == id).map(|(node, _)| *node);
                let needed = of(*earlier.1).any(|a| of(step).any(|b| required.contains(&(a, b))));
                prop_assert!(needed, "{:?} need not come before {node:?}", earlier.0);
            }
        }
    }

    /// The way back is ordered by the same rule: what grew last shrinks first.
    #[test]
    fn test_inverted_changes_are_ordered_the_other_way_round(services in cases()) {
        let services: Vec<Service> = services.into_iter().map(|s| Service { config: false, ..s }).collect();
        let (there, back) = (case(&services, false), case(&services, true));
        let turned = |slot: Slot| match slot {
            Slot::CeilingUp => Slot::CeilingDown,
            Slot::Up => Slot::Down,
            Slot::FloorUp => Slot::FloorDown,
            Slot::FloorDown => Slot::FloorUp,
            Slot::Down => Slot::Up,
            Slot::CeilingDown => Slot::CeilingUp,
        };
        let reversed: BTreeSet<_> = there
            .required(&services)
            .into_iter()
            .map(|(a, b)| ((b.0, turned(b.1)), (a.0, turned(a.1))))
            .collect();
        prop_assert_eq!(reversed, back.required(&services));
        back.order();
    }

    /// An HPA never finds what it scales outside of its bounds, whatever is done at once, so it never undoes a step.
    #[test]
    fn test_a_simulated_hpa_is_never_stuck(services in cases()) {
        let case = case(&services, false);
        let order = case.order();
        for (index, service) in services.iter().enumerate() {
            let Some([mut bounds, _]) = service.bounds else { continue };
            let mut replicas = service.from;
            for id in latest_first(&order) {
                let What::Slots { item, slots } = &order.steps[id].what else { continue };
                for edit in slots.iter().filter_map(|slot| case.edits[*item].get(slot)).flatten() {
                    let to = edit.to.as_ref().and_then(Value::as_integer);
                    match (edit.setting.as_str(), to) {
                        ("replicas", Some(to)) if case.find("service", index) == Some(*item) => replicas = to,
                        ("min", Some(to)) if case.find("scaler", index) == Some(*item) => bounds.0 = to,
                        ("max", Some(to)) if case.find("scaler", index) == Some(*item) => bounds.1 = to,
                        _ => {}
                    }
                }
                prop_assert!(bounds.0 <= bounds.1, "{bounds:?}");
                prop_assert!(replicas == 0 || (bounds.0 <= replicas && replicas <= bounds.1), "{replicas} {bounds:?}");
            }
        }
    }

    /// The same case has the same order, to the letter.
    #[test]
    fn test_the_same_input_gives_the_same_order(services in cases()) {
        prop_assert_eq!(case(&services, false).order().steps, case(&services, false).order().steps);
    }
}

#[test]
fn test_a_needed_resource_on_its_way_is_waited_for() {
    let services = [
        Service { from: 3, to: 3, config: false, needs: BTreeSet::new(), pool: false, bounds: None },
        Service { from: 0, to: 2, config: false, needs: BTreeSet::from([0]), pool: false, bounds: None },
    ];
    let mut case = case(&services, false);
    let Presence::Live(live) = &mut case.expanded.items[0].presence else { unreachable!() };
    Arc::make_mut(live).readiness = Readiness::Progressing { done: 1, total: 3, what: String::new() };
    let order = case.order();
    let what: Vec<&What> = order.steps.iter().map(|step| &step.what).collect();
    assert_eq!(
        what,
        [&What::Slots { item: 0, slots: vec![Slot::Up] }, &What::Slots { item: 1, slots: vec![Slot::Up] }]
    );
    assert_eq!(order.steps[1].after[0].step, 0);
}

#[test]
fn test_a_needed_resource_that_failed_refuses_the_up_and_not_the_down() {
    let service = |from, to, needs: &[usize]| Service {
        from,
        to,
        config: false,
        needs: needs.iter().copied().collect(),
        pool: false,
        bounds: None,
    };
    for (to, refusals) in [(2, 1), (0, 0)] {
        let mut case = case(&[service(3, 3, &[]), service(1, to, &[0])], false);
        let Presence::Live(live) = &mut case.expanded.items[0].presence else { unreachable!() };
        Arc::make_mut(live).readiness = Readiness::Failed("no node has room".into());
        assert_eq!(case.order().refusals.len(), refusals, "1 → {to}");
    }
}

/// Services without bounds: each from how many replicas to how many.
fn plain(counts: &[(i64, i64)]) -> Case {
    let service = |&(from, to): &(i64, i64)| Service {
        from,
        to,
        config: false,
        needs: BTreeSet::new(),
        pool: false,
        bounds: None,
    };
    case(&counts.iter().map(service).collect::<Vec<_>>(), false)
}

impl Case {
    fn live(&mut self, item: usize) -> &mut Live {
        let Presence::Live(live) = &mut self.expanded.items[item].presence else { unreachable!() };
        Arc::make_mut(live)
    }

    fn needs(&mut self, name: &str, any_of: &[&str]) {
        let need = Need { any_of: any_of.iter().map(|name| (*name).to_owned()).collect(), place: None };
        std::sync::Arc::make_mut(&mut self.state.resources.get_mut(name).unwrap().declared).needs.push(need);
    }
}

#[test]
fn test_a_wildcard_that_has_what_it_needs_among_its_members_needs_it_for_the_others() {
    // s0 and s1 are members of `all`, which needs s1. s3 needs s1 or s2, so s1 is looked at before s0 is.
    let mut case = plain(&[(1, 2), (1, 1), (1, 1), (1, 2)]);
    let s0 = case.state.resources["s0"].clone();
    case.state.resources.insert("all".into(), s0);
    case.expanded.groups.insert("all".into(), Group { items: vec![0, 1], unreachable: None });
    for item in [0, 1] {
        case.expanded.items[item].names.push("all".into());
    }
    case.needs("all", &["s1"]);
    case.needs("s3", &["s1", "s2"]);
    case.live(1).readiness = Readiness::Failed("no node has room".into());
    let refusals = case.order().refusals;
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert_eq!(refusals[0].why, "all needs s1, which failed: no node has room");
}

#[test]
fn test_what_a_provider_knows_to_be_needed_is_waited_for() {
    let mut case = plain(&[(3, 3), (0, 2)]);
    case.live(1).relations.push(Relation::Needs(at("service", 0)));
    case.live(0).readiness = Readiness::Progressing { done: 1, total: 3, what: String::new() };
    let order = case.order();
    let what: Vec<&What> = order.steps.iter().map(|step| &step.what).collect();
    let up = |item| What::Slots { item, slots: vec![Slot::Up] };
    assert_eq!(what, [&up(0), &up(1)]);
    assert_eq!(order.steps[1].after[0].step, 0);

    case.live(0).readiness = Readiness::Failed("no node has room".into());
    assert_eq!(case.order().refusals.len(), 1);
}
