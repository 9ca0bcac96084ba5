use std::collections::BTreeMap;

use opsctl_api::Pattern;

use super::{Resource, Target};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::Problems;

/// Beyond this many wildcards of one kind at one instance, overlaps are left to the plan, which sees what each one finds.
const MOST: usize = 500;

/// One wildcard.
struct Wildcard<'a> {
    name: &'a str,
    pattern: &'a Pattern,
    narrowed: bool,
    resource: &'a Resource,
}

/// Reports pairs of wildcards of which all that one finds the other finds too, and that set one setting. Whether others
/// meet depends on what is live, and is found when a plan expands them.
pub(super) fn overlaps(resources: &BTreeMap<String, Resource>, span: impl Fn(&str) -> Span, found: &mut Problems) {
    let mut groups: BTreeMap<(Option<&str>, Option<&str>), Vec<Wildcard<'_>>> = BTreeMap::new();
    for (name, resource) in resources {
        if let Target::Many { pattern, select, except } = &resource.declared.at {
            let narrowed = !select.is_empty() || !except.is_empty();
            let wildcard = Wildcard { name, pattern, narrowed, resource };
            groups.entry((pattern.instance(), pattern.kind())).or_default().push(wildcard);
        }
    }
    for group in groups.values().filter(|group| group.len() <= MOST) {
        for (at, wide) in group.iter().enumerate() {
            for narrow in &group[at + 1..] {
                if let Some(setting) = both_set(wide, narrow) {
                    let message = format!("`{}` and `{}` both set {setting}", wide.name, narrow.name);
                    found.push(
                        Diagnostic::error(Code::TwoWildcards, span(narrow.name), message)
                            .here(narrow.pattern.to_string())
                            .and(span(wide.name), wide.pattern.to_string())
                            .note("let one of them leave it out, or narrow the wider one with `except`"),
                    );
                }
            }
        }
    }
}

fn both_set<'a>(a: &Wildcard<'a>, b: &Wildcard<'a>) -> Option<&'a str> {
    let covers = |wide: &Wildcard<'_>, narrow: &Wildcard<'_>| {
        !wide.narrowed && wide.pattern.matches_text(narrow.pattern.as_str())
    };
    if !covers(a, b) && !covers(b, a) && a.resource.declared.at != b.resource.declared.at {
        return None;
    }
    a.resource.wants.keys().find(|key| b.resource.wants.contains_key(key)).map(String::as_str)
}
