use std::borrow::Cow;
use std::collections::BTreeSet;

use opsctl_api::{Given, Mismatch, Secret, Setting, Source, Type, Value};

use super::template::{Base, Renderer, is_template};
use super::{Bound, Goal};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::{Data, Entry, Node, Problems, Table, boolean, list};
use crate::keys::{self, BOUNDS, SECRET};

/// Reads what stands behind a setting, as the setting's type says.
pub(super) struct Reading<'a> {
    /// `None` in a snapshot, where no string is a template.
    pub(super) renderer: Option<&'a Renderer<'a>>,
    /// Whether a snapshot is read: it holds what was live, ranges or not, and no bounds.
    pub(super) literal: bool,
    /// Whether a check's expectation is read, which stands for itself.
    pub(super) alone: bool,
    pub(super) found: &'a mut Problems,
}

/// One setting as one file gives it.
#[derive(Clone)]
pub(super) struct Written<'t> {
    /// The key as in a [`super::Want`]: `replicas`, `data.KEY`.
    pub(super) key: Cow<'t, str>,
    pub(super) key_span: Span,
    pub(super) node: &'t Node<'t>,
    pub(super) setting: &'static Setting,
}

impl Reading<'_> {
    /// What the setting shall be, given what each file of the chain says, the extending one last.
    pub(super) fn goal(&mut self, chain: &[Written<'_>]) -> Option<Goal> {
        let (last, inherited) = chain.split_last()?;
        let mut known = None;
        let (renderer, literal, alone) = (self.renderer, self.literal, self.alone);
        let mut base = |found: &mut Problems| -> Base {
            known.get_or_insert_with(|| Reading { renderer, literal, alone, found }.base(inherited)).clone()
        };
        Setter { reading: self, key: &last.key, setting: last.setting, base: &mut base }.goal(last.node, last.key_span)
    }

    /// A value without anything inherited: what a check expects.
    pub(super) fn alone(&mut self, key: &str, setting: &Setting, node: &Node<'_>) -> Option<Goal> {
        let (renderer, found) = (self.renderer, &mut *self.found);
        let mut reading = Reading { renderer, literal: false, alone: true, found };
        Setter { reading: &mut reading, key, setting, base: &mut |_| Base::None }.goal(node, node.span)
    }

    fn base(&mut self, inherited: &[Written<'_>]) -> Base {
        if inherited.is_empty() {
            return Base::None;
        }
        match self.goal(inherited) {
            None => Base::Broken,
            Some(Goal::Bound(_)) => Base::Opaque("a bound"),
            Some(Goal::Exact(value)) => base_of(value),
        }
    }

    /// A string, rendered where it is a template.
    pub(super) fn text(&mut self, node: &Node<'_>, text: &str) -> Option<String> {
        self.rendered(node, text, &mut |_| Base::None)
    }

    fn rendered(&mut self, node: &Node<'_>, text: &str, base: &mut dyn FnMut(&mut Problems) -> Base) -> Option<String> {
        match self.renderer {
            Some(renderer) if is_template(text) => renderer.render(text, node.span, base, self.found),
            _ => Some(text.to_owned()),
        }
    }
}

fn base_of(value: Value) -> Base {
    Base::Is(match value {
        Value::Bool(value) => value.into(),
        Value::Integer(value) => value.into(),
        Value::Number(value) => value.into(),
        Value::String(text) => text.into(),
        Value::List(items) => items.into(),
        Value::Set(items) => items.into_iter().collect::<Vec<_>>().into(),
        value @ (Value::Quantity(_) | Value::Duration(_)) => value.to_string().into(),
        Value::Secret(_) => return Base::Opaque("a secret"),
    })
}

/// One value on its way to one setting.
struct Setter<'r, 'a, 'b> {
    reading: &'r mut Reading<'a>,
    key: &'r str,
    setting: &'r Setting,
    base: &'b mut dyn FnMut(&mut Problems) -> Base,
}

