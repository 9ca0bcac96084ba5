use std::collections::{BTreeMap, BTreeSet};

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, context};

use super::chain::Chain;
use super::times::multiplied;
use crate::diagnostic::{Code, Diagnostic, Sources, Span};
use crate::document::{Data, Entry, Node, Problems};

/// What one template may spend: about as many instructions, or 64 bytes of text each.
const FUEL: u64 = 100_000;

/// Renders the templates of one state.
pub(super) struct Renderer<'a> {
    environment: &'a Environment<'static>,
    vars: &'a BTreeMap<String, Value>,
    context: Value,
    sources: &'a Sources,
    /// Said of a mistake in a file that another state takes in.
    state: &'a str,
    /// Whether a file of the state could not be read: what seems to be undefined may be defined there.
    broken: bool,
    /// Of an overlay, which inherits names and no values: the state that it lies over.
    over: Option<&'a str>,
    /// Whether `member` is defined.
    member: bool,
}

/// What `base` is in a template.
#[derive(Debug, Clone)]
pub(super) enum Base {
    /// Nothing is inherited.
    None,
    /// A value.
    Is(Value),
    /// There is something that has no value to compute with, and this is what.
    Opaque(&'static str),
    /// Mistaken itself, which was reported.
    Broken,
}

/// A template has its own names, which no variable can take.
pub(super) const RESERVED: &[&str] =
    &["base", "state", "member", "loop", "self", "true", "false", "none", "True", "False", "None"];

/// What templates are rendered in; made once a run.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let syntax = SyntaxConfig::builder().keep_trailing_newline(true).build();
    // The delimiters are the usual ones, which cannot be invalid.
    environment.set_syntax(syntax.unwrap_or_default());
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(100);
    environment.set_debug(true);
    environment
}

/// Whether a string is a template.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

/// Reads variables; those of a later table win.
pub(super) fn variables<'a>(
    layers: impl Iterator<Item = &'a [Entry<'a>]>,
    found: &mut Problems,
) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for entry in layers.flatten() {
        if let Some(value) = variable(entry, found) {
            all.insert(entry.key.to_string(), value);
        }
    }
    all
}

fn variable(entry: &Entry<'_>, found: &mut Problems) -> Option<Value> {
    let letters = |c: char| c.is_ascii_alphabetic() || c == '_';
    let named = entry.key.starts_with(letters) && entry.key.chars().all(|c| letters(c) || c.is_ascii_digit());
    if !named || RESERVED.contains(&entry.key.as_ref()) {
        let message = format!("`{}` is no name of a variable", entry.key.escape_debug());
        found.push(
            Diagnostic::error(Code::BadVariable, entry.key_span, message)
                .note("a name has letters, digits and `_`, and is not `base`, `state` or `member`"),
        );
        return None;
    }
    plain(&entry.node, found)
}

fn plain(node: &Node<'_>, found: &mut Problems) -> Option<Value> {
    Some(match &node.data {
        Data::Bool(value) => Value::from(*value),
        Data::Integer(value) => Value::from(*value),
        Data::Float(value) => Value::from(*value),
        Data::String(text) if is_template(text) => {
            found
                .push(Diagnostic::error(Code::TemplateHere, node.span, "a template cannot stand in a variable").note(
                    "templates stand in values and bounds, and in what a check or an action asks, says and runs",
                ));
            return None;
        }
        Data::String(text) => Value::from(text.as_ref()),
        Data::List(items) => Value::from(items.iter().map(|item| plain(item, found)).collect::<Option<Vec<_>>>()?),
        Data::Datetime(_) | Data::Table(_) => {
            let message = format!("a variable is a boolean, a number, a string or a list, found {}", node.found());
            found.push(Diagnostic::error(Code::BadVariable, node.span, message));
            return None;
        }
    })
}

