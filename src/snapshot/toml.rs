use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use opsctl_api::{Address, Pattern, Relation, Value, format_duration};

use super::Snapshot;
use super::literal::{inline, key, quoted, setting_key, strings, value};
use super::toml_check::write_check;
use crate::check::Check;
use crate::state::{After, Declared, Need, Target};

const HEADER: &str = "\
# What was live, written by opsctl: a valid state. Each version is a commit; what is edited here is overwritten.
# `git log -p live.toml` is the history, `git blame live.toml` tells when each setting was last turned.
";

/// A snapshot as a literal state file: sorted, one resource a table, one setting a line. Equal snapshots have equal texts,
/// whenever they were taken.
///
/// A resource that was declared alone stands under its name; what only a wildcard found stands under its address. Where two
/// names were declared for one address, the first one by name stands for both.
pub fn to_toml(snapshot: &Snapshot) -> String {
    let names = Names::of(&snapshot.declared);
    let mut out = String::with_capacity(4096 + 128 * snapshot.resources.len());
    out.push_str(HEADER);
    for (what, why) in &snapshot.unread {
        let _ = writeln!(out, "# not read: {}: {}", on_one_line(what), on_one_line(why));
    }
    for (name, table) in tables(snapshot, &names) {
        let _ = write!(out, "\n[resource.{}]\n", key(name));
        write_resource(&mut out, name, &table, snapshot, &names);
    }
    let mut checks: Vec<&Check> = snapshot.checks.iter().collect();
    checks.sort_by(|a, b| a.name.cmp(&b.name));
    for check in checks {
        let _ = write!(out, "\n[check.{}]\n", key(&check.name));
        write_check(&mut out, check);
    }
    out
}

/// Which name stands for an address, and for each other name of it.
struct Names<'a> {
    by_address: BTreeMap<&'a Address, &'a str>,
    stands_for: BTreeMap<&'a str, &'a str>,
}

/// What is written of one resource.
#[derive(Default)]
struct Table<'a> {
    at: Option<&'a Address>,
    declared: Option<&'a Declared>,
    needs: Vec<&'a Need>,
    after: Vec<&'a After>,
}

impl<'a> Names<'a> {
    fn of(declared: &'a BTreeMap<String, Arc<Declared>>) -> Self {
        let mut names = Self { by_address: BTreeMap::new(), stands_for: BTreeMap::new() };
        for (name, of) in declared {
            if let Target::One(at) = &of.at {
                let first = *names.by_address.entry(at).or_insert(name);
                names.stands_for.insert(name, first);
            }
        }
        names
    }

    fn first<'b>(&self, name: &'b str) -> &'b str
    where
        'a: 'b,
    {
        self.stands_for.get(name).copied().unwrap_or(name)
    }
}

/// All tables by name: what was declared, and what only wildcards found.
fn tables<'a>(snapshot: &'a Snapshot, names: &Names<'a>) -> BTreeMap<&'a str, Table<'a>> {
    let mut tables: BTreeMap<&str, Table<'_>> = BTreeMap::new();
    for (name, declared) in &snapshot.declared {
        let table = tables.entry(names.first(name)).or_default();
        table.declared.get_or_insert(declared);
        table.needs.extend(&declared.needs);
        table.after.extend(&declared.after);
        if let Target::One(at) = &declared.at {
            table.at = Some(at);
        }
    }
    for at in snapshot.resources.keys().filter(|at| !names.by_address.contains_key(at)) {
        tables.entry(at.as_str()).or_default().at = Some(at);
    }
    tables
}

fn write_resource(out: &mut String, name: &str, table: &Table<'_>, snapshot: &Snapshot, names: &Names<'_>) {
    if let Some(at) = table.at {
        line(out, "at", &quoted(at.as_str()));
    }
    if let Some(Declared { at: at @ Target::Many { .. }, .. }) = table.declared {
        write_target(out, at);
    }
    write_order(out, name, table, names);
    let Some(at) = table.at else { return };
    let confines: Vec<&str> = snapshot.relations.get(at).into_iter().flatten().filter_map(confined).collect();
    if !confines.is_empty() {
        line(out, "confines", &strings(confines));
    }
    for (setting, live) in snapshot.resources.get(at).into_iter().flatten() {
        line(out, &setting_key(setting), &of_setting(live.as_ref()));
    }
}

