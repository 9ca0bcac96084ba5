//! Addresses that were typed.

use opsctl_api::{Address, Catalogue, Kind};

use super::failure::Failure;
use super::repository::Repository;
use crate::document::similar;

/// The address of one resource, with its kind.
///
/// # Errors
/// It is none: which part of it, and what to write instead.
pub(super) fn address(typed: &str, repository: &Repository) -> Result<(Address, &'static Kind), Failure> {
    let at: Address = typed.parse().map_err(|error| no_address(&format!("{error}")))?;
    let catalogue = catalogue(at.instance(), repository)?;
    let kind = catalogue.kind(at.kind()).ok_or_else(|| no_kind(at.kind(), catalogue))?;
    if !kind.accepts_path(at.path()) {
        let form = format!("{}:{}/{}", at.instance(), kind.name, kind.path_form());
        return Err(Failure::Usage(format!("`{typed}` is no address of the kind `{}`: write {form}", kind.name)));
    }
    Ok((at, kind))
}

/// What the instance of this name is about.
///
/// # Errors
/// There is none.
pub(super) fn catalogue(instance: &str, repository: &Repository) -> Result<&'static dyn Catalogue, Failure> {
    repository.catalogues.0.get(instance).copied().ok_or_else(|| Failure::Unknown {
        what: format!("there is no instance `{instance}`"),
        hint: format!("opsctl.toml has: {}", repository.catalogues.names().collect::<Vec<_>>().join(", ")),
    })
}

/// It is no address, and why.
pub(super) fn no_address(why: &str) -> Failure {
    Failure::Usage(format!("{why}; write instance:kind/path, as in k8s:deployment/cdn/*"))
}

/// Its provider has no such kind.
pub(super) fn no_kind(kind: &str, of: &dyn Catalogue) -> Failure {
    unknown_kind(format!("{} has no kind `{kind}`", of.provider()), kind, [of])
}

/// There is no such kind, and which one may be meant.
pub(super) fn unknown_kind<'a>(
    what: String,
    kind: &str,
    among: impl IntoIterator<Item = &'a dyn Catalogue>,
) -> Failure {
    let kinds = among.into_iter().flat_map(Catalogue::kinds).map(|kind| kind.name);
    let hint = match similar(kind, kinds) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "those that there are: opsctl kinds".to_owned(),
    };
    Failure::Unknown { what, hint }
}
