use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use opsctl_api::{Address, Catalogue, Kind, Plain, Secret, Setting, Source, Type, Value};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::given::{given, json};
use crate::knobs::{Knobs, Scope};
use crate::mistake::{Mistake, Mistakes, did_you_mean};
use crate::resource::{Key, Resource};
use crate::world::key_of;

/// What a world file says of one instance.
#[derive(Default)]
pub(crate) struct Loaded {
    pub(crate) resources: BTreeMap<Address, Resource>,
    pub(crate) everywhere: Knobs,
    pub(crate) here: Knobs,
}

/// Keys of a resource that belong to the order and the settling of a state, and say nothing about what is live.
const OF_STATES: &[&str] = &[
    "needs",
    "pool",
    "after",
    "except",
    "select",
    "timeout",
    "optional",
    "enough",
    "drain_time",
    "restarts_with",
    "pause_owners",
];

/// Reads what a world file says of an instance.
///
/// # Errors
/// All mistakes of the file, sorted by place; those in resources of other instances are theirs to find.
pub(crate) fn load(
    path: &str,
    text: &str,
    instance: &str,
    catalogue: &'static dyn Catalogue,
) -> Result<Loaded, Vec<Mistake>> {
    let mut file = File {
        instance,
        catalogue,
        mistakes: Mistakes::new(path, text),
        loaded: Loaded::default(),
        places: HashMap::new(),
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        file.mistakes.push(error.span().unwrap_or(0..0), error.message().trim_end(), "");
    }
    for (key, value) in table.into_inner() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("resource", DeValue::Table(_)) => file.resources(value),
            ("sim", DeValue::Table(_)) => file.behaviour(value),
            ("resource" | "sim", _) => file.mistakes.push(value.span(), "this must be a table", ""),
            ("resources", _) => file.mistakes.push(key.span(), "unknown key `resources`", "did you mean `resource`?"),
            // The rest of a state or a snapshot says nothing about what is live.
            _ => {}
        }
    }
    let mistakes = file.mistakes.into_found();
    if mistakes.is_empty() { Ok(file.loaded) } else { Err(mistakes) }
}

struct File<'a> {
    instance: &'a str,
    catalogue: &'static dyn Catalogue,
    mistakes: Mistakes<'a>,
    loaded: Loaded,
    /// The name under which each address was written, to name the first of two.
    places: HashMap<Address, Range<usize>>,
}

type Entry<'i> = (Spanned<DeString<'i>>, Spanned<DeValue<'i>>);

