//! The compiled-in providers: from `opsctl.toml` to catalogues, and to instances that talk.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use opsctl_api::{Catalogue, Config as Options, ConfigProblem, Cx, Provider};
use opsctl_sim::{Mistake, OpenError, Sim, WorldFile};

use super::failure::Failure;
use crate::config::{Config, ProviderConfig};
use crate::diagnostic::{Code, Diagnostic, Report, Span};
use crate::instance::{Catalogues, Instance, Instances};

/// How long one call to an API may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// What a `type` may be.
const TYPES: [&str; 3] = ["aws", "kubernetes", "sim"];

/// What is meant to be a `type` one day.
const NOT_BUILT: [&str; 2] = ["exec", "http"];

/// The catalogue of a provider that may be emulated, by its `type`.
pub(super) fn catalogue_of(provider_type: &str) -> Option<&'static dyn Catalogue> {
    match provider_type {
        "aws" => Some(opsctl_aws::catalogue()),
        "kubernetes" => Some(opsctl_kubernetes::catalogue()),
        "sim" => Some(opsctl_sim::catalogue()),
        _ => None,
    }
}

/// All catalogues, by `type`.
pub(super) fn all_catalogues() -> impl Iterator<Item = (&'static str, &'static dyn Catalogue)> {
    TYPES.into_iter().filter_map(|name| Some((name, catalogue_of(name)?)))
}

/// What each instance's kinds are. Talks to nobody, and opens nothing.
pub(super) fn catalogues(config: &Config, report: &mut Report) -> Catalogues {
    let mut catalogues = Catalogues::default();
    for (name, provider) in &config.providers {
        match emulated(provider) {
            Ok(catalogue) => {
                catalogues.0.insert(name.clone(), catalogue);
            }
            Err(problem) => report.diagnostics.push(problem),
        }
    }
    catalogues
}

/// Which catalogue an instance has: of a simulated one that of what it emulates.
fn emulated(provider: &ProviderConfig) -> Result<&'static dyn Catalogue, Diagnostic> {
    if provider.provider_type != "sim" {
        return catalogue_of(&provider.provider_type).ok_or_else(|| unknown(&provider.provider_type, provider.span));
    }
    match provider.options.get("emulates") {
        None => Ok(opsctl_sim::catalogue()),
        Some((serde_json::Value::String(name), span)) => catalogue_of(name).ok_or_else(|| unknown(name, *span)),
        Some((_, span)) => Err(Diagnostic::error(Code::ProviderOption, *span, "`emulates` is the type of a provider")),
    }
}

fn unknown(name: &str, span: Span) -> Diagnostic {
    let error = match NOT_BUILT.contains(&name) {
        true => Diagnostic::error(Code::NotBuilt, span, format!("the provider `{name}` is not built yet")),
        false => Diagnostic::error(Code::UnknownProvider, span, format!("unknown provider `{name}`")),
    };
    error.note(format!("there are: {}", TYPES.join(", ")))
}

/// Opens all instances; still talks to nobody. What is wrong goes to the report, and that instance is left out.
pub(super) fn instances(config: &Config, catalogues: &Catalogues, report: &mut Report) -> Instances {
    let mut instances = Instances::default();
    for (name, provider) in &config.providers {
        let Some(catalogue) = catalogues.0.get(name).copied() else { continue };
        if let Some((client, target)) = open(config, name, provider, catalogue, report) {
            let instance = Instance {
                name: name.clone(),
                provider_type: provider.provider_type.clone(),
                target,
                catalogue,
                provider: client,
                cx: Cx::new(TIMEOUT),
                accepted: Default::default(),
            };
            instances.0.insert(name.clone(), instance);
        }
    }
    instances
}

/// What an instance is configured to talk to, for the eye.
pub(super) fn target(provider: &ProviderConfig) -> String {
    let said = |key: &str| provider.options.get(key).and_then(|(value, _)| value.as_str()).map(str::to_owned);
    match provider.provider_type.as_str() {
        "sim" => said("emulates").unwrap_or_default(),
        "kubernetes" => said("context").unwrap_or_else(|| "in the cluster".to_owned()),
        "aws" => said("region").unwrap_or_default(),
        _ => String::new(),
    }
}