impl<'a> Renderer<'a> {
    /// A renderer for the state of a chain.
    pub(super) fn new(
        environment: &'a Environment<'static>,
        vars: &'a BTreeMap<String, Value>,
        sources: &'a Sources,
        chain: &'a Chain<'_, '_>,
    ) -> Self {
        let mut context = vars.clone();
        context.insert("state".to_owned(), Value::from(chain.name()));
        let over = chain.own().over.map(|(state, _)| state);
        let context = Value::from(context);
        let (state, broken) = (chain.name(), chain.broken);
        Self { environment, vars, context, sources, state, broken, over, member: false }
    }

    /// The same for one member of an action, whose name is `member`; `None` for an action without members.
    pub(super) fn of_member(&self, member: Option<&str>) -> Self {
        let mut renderer = Self { context: self.context.clone(), ..*self };
        if let Some(member) = member {
            renderer.context = context! { member => member, ..renderer.context };
            renderer.member = true;
        }
        renderer
    }

    /// Renders a text that stands at `span`; what is wrong is reported.
    pub(super) fn render(
        &self,
        text: &str,
        span: Span,
        base: &mut dyn FnMut(&mut Problems) -> Base,
        found: &mut Problems,
    ) -> Option<String> {
        let template = match self.environment.template_from_str(text) {
            Ok(template) => template,
            Err(error) => {
                found.push(self.mistake(&error, text, span));
                return None;
            }
        };
        let mut inherited = Base::None;
        if text.contains("base") && template.undeclared_variables(false).contains("base") {
            inherited = base(found);
        }
        let is_text = |name: &str| self.is_text(name, &inherited);
        if let Some(range) = text.contains('*').then(|| multiplied(text, is_text)).flatten() {
            found.push(self.repeated(text, span, range));
            return None;
        }
        let rendered = match &inherited {
            Base::None => template.render(self.context.clone()),
            Base::Is(value) => template.render(context! { base => value, ..self.context.clone() }),
            Base::Opaque(what) => {
                let message = format!("`base` is {what}, which has no value to compute with");
                found.push(self.said(Diagnostic::error(Code::NoBase, self.locate(text, span, "base"), message)));
                return None;
            }
            Base::Broken => return None,
        };
        match rendered {
            Ok(text) => Some(text),
            Err(error) => {
                let missing = match error.kind() {
                    ErrorKind::UndefinedError | ErrorKind::InvalidOperation => {
                        self.missing(template.undeclared_variables(false), &inherited)
                    }
                    _ => None,
                };
                let diagnostic = match missing {
                    Some(_) if self.broken => return None,
                    Some(name) => self.undefined(&name, text, span, found),
                    None => self.mistake(&error, text, span),
                };
                found.push(diagnostic);
                None
            }
        }
    }

    /// Whether a name stands for a text.
    fn is_text(&self, name: &str, base: &Base) -> bool {
        match name {
            "state" => true,
            "member" => self.member,
            "base" => matches!(base, Base::Is(value) if value.as_str().is_some()),
            name => self.vars.get(name).is_some_and(|value| value.as_str().is_some()),
        }
    }

    /// A text that is multiplied would be repeated, which nobody wants of `"4"`, and would not see of a longer one.
    fn repeated(&self, text: &str, span: Span, range: std::ops::Range<usize>) -> Diagnostic {
        let what = &text[range.clone()];
        let span = self.inside(text, span, range).unwrap_or(span);
        let message = format!("`{what}` is a text, and a text times a number is that text so many times");
        let mend = match what.starts_with(['"', '\'']) {
            true => "a number is written without quotes".to_owned(),
            false => format!("a text that is a number is made one by a filter: {what} | int, or {what} | float"),
        };
        self.said(Diagnostic::error(Code::Template, span, message).note(mend))
    }