impl File<'_> {
    fn resources(&mut self, all: Spanned<DeValue<'_>>) {
        let DeValue::Table(all) = all.into_inner() else { return };
        for (name, value) in all {
            match value.into_inner() {
                DeValue::Table(table) => self.resource(&name, table),
                _ => self.mistakes.push(name.span(), "a resource is a table", "write [resource.NAME]"),
            }
        }
    }

    fn resource(&mut self, name: &Spanned<DeString<'_>>, mut table: DeTable<'_>) {
        let Some(at) = table.remove("at") else {
            self.mistakes.push(name.span(), format!("`{}` has no `at`", name.get_ref()), "say where it is");
            return;
        };
        let DeValue::String(text) = at.get_ref() else {
            self.mistakes.push(at.span(), "an address is a string", "");
            return;
        };
        let address: Address = match text.parse() {
            Ok(address) => address,
            Err(error) => {
                self.mistakes.push(at.span(), format!("{error}"), "");
                return;
            }
        };
        if address.instance() != self.instance {
            return;
        }
        let Some(kind) = self.kind(&address, at.span()) else { return };
        if let Some(first) = self.places.insert(address.clone(), name.span()) {
            let first = self.mistakes.text_of(first).to_owned();
            self.mistakes.push(at.span(), format!("`{address}` is here twice"), format!("it is at `{first}` too"));
        }
        let mut reading = Settings { kind, found: Vec::with_capacity(table.len()) };
        let (mut confines, mut knobs) = (Vec::new(), None);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "confines" => confines = self.confined(kind, value),
                "sim" => knobs = Some(Box::new(self.knobs(Scope::Resource, value))),
                word if OF_STATES.contains(&word) => {}
                _ => reading.top(&mut self.mistakes, (key, value)),
            }
        }
        self.loaded.resources.insert(address, Resource::new(reading.found, confines, knobs));
    }

    fn kind(&mut self, address: &Address, span: Range<usize>) -> Option<&'static Kind> {
        let Some(kind) = self.catalogue.kind(address.kind()) else {
            let known = self.catalogue.kinds().iter().map(|kind| kind.name);
            let what = format!("`{}` has no kind `{}`", self.catalogue.provider(), address.kind());
            self.mistakes.push(span, what, did_you_mean(address.kind(), known));
            return None;
        };
        if !kind.accepts_path(address.path()) {
            let what = format!("`{}` is no path of kind {}", address.path(), kind.name);
            self.mistakes.push(span, what, format!("write {}/{}", kind.name, kind.path_form()));
            return None;
        }
        Some(kind)
    }

    fn confined(&mut self, kind: &Kind, value: Spanned<DeValue<'_>>) -> Vec<Address> {
        let span = value.span();
        let Some(confines) = kind.confines else {
            self.mistakes.push(span, format!("kind {} confines nothing", kind.name), "");
            return Vec::new();
        };
        let DeValue::Array(items) = value.into_inner() else {
            self.mistakes.push(span, "`confines` is a list of addresses", "");
            return Vec::new();
        };
        let mut targets = Vec::new();
        for item in items {
            let span = item.span();
            let target = match item.get_ref() {
                DeValue::String(text) => text.parse::<Address>().map_err(|error| error.to_string()),
                _ => Err("an address is a string".to_owned()),
            };
            match target {
                Ok(target) if confines.of.iter().any(|(of, _)| *of == target.kind()) => targets.push(target),
                Ok(target) => {
                    let what = format!("kind {} does not confine a {}", kind.name, target.kind());
                    self.mistakes.push(span, what, "");
                }
                Err(what) => self.mistakes.push(span, what, ""),
            }
        }
        targets
    }

    fn behaviour(&mut self, all: Spanned<DeValue<'_>>) {
        let DeValue::Table(mut table) = all.into_inner() else { return };
        if let Some(instances) = table.remove("instance") {
            let span = instances.span();
            match instances.into_inner() {
                DeValue::Table(instances) => {
                    for (name, value) in instances {
                        let knobs = self.knobs(Scope::Instance, value);
                        if name.get_ref() == self.instance {
                            self.loaded.here = knobs;
                        }
                    }
                }
                _ => self.mistakes.push(span, "`instance` is a table", "write [sim.instance.NAME]"),
            }
        }
        self.loaded.everywhere = self.knobs_of(Scope::World, table);
    }

    fn knobs(&mut self, scope: Scope, value: Spanned<DeValue<'_>>) -> Knobs {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => self.knobs_of(scope, table),
            _ => {
                self.mistakes.push(span, "behaviour is a table", "write { settle = \"5s\" }");
                Knobs::default()
            }
        }
    }

    fn knobs_of(&mut self, scope: Scope, table: DeTable<'_>) -> Knobs {
        let mut knobs = Knobs::default();
        for (key, value) in table {
            if let Err(what) = knobs.turn(scope, key.get_ref(), json(value.get_ref())) {
                self.mistakes.push(key.span().start..value.span().end, what, "");
            }
        }
        knobs
    }
}

/// The settings of one resource, as they are found.
struct Settings {
    kind: &'static Kind,
    found: Vec<(Key, Value)>,
}

impl Settings {
    /// A key of the resource's own table: a setting, one key of a keyed one, or a keyed one with a table of keys.
    fn top(&mut self, mistakes: &mut Mistakes<'_>, (key, value): Entry<'_>) {
        let name = key.get_ref().to_string();
        match self.kind.setting(&name) {
            Some(setting) => self.value(mistakes, setting, name, value),
            None => self.nested(mistakes, name, key.span(), value),
        }
    }

