//! The order held against a naive model: a matrix of required pairs over both positions of every resource.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use opsctl_api::{Address, Edit, Live, LiveSetting, Readiness, Relation, Settings, Value};
use proptest::prelude::*;

use super::super::actions::met;
use super::super::diff::{Edits, Slot, slots};
use super::super::expand::{Expanded, Group, Item, Presence};
use super::super::level;
use super::{Order, What, order};
use crate::action::{Action, Beside, When};
use crate::diagnostic::Code;
use crate::state::{Declared, Need, Resource, RestartsWith, State, Target};

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
    /// Whether some of it are enough for what needs it.
    enough: bool,
}

fn cases() -> impl Strategy<Value = Vec<Service>> {
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
        enough: None,
        restarts_with: None,
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
    Item {
        at,
        kind,
        names: vec![name.to_owned()],
        goals: opsctl_api::Settings::new(),
        presence: Presence::Live(Arc::new(live)),
    }
}

fn edit(setting: &str, from: i64, to: i64) -> Option<Edit> {
    let value = |n| Some(Value::Integer(n));
    (from != to).then(|| Edit { setting: setting.to_owned(), from: value(from), to: value(to) })
}

struct Case {
    due: BTreeSet<usize>,
    state: State,
    expanded: Expanded,
    edits: Edits,
}

