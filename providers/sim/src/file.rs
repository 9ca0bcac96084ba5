use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use opsctl_api::{Address, Catalogue, Kind};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::digest::digest;
use crate::given::json;
use crate::knobs::{Knobs, Scope};
use crate::mistake::{Mistake, Mistakes, did_you_mean};
use crate::resource::Resource;
use crate::settings::Settings;

/// What a world file says of one instance.
#[derive(Default)]
pub(crate) struct Loaded {
    pub(crate) resources: BTreeMap<Address, Resource>,
    pub(crate) everywhere: Knobs,
    pub(crate) here: Knobs,
    /// The other instances that the file names, and where it does so first.
    pub(crate) elsewhere: BTreeMap<String, Range<usize>>,
}

/// Keys of a resource that belong to the order and the settling of a state, and say nothing about what is live.
pub(crate) const OF_STATES: &[&str] = &[
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
    if let Some(loaded) = in_parts(text, instance, catalogue) {
        return Ok(loaded);
    }
    let mut file = File::new(path, text, instance, catalogue);
    file.part(text);
    let mistakes = file.mistakes.into_found();
    if mistakes.is_empty() { Ok(file.loaded) } else { Err(mistakes) }
}

/// Reads a large file part by part, which takes a fraction of the memory that all of its tables at once would.
///
/// `None` where it is small, or where anything at all is not plain: then it is to be read whole, and that has the last word. A
/// cut within a text or a list leaves its beginning open, which is an error; what a whole file may not have and its parts
/// may is looked for: a name in two parts, behaviour in two parts. A table that belongs to a resource of another part has no `at`.
fn in_parts(text: &str, instance: &str, catalogue: &'static dyn Catalogue) -> Option<Loaded> {
    if text.len() < 2 * PART {
        return None;
    }
    let mut file = File::new("", text, instance, catalogue);
    let mut rest = text;
    while !rest.is_empty() {
        let from = rest.floor_char_boundary(PART);
        let cut = rest[from..].find("\n[resource.").map_or(rest.len(), |at| from + at + 1);
        let (part, later) = rest.split_at(cut);
        let behaves = file.behaves;
        file.behaves = false;
        file.begins = text.len() - rest.len();
        file.part(part);
        if !file.mistakes.is_empty() || (behaves && file.behaves) {
            return None;
        }
        file.behaves |= behaves;
        rest = later;
    }
    Some(file.loaded)
}

/// How many bytes of a large file are read at once, and some more up to the next resource.
const PART: usize = 1 << 18;

struct File<'a> {
    instance: &'a str,
    catalogue: &'static dyn Catalogue,
    mistakes: Mistakes<'a>,
    loaded: Loaded,
    /// Whether `sim` was there.
    behaves: bool,
    /// The names that were there, as digests.
    names: HashSet<u64>,
    /// Where in the file the part that is read begins.
    begins: usize,
}

impl<'a> File<'a> {
    fn new(path: &'a str, text: &'a str, instance: &'a str, catalogue: &'static dyn Catalogue) -> Self {
        let mistakes = Mistakes::new(path, text);
        Self {
            instance,
            catalogue,
            mistakes,
            loaded: Loaded::default(),
            behaves: false,
            names: HashSet::new(),
            begins: 0,
        }
    }

    fn part(&mut self, text: &str) {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            self.mistakes.push(error.span().unwrap_or(0..0), error.message().trim_end(), "");
        }
        for (key, value) in table.into_inner() {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("resource", DeValue::Table(_)) => self.resources(value),
                ("sim", DeValue::Table(_)) => self.behaviour(value),
                ("resource" | "sim", _) => self.mistakes.push(value.span(), "this must be a table", ""),
                ("resources", _) => {
                    self.mistakes.push(key.span(), "unknown key `resources`", "did you mean `resource`?");
                }
                // The rest of a state or a snapshot says nothing about what is live.
                _ => {}
            }
        }
    }

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
        if !self.names.insert(digest(&[name.get_ref()])) {
            self.mistakes.push(name.span(), format!("`{}` is here twice", name.get_ref()), "");
        }
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
            self.elsewhere(address.instance(), at.span());
            return;
        }
        let Some(kind) = self.kind(&address, at.span()) else { return };
        let mut reading = Settings::new(kind, table.len());
        let (mut confines, mut knobs) = (Vec::new(), None);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "confines" => confines = self.confined(kind, value),
                "sim" => knobs = Some(Box::new(self.knobs(Scope::Resource, value))),
                word if OF_STATES.contains(&word) => {}
                _ => reading.top(&mut self.mistakes, (key, value)),
            }
        }
        match self.loaded.resources.entry(address) {
            Entry::Vacant(free) => {
                free.insert(Resource::new(reading.found, confines, knobs));
            }
            Entry::Occupied(taken) => self.mistakes.push(at.span(), format!("`{}` is here twice", taken.key()), ""),
        }
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
        self.behaves = true;
        if let Some(instances) = table.remove("instance") {
            let span = instances.span();
            match instances.into_inner() {
                DeValue::Table(instances) => {
                    for (name, value) in instances {
                        let knobs = self.knobs(Scope::Instance, value);
                        if name.get_ref() == self.instance {
                            self.loaded.here = knobs;
                        } else {
                            self.elsewhere(name.get_ref(), name.span());
                        }
                    }
                }
                _ => self.mistakes.push(span, "`instance` is a table", "write [sim.instance.NAME]"),
            }
        }
        self.loaded.everywhere = self.knobs_of(Scope::World, table);
    }

    fn elsewhere(&mut self, instance: &str, span: Range<usize>) {
        if !self.loaded.elsewhere.contains_key(instance) {
            let span = self.begins + span.start..self.begins + span.end;
            self.loaded.elsewhere.insert(instance.to_owned(), span);
        }
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

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    fn world(resources: usize) -> String {
        let mut text = String::new();
        for nth in 0..resources {
            let content = "ä\n[resource.within-a-text]\n".repeat(40);
            write!(text, "[resource.r{nth}]\nat = \"sim:document/{nth}\"\ncontent = '''\n{content}'''\n").unwrap();
        }
        text
    }

    fn read(text: &str) -> Result<Loaded, Vec<Mistake>> {
        load("w.toml", text, "sim", crate::catalogue())
    }

    #[test]
    fn test_a_large_file_is_as_a_small_one() {
        let text = world(2_000);
        assert!(text.len() > 4 * PART);
        assert_eq!(read(&text).unwrap().resources.len(), 2_000);
    }

    #[test]
    fn test_a_large_file_in_parts() {
        let text = world(4_000).replace("[resource.within-a-text]\n", "");
        assert_eq!(in_parts(&text, "sim", crate::catalogue()).unwrap().resources.len(), 4_000);
        let elsewhere = format!("{text}[resource.other]\nat = \"lob:document/x\"\n");
        let found = in_parts(&elsewhere, "sim", crate::catalogue()).unwrap().elsewhere;
        assert_eq!(&elsewhere[found["lob"].clone()], "\"lob:document/x\"");
        for wrong in [
            "[resource.r1]\nat = \"sim:number/x\"\n",
            "[resource.r1.config]\na = 1\n",
            "[resource.other]\nat = \"sim:document/1\"\n",
            "[resource.other]\nat = 5\n",
        ] {
            let text = format!("{text}{wrong}");
            assert!(in_parts(&text, "sim", crate::catalogue()).is_none(), "{wrong}");
            let mistakes = read(&text).err().unwrap();
            assert!(mistakes[0].line > 1, "{mistakes:?}");
        }
    }
}