    /// Whatever stands below a word that is no setting by itself: `[resource.X.data]`, or `data.key` with bare dots.
    fn nested(&mut self, mistakes: &mut Mistakes<'_>, prefix: String, span: Range<usize>, value: Spanned<DeValue<'_>>) {
        let root = prefix.split('.').next().unwrap_or_default();
        let keyed = self.kind.settings.iter().any(|setting| setting.key.is_some() && setting.name == root);
        match value.into_inner() {
            DeValue::Table(table) if keyed => {
                for (key, value) in table {
                    let name = format!("{prefix}.{}", key.get_ref());
                    match self.kind.setting(&name) {
                        Some(setting) => self.value(mistakes, setting, name, value),
                        None => self.nested(mistakes, name, key.span(), value),
                    }
                }
            }
            _ if keyed => mistakes.push(span, format!("`{prefix}` has one value per key"), "write it with a key"),
            _ => {
                let known = self.kind.settings.iter().map(|setting| setting.name);
                let known = known.chain(OF_STATES.iter().copied()).chain(["at", "sim", "confines"]);
                let instead = did_you_mean(&prefix, known);
                mistakes.push(span, format!("unknown setting `{prefix}` of kind {}", self.kind.name), instead);
            }
        }
    }

    fn value(
        &mut self,
        mistakes: &mut Mistakes<'_>,
        setting: &'static Setting,
        name: String,
        value: Spanned<DeValue<'_>>,
    ) {
        let span = value.span();
        if let DeValue::Table(table) = value.get_ref() {
            if is_absent(table) {
                return;
            }
            if setting.key.is_some() && !(setting.is_secret() && is_secret(table)) {
                // A dot in a key that was written bare: `data.shield.max-hosts`.
                return self.nested(mistakes, name, span, value);
            }
        }
        let read = match (&setting.ty, value.get_ref()) {
            (Type::Secret, DeValue::Table(table)) => secret(table),
            (ty, value) => given(value).and_then(|given| ty.accept(given).map_err(|mismatch| mismatch.to_string())),
        };
        match (read, key_of(self.kind, name)) {
            (Ok(value), Some(key)) => {
                if let Some((twice, _)) = self.found.iter().find(|(other, _)| *other == key) {
                    mistakes.push(span, format!("`{twice}` is here twice"), "");
                }
                self.found.push((key, value));
            }
            (Ok(_), None) => {}
            (Err(what), _) => mistakes.push(span, what, ""),
        }
    }
}

/// `{ absent = true }`: the key is not there.
fn is_absent(table: &DeTable<'_>) -> bool {
    table.len() == 1 && matches!(table.get("absent").map(Spanned::get_ref), Some(DeValue::Boolean(true)))
}

fn is_secret(table: &DeTable<'_>) -> bool {
    table.iter().all(|(key, value)| {
        matches!(key.get_ref().as_ref(), "env" | "file" | "plain" | "reference")
            && matches!(value.get_ref(), DeValue::String(_))
    })
}

/// A secret of a world: where it came from, or its very text, since it is none.
fn secret(table: &DeTable<'_>) -> Result<Value, String> {
    let mut secret = Secret { reference: Some("v1".to_owned()), ..Secret::default() };
    for (key, value) in table {
        let DeValue::String(text) = value.get_ref() else { return Err(Type::Secret.to_string()) };
        match key.get_ref().as_ref() {
            "env" => secret.source = Some(Source::Env(text.to_string())),
            "file" => secret.source = Some(Source::File(text.to_string())),
            "plain" => secret.plain = Some(Plain::new(text.as_ref())),
            "reference" => secret.reference = Some(text.to_string()),
            other => return Err(format!("unknown key `{other}` of a secret: write env, file or plain")),
        }
    }
    Ok(Value::Secret(secret))
}