/// What `opsctl.toml` says of an instance, as its provider reads it.
pub(super) fn options(provider: &ProviderConfig) -> Options {
    provider.options.iter().map(|(key, (value, _))| (key.clone(), value.clone())).collect()
}

/// A client, and what it talks to, for the eye.
fn open(
    config: &Config,
    name: &str,
    provider: &ProviderConfig,
    catalogue: &'static dyn Catalogue,
    report: &mut Report,
) -> Option<(Arc<dyn Provider>, String)> {
    let options = options(provider);
    let opened: Result<Arc<dyn Provider>, _> = match provider.provider_type.as_str() {
        "sim" => {
            let sim = simulated(config, name, provider, catalogue, report);
            return sim.map(|sim| (Arc::new(sim) as Arc<_>, target(provider)));
        }
        "kubernetes" => kubernetes(name, &options),
        "aws" => aws(name, &options),
        _ => return None,
    };
    match opened {
        Ok(client) => Some((client, target(provider))),
        Err(problems) => {
            report.diagnostics.extend(problems.into_iter().map(|problem| of_option(name, provider, &problem)));
            None
        }
    }
}

fn of_option(name: &str, provider: &ProviderConfig, problem: &ConfigProblem) -> Diagnostic {
    let span = provider.options.get(&problem.key).map_or(provider.span, |(_, span)| *span);
    Diagnostic::error(Code::ProviderOption, span, format!("instance `{name}`: {}", problem.message))
}

#[cfg(feature = "kubernetes")]
fn kubernetes(name: &str, options: &Options) -> Result<Arc<dyn Provider>, Vec<ConfigProblem>> {
    opsctl_kubernetes::open(name, options).map(Arc::from)
}

#[cfg(not(feature = "kubernetes"))]
fn kubernetes(_: &str, _: &Options) -> Result<Arc<dyn Provider>, Vec<ConfigProblem>> {
    Err(vec![left_out("kubernetes")])
}

#[cfg(feature = "aws")]
fn aws(name: &str, options: &Options) -> Result<Arc<dyn Provider>, Vec<ConfigProblem>> {
    opsctl_aws::open(name, options).map(Arc::from)
}

#[cfg(not(feature = "aws"))]
fn aws(_: &str, _: &Options) -> Result<Arc<dyn Provider>, Vec<ConfigProblem>> {
    Err(vec![left_out("aws")])
}

#[cfg(not(all(feature = "kubernetes", feature = "aws")))]
fn left_out(feature: &str) -> ConfigProblem {
    ConfigProblem::new(
        "type",
        format!("this opsctl was built without the provider `{feature}`: cargo build --features {feature}"),
    )
}

/// The contexts that a kubeconfig names.
///
/// # Errors
/// Why it cannot be read, or that this opsctl could not talk to them.
#[cfg(feature = "kubernetes")]
pub(super) fn contexts(kubeconfig: &Path) -> Result<Vec<String>, String> {
    opsctl_kubernetes::contexts(kubeconfig)
}

#[cfg(not(feature = "kubernetes"))]
pub(super) fn contexts(_: &Path) -> Result<Vec<String>, String> {
    Err(left_out("kubernetes").message)
}

/// Where simulated worlds go on between runs.
fn kept(config: &Config) -> Utf8PathBuf {
    config.root.join(".opsctl/worlds")
}

