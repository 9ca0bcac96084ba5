use std::collections::BTreeMap;

use opsctl_api::{Catalogue, Kind, Setting};
use serde_json::{Value, json};

use super::field::Field;
use super::value::goal;
use super::variants::{Variant, merge};

/// All kinds by name: providers may have kinds of one name, and a state does not say whose it means.
pub(super) fn by_name(catalogues: &[(&str, &dyn Catalogue)]) -> BTreeMap<&'static str, Vec<&'static Kind>> {
    let mut kinds: BTreeMap<&str, Vec<&Kind>> = BTreeMap::new();
    for kind in catalogues.iter().flat_map(|(_, catalogue)| catalogue.kinds()) {
        kinds.entry(kind.name).or_default().push(kind);
    }
    kinds
}

/// The form of an address of one of these kinds.
pub(super) fn address<'a>(kinds: impl Iterator<Item = &'a str>) -> String {
    format!("^[^:]+:({})/.", kinds.collect::<Vec<_>>().join("|"))
}

/// What a resource of a kind may have.
pub(super) fn variant(name: &str, kinds: &[&'static Kind]) -> Variant {
    let at = json!({ "type": "string", "pattern": address([name].into_iter()) });
    let mut settings: BTreeMap<&str, Vec<Field>> = BTreeMap::new();
    let all = kinds.iter().flat_map(|kind| kind.settings.iter().map(move |setting| (kind, setting)));
    for (kind, setting) in all.filter(|(_, setting)| !setting.observed) {
        settings.entry(setting.name).or_default().push(of_setting(kind, setting));
    }
    Variant {
        when: json!({ "required": ["at"], "properties": { "at": at } }),
        fields: settings.values().map(|fields| merge(&fields.iter().collect::<Vec<_>>())).collect(),
        required: &[],
    }
}

fn of_setting(kind: &Kind, setting: &Setting) -> Field {
    let way_back = if setting.one_way { "; it cannot be changed back" } else { "" };
    let doc = format!("{}\n\nOf {}: {}{way_back}.", setting.doc, kind.name, setting.ty);
    Field { keyed: setting.key.is_some(), ..Field::new(setting.name, goal(setting, true), &doc) }
}

/// What any of these is, for the key that names it.
pub(super) fn said(kinds: &BTreeMap<&'static str, Vec<&'static Kind>>) -> Value {
    let form = |kind: &&Kind| format!("{}/{}: {}", kind.name, kind.path_form(), kind.doc);
    kinds.values().flatten().map(form).collect::<Vec<_>>().join("\n\n").into()
}
