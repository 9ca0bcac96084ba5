//! What a catalogue declares.

use std::collections::BTreeSet;

use super::case::{Case, Duty, Proof, duty, hold};
use crate::Type;

pub(super) const OF_ALL: &[Duty] =
    &[duty!(kinds_are_sorted_and_named_once), duty!(a_kind_is_found_by_its_name), duty!(the_provider_has_a_name)];

pub(super) const OF_KINDS: &[Duty] = &[
    duty!(settings_are_named_once_and_documented),
    duty!(a_keyed_setting_may_be_absent),
    duty!(what_it_confines_by_is_declared, |case| case.kind.confines.is_some()),
];

/// `kinds`: all kinds, sorted by name.
async fn kinds_are_sorted_and_named_once(case: &Case) -> Proof {
    let kinds = case.harness.catalogue().kinds();
    let sorted = kinds.windows(2).all(|pair| pair[0].name < pair[1].name);
    hold!(sorted, "{:?}", kinds.iter().map(|kind| kind.name).collect::<Vec<_>>());
    Ok(())
}

/// `kind`: the kind of this name.
async fn a_kind_is_found_by_its_name(case: &Case) -> Proof {
    let catalogue = case.harness.catalogue();
    for kind in catalogue.kinds() {
        hold!(catalogue.kind(kind.name).is_some_and(|found| found.name == kind.name), "{} is not found", kind.name);
    }
    hold!(catalogue.kind("no-such-kind").is_none(), "a kind is found that there is not");
    Ok(())
}

/// `provider`: the `type` in `opsctl.toml`.
async fn the_provider_has_a_name(case: &Case) -> Proof {
    let name = case.harness.catalogue().provider();
    hold!(!name.is_empty() && !name.contains(char::is_whitespace), "{name:?} is no name");
    Ok(())
}

/// A setting's key names one setting, and one sentence says what it is.
async fn settings_are_named_once_and_documented(case: &Case) -> Proof {
    let names: BTreeSet<&str> = case.kind.settings.iter().map(|setting| setting.name).collect();
    hold!(names.len() == case.kind.settings.len(), "a setting is declared twice");
    hold!(!case.kind.settings.is_empty(), "it has no settings");
    hold!(!case.kind.doc.is_empty() && !case.kind.path.is_empty(), "it has no documentation or no path");
    for setting in case.kind.settings {
        hold!(!setting.doc.is_empty(), "{} has no documentation", setting.name);
        hold!(!setting.name.contains('.'), "{} has a dot in its name", setting.name);
        if let Type::OneOf(words) = setting.ty {
            hold!(!words.is_empty(), "{} can have no value", setting.name);
        }
    }
    Ok(())
}

/// `Setting::optional` is true of keyed settings.
async fn a_keyed_setting_may_be_absent(case: &Case) -> Proof {
    for setting in case.kind.settings.iter().filter(|setting| setting.key.is_some()) {
        hold!(setting.optional, "{} is keyed and not optional", setting.name);
    }
    Ok(())
}

/// `Kind::confines`: floor and ceiling are settings of the kind, and what they bound are settings of the kinds that it names.
async fn what_it_confines_by_is_declared(case: &Case) -> Proof {
    let Some(confines) = case.kind.confines else { return Ok(()) };
    for bound in [confines.floor, confines.ceiling] {
        hold!(case.kind.setting(bound).is_some(), "{bound} is no setting of it");
    }
    for (kind, setting) in confines.of {
        let found = case.harness.catalogue().kind(kind).and_then(|kind| kind.setting(setting));
        hold!(found.is_some(), "{setting} is no setting of {kind}");
    }
    Ok(())
}
