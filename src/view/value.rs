use opsctl_api::{Edit, Secret, Value};
use similar::{ChangeTag, TextDiff};

use super::screen::{Ink, Screen, Sign};
use super::words::{clean, cut_apart};

/// The most columns that one value takes where nothing is told in full.
const MOST: usize = 28;

/// A value on one line; `None` is absent. Secrets are never shown, texts of many lines only counted.
pub(crate) fn shown(value: Option<&Value>, screen: &Screen) -> String {
    let [shown] = compared([value], screen);
    shown
}

/// Values that are compared, each on one line: what is cut leaves what they differ in.
pub(crate) fn compared<const N: usize>(values: [Option<&Value>; N], screen: &Screen) -> [String; N] {
    let secrets = values.iter().filter(|value| matches!(value, Some(Value::Secret(_)))).count();
    let whole = values.map(|value| match value {
        Some(Value::Secret(secret)) if secrets > 1 => version(secret),
        value => in_full(value),
    });
    if screen.verbose {
        return whole;
    }
    let cut = cut_apart(&whole, MOST, screen.sign(Sign::More));
    <[String; N]>::try_from(cut).unwrap_or(whole)
}

/// A value on one line, as long as it is.
pub(super) fn in_full(value: Option<&Value>) -> String {
    let Some(value) = value else { return "absent".to_owned() };
    match many_lines(value) {
        Some(text) => format!("(text, {} lines)", text.lines().count()),
        None => clean(&value.to_string()),
    }
}

/// Which secret it is, told apart from others: the beginning of the version that a provider has of it, or where its text comes from.
fn version(secret: &Secret) -> String {
    match (&secret.reference, &secret.source) {
        (Some(reference), _) => format!("(sensitive, {})", clean(&reference.chars().take(8).collect::<String>())),
        (None, Some(source)) => format!("(sensitive, {})", clean(&source.to_string())),
        (None, None) => secret.to_string(),
    }
}

/// Both ends of an edit; of two texts of many lines one word for both, the second.
pub(crate) fn ends(edit: &Edit, screen: &Screen) -> (String, String) {
    let texts = [&edit.from, &edit.to].map(|end| end.as_ref().and_then(Value::as_str));
    if let [Some(from), Some(to)] = texts
        && (from.contains('\n') || to.contains('\n'))
    {
        let differ = TextDiff::from_lines(from, to).iter_all_changes().filter(|c| c.tag() != ChangeTag::Equal).count();
        return (String::new(), format!("(text, {differ} {} differ)", if differ == 1 { "line" } else { "lines" }));
    }
    let [from, to] = compared([edit.from.as_ref(), edit.to.as_ref()], screen);
    (from, to)
}

/// An edit as one text: `2 → 10`.
pub(crate) fn way(edit: &Edit, screen: &Screen) -> String {
    match ends(edit, screen) {
        (from, to) if from.is_empty() => to,
        (from, to) => format!("{from} {} {to}", screen.sign(Sign::Arrow)),
    }
}

/// The unified diff of an edit between texts of many lines, a painted line each; empty for all else.
pub(crate) fn diff(edit: &Edit, screen: &Screen) -> Vec<String> {
    let texts = [&edit.from, &edit.to].map(|end| end.as_ref().and_then(Value::as_str).unwrap_or(""));
    let [from, to] = texts;
    if !from.contains('\n') && !to.contains('\n') {
        return Vec::new();
    }
    let diff = TextDiff::from_lines(from, to);
    let unified = diff.unified_diff().context_radius(2).to_string();
    let painted = |line: &str| {
        let ink = match line.as_bytes().first() {
            Some(b'+') => Ink::Good,
            Some(b'-') => Ink::Bad,
            _ => Ink::Dim,
        };
        // The first column is the diff's own; what follows is another's text.
        let (sign, rest) = line.split_at(line.len().min(1));
        let rest: String = rest.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect();
        screen.paint(ink, &format!("{sign}{rest}"))
    };
    unified.lines().map(painted).collect()
}

/// Whether numbers are written so: these are right-aligned.
pub(crate) fn is_number(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Integer(_) | Value::Number(_) | Value::Quantity(_) | Value::Duration(_)))
}

fn many_lines(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| text.trim_end_matches('\n').contains('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use opsctl_api::{Plain, Source};

    const SCREEN: Screen = Screen { colour: false, unicode: true, verbose: false, columns: None };

    fn edit(from: Value, to: Value) -> Edit {
        Edit { setting: "x".into(), from: Some(from), to: Some(to) }
    }

    #[test]
    fn test_one_line() {
        let long = Value::String("0123456789abcdefghijklmnopqrstuvwxyz".into());
        assert_eq!(shown(None, &SCREEN), "absent");
        assert_eq!(shown(Some(&Value::Integer(2)), &SCREEN), "2");
        assert_eq!(shown(Some(&long), &SCREEN), "\"0123456789abc…opqrstuvwxyz\"");
        let host = |number| Value::String(format!("scylla-0.scylla-{number}.data.svc.cluster.local"));
        assert_eq!(
            way(&edit(host(1), host(2)), &SCREEN),
            "\"scyll…a-1.data.svc.c…local\" → \"scyll…a-2.data.svc.c…local\""
        );
        assert_eq!(way(&edit(Value::Integer(2), Value::Integer(10)), &SCREEN), "2 → 10");
    }

    #[test]
    fn test_texts_are_counted_and_diffed() {
        let edit = edit(Value::String("a\nb\nc\n".into()), Value::String("a\nB\nc\n".into()));
        assert_eq!(way(&edit, &SCREEN), "(text, 2 lines differ)");
        assert_eq!(diff(&edit, &SCREEN), ["@@ -1,3 +1,3 @@", " a", "-b", "+B", " c"]);
    }

    #[test]
    fn test_a_secret_is_not_shown() {
        let secret = Secret { source: Some(Source::Env("T".into())), reference: None, plain: Some(Plain::new("pw")) };
        assert_eq!(shown(Some(&Value::from(secret.clone())), &SCREEN), "(sensitive)");
        let live = Secret { reference: Some("47211570-aa31".into()), ..Secret::default() };
        assert_eq!(way(&edit(live.into(), secret.into()), &SCREEN), "(sensitive, 47211570) → (sensitive, env T)");
    }
}