/// Opens a simulated instance. Its world file's mistakes go to the report, each with its place.
pub(super) fn simulated(
    config: &Config,
    name: &str,
    provider: &ProviderConfig,
    catalogue: &'static dyn Catalogue,
    report: &mut Report,
) -> Option<Sim> {
    let mut bad = |span: Span, message: String| {
        report.diagnostics.push(Diagnostic::error(Code::ProviderOption, span, message));
    };
    let mut world = None;
    for (key, (value, span)) in &provider.options {
        match (key.as_str(), value) {
            ("emulates", _) => {}
            ("world", serde_json::Value::String(path)) => match fs_err::read_to_string(config.root.join(path)) {
                Ok(text) => world = Some(WorldFile { path: path.clone(), text }),
                Err(error) => bad(*span, format!("the world of `{name}` cannot be read: {error}")),
            },
            ("world", _) => bad(*span, "`world` is the path of a file".to_owned()),
            _ => {
                let known: Vec<&str> = opsctl_sim::catalogue().config().iter().map(|key| key.name).collect();
                bad(*span, format!("a simulated provider has no `{key}`; it has: {}", known.join(", ")));
            }
        }
    }
    let options = opsctl_sim::Options {
        instance: name.to_owned(),
        catalogue,
        world: world.clone(),
        kept: Some(kept(config).into_std_path_buf()),
    };
    match opsctl_sim::open(options) {
        Ok(sim) => {
            strangers(config, &sim, world, report);
            Some(sim)
        }
        Err(OpenError::World { mistakes, .. }) => {
            let world = world.unwrap_or(WorldFile { path: String::new(), text: String::new() });
            let file = report.sources.add(&world.path, world.text);
            report.diagnostics.extend(mistakes.into_iter().map(|mistake| of_world(mistake, file)));
            None
        }
        Err(error @ OpenError::Kept { .. }) => {
            let why = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
            let diagnostic = Diagnostic::error(Code::ProviderOption, provider.span, format!("{error}{why}"));
            report.diagnostics.push(diagnostic.note(format!("begin anew: opsctl sim reset {name}")));
            None
        }
    }
}

/// What a world file has of instances that nobody has would be passed over by all.
fn strangers(config: &Config, sim: &Sim, world: Option<WorldFile>, report: &mut Report) {
    let Some(world) = world else { return };
    let strangers = sim
        .elsewhere()
        .iter()
        .filter(|(name, _)| !config.providers.contains_key(*name) && !config.mistaken.contains(*name));
    for (name, span) in strangers {
        let message = format!("{} is about `{name}`, and there is no such instance", world.path);
        // The instances of one file find the same.
        if report.diagnostics.iter().any(|found| found.message == message) {
            continue;
        }
        let file = report.sources.add(&world.path, world.text.as_str());
        let names: Vec<&str> = config.providers.keys().map(String::as_str).collect();
        let note = format!("the instances of opsctl.toml: {}", names.join(", "));
        report
            .diagnostics
            .push(Diagnostic::error(Code::ProviderOption, Span::new(file, span.clone()), message).note(note));
    }
}

fn of_world(mistake: Mistake, file: crate::diagnostic::FileId) -> Diagnostic {
    let found = Diagnostic::error(Code::ProviderOption, Span::new(file, mistake.span), mistake.what);
    if mistake.instead.is_empty() { found } else { found.note(mistake.instead) }
}

/// All simulated instances, opened.
pub(super) fn all_simulated(config: &Config, catalogues: &Catalogues, report: &mut Report) -> BTreeMap<String, Sim> {
    let simulated_only = config.providers.iter().filter(|(_, provider)| provider.provider_type == "sim");
    simulated_only
        .filter_map(|(name, provider)| {
            let catalogue = catalogues.0.get(name).copied()?;
            Some((name.clone(), simulated(config, name, provider, catalogue, report)?))
        })
        .collect()
}

/// Forgets what happened in a simulated world, one whose record cannot even be read among them.
pub(super) fn reset(config: &Config, catalogues: &Catalogues, name: &str) -> Result<(), Failure> {
    let Some(provider) = config.providers.get(name) else { return Ok(()) };
    let Some(catalogue) = catalogues.0.get(name).copied() else { return Ok(()) };
    if let Some(sim) = simulated(config, name, provider, catalogue, &mut Report::default()) {
        return Ok(sim.reset()?);
    }
    let path = kept(config).join(format!("{name}.jsonl"));
    match fs_err::remove_file(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Failure::Io { doing: format!("forget the world of {name}"), source }),
        Ok(()) => Ok(()),
    }
}