fn case(services: &[Service], back: bool) -> Case {
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

/// An action of a case: what it is before and after, services or other actions, and when it is due.
#[derive(Debug, Clone)]
struct Act {
    before: BTreeSet<usize>,
    after: BTreeSet<usize>,
    /// The next action comes behind it.
    chained: bool,
    when: When,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let some = || proptest::collection::btree_set(0_usize..6, 0..3);
    let when = prop_oneof![Just(When::Grows), Just(When::Shrinks), Just(When::Changes), Just(When::Always)];
    let one = (some(), some(), any::<bool>(), when);
    let act = |(before, after, chained, when)| Act { before, after, chained, when };
    proptest::collection::vec(one.prop_map(act), 0..4)
}

impl Case {
    /// The same with actions; those that are due.
    fn with(mut self, acts: &[Act], services: usize) -> Self {
        let beside = |name: String| Beside { name, place: None };
        for (index, act) in acts.iter().enumerate() {
            let names = |of: &BTreeSet<usize>| -> Vec<Beside> {
                of.iter().filter(|&&s| s < services).map(|s| beside(format!("s{s}"))).collect()
            };
            let mut before = names(&act.before);
            if act.chained && index + 1 < acts.len() {
                before.push(beside(format!("a{}", index + 1)));
            }
            self.state.actions.push(Action {
                name: format!("a{index}"),
                members: Vec::new(),
                before,
                after: names(&act.after.difference(&act.before).copied().collect()),
                when: act.when,
                timeout: Duration::ZERO,
                place: None,
            });
        }
        for (index, action) in self.state.actions.iter().enumerate() {
            let of =
                action.before.iter().chain(&action.after).filter_map(|beside| self.expanded.groups.get(&beside.name));
            let mut items = of.flat_map(|group| group.items.iter().copied());
            let slots = |item: usize| met(action.when, &self.expanded.items[item], &self.edits[item]).count();
            if action.when == When::Always || items.any(|item| slots(item) > 0) {
                self.due.insert(index);
            }
        }
        self
    }

    /// Each service restarts with what it needs.
    fn restarts(&mut self, services: &[Service]) {
        let text = |text: &str| Some(Value::String(text.to_owned()));
        for (index, service) in services.iter().enumerate() {
            if service.needs.iter().any(|&needed| services[needed].config) {
                let item = self.find("service", index).unwrap();
                let edit = Edit { setting: "config_digest".into(), from: text("1"), to: text("2") };
                self.edits[item].entry(Slot::Up).or_default().push(edit);
                let names = service.needs.iter().map(|needed| format!("s{needed}")).collect();
                let declared = &mut self.state.resources.get_mut(&format!("s{index}")).unwrap().declared;
                let with = RestartsWith { names, carried_by: "config_digest".into() };
                Arc::make_mut(declared).restarts_with = Some(with);
            }
        }
    }

    fn order(&self) -> Order {
        let mut problems = Vec::new();
        let order = order(&self.state, &self.expanded, &self.edits, &self.due, &mut problems);
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

    /// Of each edited slot the edited ones that must have settled before it is begun, where for some others enough is enough.
    fn settled_before(&self, services: &[Service]) -> BTreeMap<(usize, Slot), BTreeSet<(usize, Slot)>> {
        let mut edges: Vec<Asked> = Vec::new();
        for (item, found) in self.expanded.items.iter().enumerate() {
            let wide = found.kind.confines.is_some();
            let slots: &[Slot] = if wide { &Slot::ALL } else { &[Slot::Up, Slot::Down] };
            for pair in slots.windows(2) {
                let met = if pair[1].is_up() { Met::Passed } else { Met::Settled };
                edges.push(((item, pair[0]), (item, pair[1]), met));
            }
        }
        for (index, service) in services.iter().enumerate() {
            let a = self.find("service", index).unwrap();
            for b in (0..services.len()).filter(|&other| service.pool && services[other].pool) {
                edges.push(((a, Slot::Up), (self.find("service", b).unwrap(), Slot::Down), Met::Settled));
            }
            if let Some(h) = self.find("scaler", index) {
                let met = if service.enough { Met::Enough } else { Met::Passed };
                edges.push(((h, Slot::CeilingUp), (a, Slot::Up), Met::Passed));
                edges.push(((a, Slot::Up), (h, Slot::FloorUp), met));
                edges.push(((h, Slot::FloorDown), (a, Slot::Down), Met::Settled));
                edges.push(((a, Slot::Down), (h, Slot::CeilingDown), Met::Settled));
            }
            for &needed in &service.needs {
                let met = if services[needed].enough { Met::Enough } else { Met::Passed };
                let b = self.find("service", needed).unwrap();
                edges.push(((b, Slot::Up), (a, Slot::Up), met));
                edges.push(((a, Slot::Down), (b, Slot::Down), Met::Settled));
                if let Some(h) = self.find("scaler", needed) {
                    edges.push(((h, Slot::FloorUp), (a, Slot::Up), met));
                    edges.push(((a, Slot::Down), (h, Slot::FloorDown), Met::Settled));
                }
            }
        }
        let nodes = (0..self.expanded.items.len()).flat_map(|item| Slot::ALL.map(|slot| (item, slot)));
        let real: Vec<(usize, Slot)> = nodes.filter(|node| self.edits[node.0].contains_key(&node.1)).collect();
        real.iter().map(|&node| (node, self.settled_at(node, &edges, false))).collect()
    }

    /// What has settled when a position is begun or, without an edit, passed; `all`: when all before it has settled.
    fn settled_at(&self, node: (usize, Slot), edges: &[Asked], all: bool) -> BTreeSet<(usize, Slot)> {
        let mut settled = BTreeSet::new();
        for (from, _, met) in edges.iter().filter(|(_, to, _)| *to == node) {
            let real = self.edits[from.0].contains_key(&from.1);
            let enough = !all && (*met == Met::Enough || (*met == Met::Passed && !real));
            settled.extend(self.settled_at(*from, edges, !enough && !real));
            settled.extend((real && !enough).then_some(*from));
        }
        settled
    }
}

/// Whether a service relies on another one, itself or through others; needs lead to earlier ones.
fn relies(services: &[Service], a: usize, on: usize) -> bool {
    services[a].needs.iter().any(|&needed| needed == on || relies(services, needed, on))
}

/// One position before another, and how.
type Asked = ((usize, Slot), (usize, Slot), Met);

/// What an edge asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    /// That it has settled.
    Settled,
    /// That enough of it is ready.
    Enough,
    /// What had to be met before it, where it has nothing to do itself.
    Passed,
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

#[track_caller]
fn is_the_closure(services: &[Service]) {
    let case = case(services, false);
    let order = case.order();
    let (before, steps, required) = (closure(&order), step_of(&order), case.required(services));
    let edited: usize = case.edits.iter().map(BTreeMap::len).sum();
    assert_eq!(steps.len(), edited, "every edit has its step: {services:?}");
    for (a, b) in &required {
        let (a_step, b_step) = (steps[a], steps[b]);
        let is_kept = a_step == b_step && a.0 == b.0 || before[b_step].contains(&a_step);
        assert!(is_kept, "{a:?} before {b:?}: {services:?}");
    }
    for (node, &step) in &steps {
        for earlier in steps.iter().filter(|(_, id)| before[step].contains(id)) {
            let of = |id: usize| steps.iter().filter(move |(_, other)| **other == id).map(|(node, _)| *node);
            let needed = of(*earlier.1).any(|a| of(step).any(|b| required.contains(&(a, b))));
            assert!(needed, "{:?} need not come before {node:?}: {services:?}", earlier.0);
        }
    }
}

/// Each graph of four resources, with each of them growing, shrinking and staying.
#[test]
fn test_all_orders_of_four_resources() {
    let pairs: Vec<(usize, usize)> = (0..4).flat_map(|a| (0..a).map(move |b| (a, b))).collect();
    for graph in 0..1_u32 << pairs.len() {
        for ways in 0..81_usize {
            let service = |index: usize| {
                let needed = pairs.iter().enumerate().filter(|(bit, (a, _))| *a == index && graph & 1 << bit != 0);
                Service {
                    from: 1,
                    to: (ways / 3_usize.pow(index as u32) % 3) as i64,
                    config: false,
                    needs: needed.map(|(_, (_, b))| *b).collect(),
                    pool: false,
                    bounds: None,
                    enough: false,
                }
            };
            is_the_closure(&(0..4).map(service).collect::<Vec<_>>());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Each required pair is kept, and nothing else is: what one step must come before is required of one of its edits.
    #[test]
    fn test_the_order_is_the_closure_of_the_required_pairs(services in cases()) {
        is_the_closure(&services);
    }

    /// What relies on enough of something waits for the rest only where something else asks for it.
    #[test]
    fn test_what_has_settled_when_a_step_is_begun(services in cases()) {
        let case = case(&services, false);
        let (order, required) = (case.order(), case.settled_before(&services));
        let mut settled: Vec<BTreeSet<usize>> = Vec::new();
        for step in &order.steps {
            let mut before = BTreeSet::new();
            for edge in &step.after {
                before.extend(settled[edge.step].iter().copied());
                before.extend((!edge.enough).then_some(edge.step));
            }
            settled.push(before);
        }
        let joined = order.steps.iter().any(|step| matches!(&step.what, What::Slots { slots, .. } if slots.len() > 1));
        let steps = step_of(&order);
        for (node, required) in &required {
            let found = &settled[steps[node]];
            let required: BTreeSet<usize> = required.iter().map(|node| steps[node]).filter(|id| *id != steps[node]).collect();
            prop_assert!(found.is_superset(&required), "{node:?}: {required:?}, found {found:?}");
            // Edits that are made at once wait for what either of them waits for.
            prop_assert!(joined || *found == required, "{node:?}: {required:?}, found {found:?}");
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

    /// Where nothing grows, what others rely on is not touched before they are as they shall be: also where any of them changes
    /// without a direction. Only what changes so alone, with nothing going that relies on it, comes after what it needs.
    #[test]
    fn test_nothing_is_touched_beneath_what_still_serves(services in cases()) {
        let falling = |s: Service| Service { from: s.from.max(s.to), to: s.from.min(s.to), ..s };
        let services: &[Service] = &services.into_iter().map(falling).collect::<Vec<_>>();
        let mut case = case(services, false);
        level::lower(&case.state, &[], &case.expanded, &mut case.edits);
        let order = case.order();
        let (before, steps) = (closure(&order), step_of(&order));
        let relying = |on: usize| (0..services.len()).filter(move |&a| relies(services, a, on));
        let goes = |a: usize| services[a].to < services[a].from;
        let carried = |a: usize| goes(a) || !services[a].config || relying(a).any(goes);
        let of = |index: usize| {
            let item = case.find("service", index).unwrap();
            Slot::ALL.into_iter().filter_map(|slot| steps.get(&(item, slot)).copied()).collect::<BTreeSet<usize>>()
        };
        for beneath in (0..services.len()).filter(|&index| relying(index).any(goes) && relying(index).all(carried)) {
            for above in relying(beneath) {
                for (&touched, last) in of(beneath).iter().flat_map(|b| of(above).into_iter().map(move |a| (b, a))) {
                    prop_assert!(before[touched].contains(&last), "s{beneath} is touched before s{above} has gone");
                }
            }
        }
    }

    /// What is restarted with others, and stays, finds them as they shall be, however far it or what relies on it shrinks.
    #[test]
    fn test_what_is_restarted_comes_after_what_it_is_restarted_with(services in cases()) {
        let mut case = case(&services, false);
        case.restarts(&services);
        level::lower(&case.state, &[], &case.expanded, &mut case.edits);
        let order = case.order();
        let (before, steps) = (closure(&order), step_of(&order));
        let changed = |index: usize, setting: &str| {
            let item = case.find("service", index).unwrap();
            let is_it = |edits: &Vec<Edit>| edits.iter().any(|edit| edit.setting == setting);
            let slot = case.edits[item].iter().find(|(_, edits)| is_it(edits))?;
            Some(steps[&(item, *slot.0)])
        };
        for (index, service) in services.iter().enumerate().filter(|(_, service)| service.to > 0) {
            for &with in &service.needs {
                if let (Some(restarted), Some(read)) = (changed(index, "config_digest"), changed(with, "version")) {
                    prop_assert!(before[restarted].contains(&read), "s{index} is restarted before s{with} is as it shall be");
                }
            }
        }
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

    /// An action that is due stands before (after) all that it is about of what it is written before (after); all that was required
    /// without it still is, and what is not required without one is so through one. What goes in a circle is told.
    #[test]
    fn test_actions_stand_where_they_were_written(services in cases(), acts in acts()) {
        let plain = case(&services, false);
        let required = plain.required(&services);
        let case = case(&services, false).with(&acts, services.len());
        let mut problems = Vec::new();
        let order = order(&case.state, &case.expanded, &case.edits, &case.due, &mut problems);
        if !problems.is_empty() {
            prop_assert!(problems.iter().all(|problem| problem.code == Code::OrderLoop));
            prop_assert!(problems[0].why.contains("action a"), "{}", problems[0].why);
            return Ok(());
        }
        let (before, steps) = (closure(&order), step_of(&order));
        let ids = order.steps.iter().enumerate().filter_map(|(id, step)| match step.what {
            What::Action { action } => Some((action, id)),
            _ => None,
        });
        let ids: BTreeMap<usize, usize> = ids.collect();
        prop_assert_eq!(ids.keys().copied().collect::<BTreeSet<_>>(), case.due.clone());
        for (&index, &id) in &ids {
            let action = &case.state.actions[index];
            for (beside, first) in action.before.iter().map(|b| (b, true)).chain(action.after.iter().map(|b| (b, false))) {
                let Some(group) = case.expanded.groups.get(&beside.name) else { continue };
                for &item in &group.items {
                    for slot in met(action.when, &case.expanded.items[item], &case.edits[item]) {
                        let step = steps[&(item, slot)];
                        let stands = if first { before[step].contains(&id) } else { before[id].contains(&step) };
                        prop_assert!(stands, "action {index} {beside:?} {slot:?}");
                    }
                }
            }
        }
        for pair in acts.iter().enumerate().filter(|(index, act)| act.chained && index + 1 < acts.len()) {
            if let (Some(&a), Some(&b)) = (ids.get(&pair.0), ids.get(&(pair.0 + 1))) {
                prop_assert!(before[b].contains(&a));
            }
        }
        for (a, b) in &required {
            prop_assert!(steps[a] == steps[b] || before[steps[b]].contains(&steps[a]), "{a:?} before {b:?}");
        }
        for (&node, &step) in &steps {
            for (&earlier, &id) in steps.iter().filter(|(_, id)| before[step].contains(id)) {
                let of = |id: usize| steps.iter().filter(move |(_, other)| **other == id).map(|(node, _)| *node);
                let needed = of(id).any(|a| of(step).any(|b| required.contains(&(a, b))));
                let through = ids.values().any(|&act| before[step].contains(&act) && before[act].contains(&id));
                prop_assert!(needed || through, "{earlier:?} need not come before {node:?}");
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
        Service { from: 3, to: 3, config: false, needs: BTreeSet::new(), pool: false, bounds: None, enough: false },
        Service { from: 0, to: 2, config: false, needs: BTreeSet::from([0]), pool: false, bounds: None, enough: false },
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
fn test_what_has_enough_is_not_waited_for_but_where_traffic_moves_to_it() {
    for (done, keeps, waits) in [(5, false, true), (6, false, false), (6, true, true)] {
        let mut case = plain(&[(10, 10), (0, 2)]);
        Arc::make_mut(&mut case.state.resources.get_mut("s0").unwrap().declared).enough = Some(6);
        case.needs("s1", &["s0"]);
        if keeps {
            // Of the pool s2 keeps its traffic and s3 loses its own.
            case = with_pool(case);
        }
        let s0 = case.find("service", 0).unwrap();
        case.live(s0).readiness = Readiness::Progressing { done, total: 10, what: String::new() };
        let order = case.order();
        let waited = order.steps.iter().any(|step| matches!(step.what, What::Slots { item, .. } if item == s0));
        assert_eq!(waited, waits, "{done} of 10, {keeps}");
    }
}

/// A pool of two records beside: one keeps its weight and needs s0, the other loses its own.
fn with_pool(mut case: Case) -> Case {
    let records = [("r0", 100, 100), ("r1", 100, 0)];
    for (index, (name, from, to)) in records.into_iter().enumerate() {
        let needs = (index == 0).then(|| Need { any_of: vec!["s0".into()], place: None }).into_iter().collect();
        case.state.resources.insert(name.into(), declared(at("record", index), needs, Some("pool".into())));
        let item = item(name, at("record", index), &[("weight", from)], Vec::new());
        case.edits.insert(index, slots(item.kind, edit("weight", from, to).into_iter().collect()));
        case.expanded.items.insert(index, item);
    }
    for group in case.expanded.groups.values_mut() {
        group.items.iter_mut().for_each(|item| *item += records.len());
    }
    for (index, (name, ..)) in records.into_iter().enumerate() {
        case.expanded.groups.insert(name.into(), Group { items: vec![index], lacking: None });
    }
    case
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
        enough: false,
    };
    for (to, refusals) in [(2, 1), (0, 0)] {
        let mut case = case(&[service(3, 3, &[]), service(1, to, &[0])], false);
        let Presence::Live(live) = &mut case.expanded.items[0].presence else { unreachable!() };
        Arc::make_mut(live).readiness = Readiness::Failed("no node has room".into());
        assert_eq!(case.order().refusals.len(), refusals, "1 → {to}");
    }
}

/// What is off is meant to be, and no alternative to what failed.
#[test]
fn test_a_failed_one_and_one_that_is_off_are_no_alternatives() {
    for (off, failed, refused) in [(0, true, true), (1, true, false), (0, false, false)] {
        let mut case = plain(&[(3, 3), (off, off), (1, 2)]);
        case.needs("s2", &["s0", "s1"]);
        if failed {
            case.live(0).readiness = Readiness::Failed("no node has room".into());
        }
        let refusals: Vec<String> = case.order().refusals.into_iter().map(|refusal| refusal.why).collect();
        let [why, off] = ["failed: no node has room", "has nothing that serves: replicas is 0"];
        let both = [format!("s2 needs s0, which {why}"), format!("s2 needs s1, which {off}")];
        assert_eq!(refusals, if refused { &both[..] } else { &[] });
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
        enough: false,
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
    case.expanded.groups.insert("all".into(), Group { items: vec![0, 1], lacking: None });
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