/// What something is about: one address, or many.
pub(super) fn write_target(out: &mut String, target: &Target) {
    match target {
        Target::One(at) => line(out, "at", &quoted(at.as_str())),
        Target::Many { pattern, select, except } => {
            line(out, "at", &quoted(pattern.as_str()));
            if !select.is_empty() {
                line(out, "select", &inline(select.iter().map(|(name, value)| (name.as_str(), quoted(value)))));
            }
            if !except.is_empty() {
                line(out, "except", &strings(except.iter().map(Pattern::as_str)));
            }
        }
    }
}

/// What the operator declared of a resource's place in the order.
fn write_order(out: &mut String, name: &str, table: &Table<'_>, names: &Names<'_>) {
    let needs: Vec<String> = table.needs.iter().filter_map(|need| of_need(need, name, names)).collect();
    if !needs.is_empty() {
        line(out, "needs", &format!("[{}]", needs.join(", ")));
    }
    let after: Vec<&str> = table.after.iter().map(|after| names.first(&after.name)).filter(|&of| of != name).collect();
    if !after.is_empty() {
        line(out, "after", &strings(after));
    }
    let Some(declared) = table.declared else { return };
    if let Some(pool) = &declared.pool {
        line(out, "pool", &quoted(pool));
    }
    if declared.optional {
        line(out, "optional", "true");
    }
    if let Some(timeout) = declared.timeout {
        line(out, "timeout", &of_duration(timeout));
    }
    if !declared.drain_time.is_zero() {
        line(out, "drain_time", &of_duration(declared.drain_time));
    }
    if let Some(enough) = declared.enough {
        line(out, "enough", &enough.to_string());
    }
}

/// A need by the names that stand in the snapshot; `None` where it is met by the resource itself.
fn of_need(need: &Need, of: &str, names: &Names<'_>) -> Option<String> {
    let any_of: Vec<&str> = need.any_of.iter().map(|name| names.first(name)).collect();
    match any_of.as_slice() {
        _ if any_of.contains(&of) => None,
        [one] => Some(quoted(one)),
        _ => Some(strings(any_of)),
    }
}

fn confined(relation: &Relation) -> Option<&str> {
    match relation {
        Relation::Confines(at) => Some(at.as_str()),
        Relation::Needs(_) => None,
    }
}

fn of_setting(live: Option<&Value>) -> String {
    live.map_or_else(|| "{ absent = true }".to_owned(), value)
}

pub(super) fn of_duration(duration: Duration) -> String {
    quoted(&format_duration(duration))
}

/// `key = value`, both already literal.
pub(super) fn line(out: &mut String, key: &str, value: &str) {
    out.push_str(key);
    out.push_str(" = ");
    out.push_str(value);
    out.push('\n');
}