impl Setter<'_, '_, '_> {
    fn goal(&mut self, node: &Node<'_>, key_span: Span) -> Option<Goal> {
        match &node.data {
            Data::Table(table) if self.setting.is_secret() && table.get("absent").is_none() && !is_restored(table) => {
                self.secret(table, key_span)
            }
            Data::Table(table) => self.bound(table, node.span),
            _ => self.value(node).map(Goal::Exact),
        }
    }

    fn value(&mut self, node: &Node<'_>) -> Option<Value> {
        let ty = if self.reading.literal { without_range(self.setting.ty) } else { self.setting.ty };
        let value = match &node.data {
            // What stands where a secret belongs is likely the secret: it is neither computed nor repeated.
            _ if self.setting.is_secret() => {
                let message = format!("`{}` is a secret, and its text is never written in a state", self.key);
                self.push(Diagnostic::error(Code::SecretInOpen, node.span, message).note(SAY_WHERE));
                return None;
            }
            Data::String(text) if self.is_template(text) => {
                let rendered = self.reading.rendered(node, text, self.base)?;
                let value = ty.parse(&rendered);
                return value.map_err(|mismatch| self.mismatch(node, &mismatch, Some(&rendered))).ok();
            }
            Data::String(text) => ty.accept(Given::String(text.to_string())),
            Data::Bool(value) => ty.accept(Given::Bool(*value)),
            Data::Integer(value) => ty.accept(Given::Integer(*value)),
            Data::Float(value) => ty.accept(Given::Number(*value)),
            Data::List(items) => {
                let items = items.iter().map(|item| self.item(item)).collect::<Option<Vec<_>>>()?;
                ty.accept(Given::List(items))
            }
            Data::Datetime(_) | Data::Table(_) => Err(Mismatch::Type { expected: ty.to_string(), found: node.found() }),
        };
        value.map_err(|mismatch| self.mismatch(node, &mismatch, None)).ok()
    }

    fn item(&mut self, node: &Node<'_>) -> Option<Given> {
        Some(match &node.data {
            Data::String(text) => Given::String(self.reading.rendered(node, text, self.base)?),
            Data::Bool(value) => Given::Bool(*value),
            Data::Integer(value) => Given::Integer(*value),
            Data::Float(value) => Given::Number(*value),
            Data::List(_) => Given::List(Vec::new()),
            Data::Datetime(_) | Data::Table(_) => {
                let message = format!("`{}` takes {}, found {} in it", self.key, self.setting.ty, node.found());
                self.push(Diagnostic::error(Code::WrongValue, node.span, message));
                return None;
            }
        })
    }

    fn secret(&mut self, table: &Table<'_>, key_span: Span) -> Option<Goal> {
        let mut secret = Secret::default();
        for entry in table.iter() {
            let literal = self.reading.literal;
            if entry.key == "restore" {
                let message = "a secret that is restored comes from nowhere else";
                self.push(Diagnostic::error(Code::Contradiction, entry.key_span, message));
                return None;
            }
            let text = match &entry.node.data {
                Data::String(text) if !self.is_template(text) => text.to_string(),
                _ => {
                    let message = format!("`{}` takes a string that is no template", entry.key.escape_debug());
                    self.push(Diagnostic::error(Code::WrongType, entry.key_span, message));
                    return None;
                }
            };
            if text.is_empty() {
                let message = format!("`{}` of a secret is empty", entry.key.escape_debug());
                self.push(Diagnostic::error(Code::WrongValue, entry.node.span, message));
                return None;
            }
            match entry.key.as_ref() {
                "reference" if literal => secret.reference = Some(text),
                // What stands there may be the secret, so the line is not shown.
                other if keys::find(SECRET, other).is_none() => {
                    let message = format!("`{}` is no place that a secret comes from", other.escape_debug());
                    self.push(Diagnostic::error(Code::SecretInOpen, entry.key_span, message).note(SAY_WHERE));
                    return None;
                }
                "env" if secret.source.is_none() => secret.source = Some(Source::Env(text)),
                "file" if secret.source.is_none() => secret.source = Some(Source::File(text)),
                _ => {
                    let message = "a secret comes from one place: env or file";
                    self.push(Diagnostic::error(Code::Contradiction, entry.key_span, message));
                    return None;
                }
            }
        }
        if secret.source.is_none() && secret.reference.is_none() {
            self.push(
                Diagnostic::error(Code::Contradiction, key_span, "this secret comes from nowhere").note(SAY_WHERE),
            );
            return None;
        }
        Some(Goal::Exact(secret.into()))
    }

    fn bound(&mut self, table: &Table<'_>, span: Span) -> Option<Goal> {
        let mut bound = Bound::default();
        let mut fine = true;
        for entry in table.iter() {
            fine &= self.bind(&mut bound, entry).is_some();
        }
        if !fine {
            return None;
        }
        match contradiction(&bound) {
            None => Some(bound.into()),
            Some(why) => {
                self.push(Diagnostic::error(Code::Contradiction, span, why));
                None
            }
        }
    }

    fn bind(&mut self, bound: &mut Bound, entry: &Entry<'_>) -> Option<()> {
        let word = entry.key.as_ref();
        let Some(known) = BOUNDS.iter().find(|known| known.word == word) else {
            self.unknown(word, entry);
            return None;
        };
        if self.reading.literal && word != "absent" {
            self.push(Diagnostic::error(Code::Literal, entry.key_span, format!("a snapshot has no bound `{word}`")));
            return None;
        }
        let fits = known.fits(self.setting);
        match word {
            "at_least" if fits => bound.at_least = Some(self.value(&entry.node)?),
            "at_most" if fits => bound.at_most = Some(self.value(&entry.node)?),
            "includes" if fits => bound.includes = self.members(&entry.node)?,
            "excludes" if fits => bound.excludes = self.members(&entry.node)?,
            "absent" if fits || self.reading.literal => bound.absent = self.yes(entry)?,
            "absent" => {
                let message = format!("`{}` cannot be absent", self.key);
                self.push(Diagnostic::error(Code::NotAbsent, entry.key_span, message));
                return None;
            }
            "restore" if self.reading.alone => {
                let message = "a check expects a value or a bound, and `restore` is neither until a plan is made";
                self.push(Diagnostic::error(Code::BadCheck, entry.key_span, message));
                return None;
            }
            "restore" => bound.restore = self.yes(entry)?,
            word => {
                let message = format!("`{word}` needs {}; `{}` is {}", known.needs(), self.key, self.setting.ty);
                self.push(Diagnostic::error(Code::BoundType, entry.key_span, message));
                return None;
            }
        }
        Some(())
    }

    fn unknown(&mut self, word: &str, entry: &Entry<'_>) {
        let message = format!("unknown bound `{}` of `{}`", word.escape_debug(), self.key);
        let mut diagnostic = Diagnostic::error(Code::UnknownBound, entry.key_span, message);
        let words = BOUNDS.iter().map(|bound| bound.word);
        if let Some(meant) = self.reading.found.guess(word, words.clone()) {
            diagnostic = diagnostic.here(format!("did you mean `{meant}`?"));
        }
        if let Some((name, key)) = self.key.split_once('.').filter(|_| self.setting.key.is_some()) {
            diagnostic = diagnostic.note(format!("a key with dots is quoted: {name}.\"{key}.{word}\""));
        }
        self.push(diagnostic.note(format!("bounds: {}", list(words))));
    }

    fn members(&mut self, node: &Node<'_>) -> Option<Vec<String>> {
        match self.value(node)? {
            Value::List(items) => Some(items),
            Value::Set(items) => Some(items.into_iter().collect()),
            _ => None,
        }
    }

    fn yes(&mut self, entry: &Entry<'_>) -> Option<bool> {
        let value = boolean(entry, self.reading.found)?;
        if !value {
            let message = format!("`{}` is true, or left out", entry.key);
            self.push(Diagnostic::error(Code::WrongValue, entry.node.span, message));
        }
        value.then_some(true)
    }

    fn mismatch(&mut self, node: &Node<'_>, mismatch: &Mismatch, rendered: Option<&str>) {
        let message = match mismatch {
            Mismatch::Type { expected, found } => format!("`{}` takes {expected}, found {found}", self.key),
            Mismatch::Range { expected, found } => format!("`{}` takes {expected}, found {found}", self.key),
            Mismatch::Text(why) => why.clone(),
        };
        let mut diagnostic = Diagnostic::error(Code::WrongValue, node.span, message);
        if let Some(rendered) = rendered {
            diagnostic = diagnostic.here(format!("gives {}", crate::document::short(rendered)));
            if matches!(self.setting.ty, Type::Integer { .. })
                && rendered.contains('.')
                && rendered.trim().parse::<f64>().is_ok()
            {
                diagnostic = diagnostic.note("whole numbers are divided by `//`; `| int` cuts a fraction off");
            }
            if let Some(renderer) = self.reading.renderer {
                diagnostic = renderer.said(diagnostic);
            }
        } else if node.as_str().is_some_and(|text| self.setting.ty.parse(text).is_ok()) {
            diagnostic = diagnostic.here("without quotes");
        }
        self.push(diagnostic);
    }

    fn is_template(&self, text: &str) -> bool {
        self.reading.renderer.is_some() && is_template(text)
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.reading.found.push(diagnostic);
    }
}

