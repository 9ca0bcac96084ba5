//! What to type where a secret could not be written.

use opsctl_api::{Edit, Hop, Secret, Source, Value, shell_word};
use serde_json::Value as Json;

/// What is not text stays what it is where the new text is of its sort, as in a write of opsctl's own.
const PUT: &str = "def put($k; $t): [try ($t | fromjson) catch empty] as $j | .[$k] = if has($k) and (.[$k] | type) != \"string\" \
                   and ($j | map(type)) == [.[$k] | type] then $j[0] else $t end; ";

/// The edits of a call, as a filter of jq with what it takes.
struct Filter<'a> {
    aws: &'a str,
    name: String,
    /// What is typed before.
    first: Vec<String>,
    /// Options of jq.
    options: Vec<String>,
    edits: Vec<String>,
}

/// Reads the whole, changes the keys, and puts the whole back. Each key has its text from where the state has it; else it is asked for.
pub(super) fn by_hand(hop: &Hop, aws: &str) -> String {
    let name = shell_word(hop.at.path());
    let mut filter = Filter { aws, name, first: Vec::new(), options: Vec::new(), edits: Vec::new() };
    hop.edits.iter().for_each(|edit| filter.add(edit));
    filter.line()
}

impl Filter<'_> {
    fn add(&mut self, edit: &Edit) {
        let Some(key) = edit.setting.strip_prefix("json.") else { return };
        let quoted = Json::from(key);
        let edit = match &edit.to {
            Some(Value::Secret(secret)) => match (&secret.source, &secret.reference) {
                (None, Some(version)) => format!(".[{quoted}] = {}[0][{quoted}]", self.kept(version)),
                _ => format!("put({quoted}; {})", self.text(key, secret)),
            },
            _ => format!("del(.[{quoted}])"),
        };
        self.edits.push(edit);
    }

    /// The text that a state names. The line end that editors put at the end of a file is no part of it.
    fn text(&mut self, key: &str, secret: &Secret) -> String {
        let nth = self.edits.len() + 1;
        match &secret.source {
            Some(Source::Env(name)) => variable(name),
            Some(Source::File(path)) => {
                self.options.push(format!("--rawfile file{nth} {}", shell_word(path)));
                format!("($file{nth} | rtrimstr(\"\\n\") | rtrimstr(\"\\r\"))")
            }
            None => {
                let (name, asked) = (format!("TEXT{nth}"), shell_word(&format!("{key}: ")));
                self.first.push(format!("printf %s {asked} >&2; IFS= read -rs {name}; export {name}"));
                variable(&name)
            }
        }
    }

    /// A version that is kept, for the way back.
    fn kept(&mut self, version: &str) -> String {
        let nth = self.edits.len() + 1;
        let Self { aws, name, .. } = self;
        self.options.push(format!(
            "--slurpfile kept{nth} <({aws} secretsmanager get-secret-value --secret-id {name} --version-id {} \
             --query SecretString --output text)",
            shell_word(version)
        ));
        format!("$kept{nth}")
    }

    fn line(self) -> String {
        let Self { aws, name, first, options, edits } = self;
        let def = if edits.iter().any(|edit| edit.starts_with("put(")) { PUT } else { "" };
        let options: String = options.iter().map(|option| format!("{option} ")).collect();
        let line = format!(
            "{aws} secretsmanager get-secret-value --secret-id {name} --query SecretString --output text | jq -c {options}{} | \
             {aws} secretsmanager put-secret-value --secret-id {name} --secret-string file:///dev/stdin",
            shell_word(&format!("{def}{}", edits.join(" | ")))
        );
        // What was typed is gone with the shell of its own.
        if first.is_empty() { line } else { format!("({}; {line})", first.join("; ")) }
    }
}

/// A variable of the environment, without which nothing is put.
fn variable(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let variable = if is_plain { format!("env.{name}") } else { format!("env[{}]", Json::from(name)) };
    format!("({variable} // error({}))", Json::from(format!("{name} is not set")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(edits: &[(&str, Option<Secret>)]) -> String {
        let edit = |(key, to): &(&str, Option<Secret>)| Edit {
            setting: format!("json.{key}"),
            from: None,
            to: to.clone().map(Value::from),
        };
        let edits = edits.iter().map(edit).collect();
        by_hand(&Hop { at: "aws:secret/prod/db".parse().unwrap(), edits, coupled: Vec::new() }, "aws")
    }

    fn from(source: Source) -> Option<Secret> {
        Some(Secret { source: Some(source), ..Secret::default() })
    }

    /// What stands before and behind the filter.
    const GET: &str = "aws secretsmanager get-secret-value --secret-id prod/db";
    const ALL: &str = "--query SecretString --output text";
    const BACK: &str = "aws secretsmanager put-secret-value --secret-id prod/db --secret-string file:///dev/stdin";

    #[test]
    fn test_each_key_has_its_own_text() {
        let line = typed(&[
            ("host", from(Source::Env("DB_HOST".into()))),
            ("port", from(Source::File("secrets/db port".into()))),
            ("old", None),
        ]);
        let filter = "put(\"host\"; (env.DB_HOST // error(\"DB_HOST is not set\"))) | \
                      put(\"port\"; ($file2 | rtrimstr(\"\\n\") | rtrimstr(\"\\r\"))) | del(.[\"old\"])";
        let jq = format!("jq -c --rawfile file2 'secrets/db port' '{PUT}{filter}'");
        assert_eq!(line, format!("{GET} {ALL} | {jq} | {BACK}"));
    }

    #[test]
    fn test_what_no_state_names_is_asked_for() {
        let line = typed(&[("host", Some(Secret::default())), ("it's", Some(Secret::default()))]);
        let asks = "(printf %s 'host: ' >&2; IFS= read -rs TEXT1; export TEXT1; \
                    printf %s 'it'\\''s: ' >&2; IFS= read -rs TEXT2; export TEXT2; ";
        assert!(line.starts_with(&format!("{asks}{GET} ")) && line.ends_with(&format!("{BACK})")), "{line}");
        assert!(line.contains("put(\"it'\\''s\"; (env.TEXT2 // error(\"TEXT2 is not set\")))"), "{line}");
    }

    #[test]
    fn test_the_way_back_is_the_version_that_is_kept() {
        let before = Secret { reference: Some("v-1".to_owned()), ..Secret::default() };
        let kept = format!("<({GET} --version-id v-1 {ALL})");
        assert_eq!(
            typed(&[("port", Some(before))]),
            format!("{GET} {ALL} | jq -c --slurpfile kept1 {kept} '.[\"port\"] = $kept1[0][\"port\"]' | {BACK}")
        );
    }
}