/// A comment ends with its line, and TOML allows no control characters in it.
fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use opsctl_api::Secret;

    use super::*;
    use crate::check::{Along, Expectation, Gate, Probe};
    use crate::snapshot::sample;
    use crate::state::{Bound, Goal};

    fn need(any_of: &[&str]) -> Need {
        Need { any_of: any_of.iter().map(|&name| name.to_owned()).collect(), place: None }
    }

    fn rich() -> Snapshot {
        let edge = "k8s:deployment/cdn/ats-edge";
        let mut snapshot = sample::snapshot(&[(edge, 4), ("k8s:deployment/media/transcoder", 3)]);
        let map = "k8s:configmap/cdn/atc";
        snapshot.resources.insert(
            map.parse().unwrap(),
            BTreeMap::from([
                ("data.shield.max-hosts".to_owned(), Some(Value::String("1".to_owned()))),
                ("data.gone".to_owned(), None),
                (
                    "data.token".to_owned(),
                    Some(Value::from(Secret {
                        source: Some(opsctl_api::Source::Env("TOKEN".to_owned())),
                        reference: Some("v7".to_owned()),
                        plain: Some(opsctl_api::Plain::new("hunter2")),
                    })),
                ),
            ]),
        );
        let mut declared = sample::declared(edge);
        declared.needs = vec![need(&["media"]), need(&["atc", "edge-too"]), need(&["edge-too"])];
        declared.pool = Some("live".to_owned());
        declared.after = vec![After { name: "atc".to_owned(), place: None }];
        declared.timeout = Some(Duration::from_secs(90));
        declared.drain_time = Duration::from_secs(60);
        declared.enough = Some(6);
        snapshot.declared.insert("edge".to_owned(), declared.into());
        let mut too = sample::declared(edge);
        too.needs = vec![need(&["atc"])];
        snapshot.declared.insert("edge-too".to_owned(), too.into());
        snapshot.declared.insert("atc".to_owned(), sample::declared(map).into());
        let mut many = sample::declared(edge);
        many.at = Target::Many {
            pattern: Pattern::new("k8s:deployment/media/*"),
            select: BTreeMap::from([("app.io/tier".to_owned(), "batch".to_owned())]),
            except: vec![Pattern::new("*/packager")],
        };
        many.optional = true;
        snapshot.declared.insert("media".to_owned(), many.into());
        snapshot
            .relations
            .insert(edge.parse().unwrap(), vec![Relation::Confines("k8s:deployment/cdn/x".parse().unwrap())]);
        snapshot.unread.insert("aws:x/y".to_owned(), "denied:\nno right".to_owned());
        let expect = Expectation {
            status: Some(200),
            header: BTreeMap::from([("x-region".to_owned(), "west".to_owned())]),
            body: None,
            json: BTreeMap::from([("/lag".to_owned(), serde_json::json!({ "max": 1.5 }))]),
        };
        snapshot.checks.push(Check {
            name: "edge".to_owned(),
            probe: Probe::Http { url: "https://live.example.com/health".to_owned(), header: Along::new(), expect },
            within: Duration::from_secs(300),
            hold: Duration::from_secs(60),
            every: Duration::from_secs(5),
            gate: Gate::Between(vec!["edge".to_owned()]),
            place: None,
        });
        let is = Goal::from(Bound { at_least: Some(Value::Integer(3)), ..Bound::default() });
        snapshot.checks.push(Check {
            name: "a".to_owned(),
            probe: Probe::Setting { at: Target::One(edge.parse().unwrap()), setting: "replicas".to_owned(), is },
            within: Duration::ZERO,
            hold: Duration::ZERO,
            every: Duration::ZERO,
            gate: Gate::Before,
            place: None,
        });
        snapshot
    }

    #[test]
    fn test_the_whole_file() {
        let text = to_toml(&rich());
        insta::assert_snapshot!(text.strip_prefix(HEADER).unwrap(), @r#"
# not read: aws:x/y: denied: no right

[resource.atc]
at = "k8s:configmap/cdn/atc"
data.gone = { absent = true }
data."shield.max-hosts" = "1"
data.token = { env = "TOKEN", reference = "v7" }

[resource.edge]
at = "k8s:deployment/cdn/ats-edge"
needs = ["media", "atc"]
after = ["atc"]
pool = "live"
timeout = "1m30s"
drain_time = "1m"
enough = 6
confines = ["k8s:deployment/cdn/x"]
replicas = 4

[resource."k8s:deployment/media/transcoder"]
at = "k8s:deployment/media/transcoder"
replicas = 3

[resource.media]
at = "k8s:deployment/media/*"
select = { "app.io/tier" = "batch" }
except = ["*/packager"]
optional = true

[check.a]
at = "k8s:deployment/cdn/ats-edge"
setting = "replicas"
is = { at_least = 3 }

[check.edge]
http = "https://live.example.com/health"
status = 200
header = { x-region = "west" }
json = { "/lag" = { max = 1.5 } }
within = "5m"
for = "1m"
every = "5s"
"#);
        text.parse::<::toml::Table>().unwrap();
    }

    #[test]
    fn test_it_has_no_time_and_no_secret() {
        let later = Snapshot { taken_at: jiff::Timestamp::MAX, ..rich() };
        assert_eq!(to_toml(&later), to_toml(&rich()));
        assert!(!to_toml(&later).contains("hunter2"));
    }
}