const SAY_WHERE: &str = "say where it comes from: { env = \"NAME\" } or { file = \"PATH\" }";

/// Whether a table says `restore` and nothing else.
fn is_restored(table: &Table<'_>) -> bool {
    table.0.len() == 1 && table.get("restore").is_some()
}

/// A type that takes what was live, whatever its range says today.
fn without_range(ty: Type) -> Type {
    match ty {
        Type::Integer { .. } => Type::Integer { min: i64::MIN, max: i64::MAX },
        Type::Number { .. } => Type::Number { min: f64::NEG_INFINITY, max: f64::INFINITY },
        Type::OneOf(_) => Type::String,
        other => other,
    }
}

/// Why nothing can meet a bound.
fn contradiction(bound: &Bound) -> Option<String> {
    if *bound == Bound::default() {
        return Some("this binds nothing".to_owned());
    }
    if bound.absent && *bound != (Bound { absent: true, ..Bound::default() }) {
        return Some("what is absent can meet no other bound".to_owned());
    }
    if let (Some(least), Some(most)) = (&bound.at_least, &bound.at_most)
        && least.compare(most) == Some(std::cmp::Ordering::Greater)
    {
        return Some(format!("nothing is at least {least} and at most {most}"));
    }
    let excluded: BTreeSet<&String> = bound.excludes.iter().collect();
    let both = bound.includes.iter().find(|item| excluded.contains(item))?;
    Some(format!("{both:?} is included and excluded"))
}