    /// The name that was not defined, of several the first by alphabet.
    fn missing(&self, used: std::collections::HashSet<String>, base: &Base) -> Option<String> {
        let globals: BTreeSet<&str> = self.environment.globals().map(|(name, _)| name).collect();
        let known = |name: &str| {
            self.vars.contains_key(name)
                || name == "state"
                || (name == "member" && self.member)
                || globals.contains(name)
                || (name == "base" && !matches!(base, Base::None))
        };
        used.into_iter().filter(|name| !known(name)).min()
    }

    fn undefined(&self, name: &str, text: &str, span: Span, found: &mut Problems) -> Diagnostic {
        let span = self.locate(text, span, name);
        if let (Some(state), "base") = (self.over, name) {
            let message = "`base` is not defined: an overlay inherits no value";
            let note = format!("it takes names and needs from {state}, and lies over whatever values there are");
            return self.said(Diagnostic::error(Code::NoBase, span, message).note(note));
        }
        if name == "base" {
            let diagnostic = Diagnostic::error(Code::NoBase, span, "`base` is not defined: nothing is inherited here");
            return self.said(diagnostic.note("`base` is the value that the extended state gives to this setting"));
        }
        let diagnostic = Diagnostic::error(Code::Undefined, span, format!("`{name}` is not defined"));
        if name == "member" {
            return self.said(diagnostic.note("`member` is one name of `each`, in the action that has it"));
        }
        let own = if self.member { &["state", "base", "member"][..] } else { &["state", "base"] };
        let names = self.vars.keys().map(String::as_str).chain(own.iter().copied());
        self.said(match found.guess(name, names) {
            Some(meant) => diagnostic.here(format!("did you mean `{meant}`?")),
            None if self.vars.is_empty() && self.over.is_some() => {
                diagnostic.note("an overlay has variables of its own: write them into its [vars]")
            }
            None if self.vars.is_empty() => diagnostic.note("there are no variables: write them into [vars]"),
            None => {
                diagnostic.note(format!("variables: {}", crate::document::list(self.vars.keys().map(String::as_str))))
            }
        })
    }

    fn mistake(&self, error: &minijinja::Error, text: &str, span: Span) -> Diagnostic {
        let why = match error.detail() {
            Some(detail) => format!("{}: {detail}", error.kind()),
            None => error.kind().to_string(),
        };
        let why = match error.kind() {
            ErrorKind::OutOfFuel => "it computes too long".to_owned(),
            _ => why,
        };
        let span = error.range().and_then(|range| self.inside(text, span, range)).unwrap_or(span);
        self.said(Diagnostic::error(Code::Template, span, format!("the template cannot be rendered: {why}")))
    }

    /// Names the state that takes the file in, where that is another.
    pub(super) fn said(&self, diagnostic: Diagnostic) -> Diagnostic {
        let own = diagnostic.labels.first().is_none_or(|label| {
            let path = self.sources.path(label.span.file);
            path.rsplit('/').next().and_then(|file| file.strip_suffix(".toml")) == Some(self.state)
        });
        if own { diagnostic } else { diagnostic.note(format!("so it is in the state `{}`", self.state)) }
    }

    /// Where a word stands in a template.
    fn locate(&self, text: &str, span: Span, word: &str) -> Span {
        let inner = |c: char| c.is_alphanumeric() || c == '_';
        let whole = text
            .match_indices(word)
            .find(|(at, _)| !text[..*at].ends_with(inner) && !text[at + word.len()..].starts_with(inner));
        whole.and_then(|(at, _)| self.inside(text, span, at..at + word.len())).unwrap_or(span)
    }

    /// The bytes of a file that are a part of a string's value; `None` where the string is written with escapes.
    fn inside(&self, text: &str, span: Span, range: std::ops::Range<usize>) -> Option<Span> {
        let written = self.sources.text(span.file).get(span.start as usize..span.end as usize)?;
        let offset = [1, 3, 4, 5]
            .into_iter()
            .find(|&offset| written.get(offset..).is_some_and(|rest| rest.starts_with(text)))?;
        Some(span.within(offset + range.start..offset + range.end))
    }
}
